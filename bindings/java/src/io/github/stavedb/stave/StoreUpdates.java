package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * The writes of a {@link Store} that rest on what is there. Each is one step: no other write comes between
 * finding out the value and replacing it.
 */
abstract class StoreUpdates extends StoreWrites {
  StoreUpdates(Handle handle) {
    super(handle);
  }

  // ---- One key

  /** Replaces an expected value. See {@link #compareAndSwap(byte[], byte[], byte[], WriteOptions)}. */
  public SwapOutcome compareAndSwap(byte[] key, byte[] expected, byte[] desired) {
    return compareAndSwap(key, expected, desired, WriteOptions.DEFAULT);
  }

  /** Stores {@code desired} if the key has the value {@code expected}. Throws what reads do, too. */
  public SwapOutcome compareAndSwap(
      byte[] key, byte[] expected, byte[] desired, WriteOptions options) {
    return SwapOutcome.of(Raw.stave_store_compare_and_swap(
        handle, Arguments.key(key), Objects.requireNonNull(expected, "expected"),
        Objects.requireNonNull(desired, "desired"), options.number()));
  }

  /** Lets a function change a value. See {@link #update(byte[], UnaryOperator, WriteOptions)}. */
  public byte[] update(byte[] key, UnaryOperator<byte[]> edit) {
    return update(key, edit, WriteOptions.DEFAULT);
  }

  /**
   * Lets a function change the value of a key. Unless the options say otherwise the key expires as before.
   * Throws what reads do, too.
   *
   * @param edit is given the value, in an array of its own, which it may change and return; what it
   *     returns is stored. Not called when the key is absent, else once, on this thread, under the lock of
   *     the key's shard: it should be short. It may read from the store; what writes to it, or closes it,
   *     throws {@link StaveException.Busy}. What it throws comes out of the call unchanged, and nothing is
   *     changed; that it returns null is a {@link NullPointerException}.
   * @return the new value, or null if there is no such key
   */
  public byte[] update(byte[] key, UnaryOperator<byte[]> edit, WriteOptions options) {
    return Raw.stave_java_update(
        handle, Arguments.key(key), Arguments.edit(edit), options.number());
  }

  /** Lets a function change a value. See {@link #getAndUpdate(byte[], UnaryOperator, WriteOptions)}. */
  public byte[] getAndUpdate(byte[] key, UnaryOperator<byte[]> edit) {
    return getAndUpdate(key, edit, WriteOptions.DEFAULT);
  }

  /**
   * Like {@link #update(byte[], UnaryOperator, WriteOptions)}, but answers the value before.
   *
   * @return the value that the key had, or null if there is no such key
   */
  public byte[] getAndUpdate(byte[] key, UnaryOperator<byte[]> edit, WriteOptions options) {
    return Raw.stave_java_fetch_update(
        handle, Arguments.key(key), Arguments.edit(edit), options.number());
  }

  /** Stores the value, whether or not the key exists; the value that was replaced, or null. */
  public byte[] getAndPut(byte[] key, byte[] value) {
    return getAndPut(key, value, WriteOptions.DEFAULT);
  }

  /**
   * Stores the value, whether or not the key exists; the value that was replaced, or null. Throws what reads
   * do, too.
   */
  public byte[] getAndPut(byte[] key, byte[] value, WriteOptions options) {
    return Raw.stave_java_exchange(
        handle, Arguments.key(key), Arguments.value(value), options.number());
  }

  // ---- Several keys of one shard

  /** Changes several keys in one step. See {@link #atomic(byte[], Consumer, WriteOptions)}. */
  public long atomic(byte[] shardKey, Consumer<StoreAtomic> body) {
    return atomic(shardKey, body, WriteOptions.DEFAULT);
  }

  /**
   * Runs a body that reads and writes keys of one shard as no other write can change them. All of its writes
   * become visible together, survive a crash together and cost one sync; those of a key count as one
   * change. Throws what reads do, too.
   *
   * <p>Keys of one shard: with {@link StoreOptions#shardPrefixBits()} those with a common prefix, else equal
   * numbers of {@link #shardFor}. With {@link StoreOptions#shards()} of 1 all keys.
   *
   * @param shardKey names the shard by any of its keys, which need not exist
   * @param body runs once, on this thread, under the lock of the shard: it should be short. It may also read
   *     from the store itself, where it does not see what it has written; what writes to that, or closes
   *     it, throws {@link StaveException.Busy}. What it throws comes out of the call unchanged, and nothing
   *     is changed.
   * @param options are those of all writes inside
   * @return the commit's version, or 0 when nothing was written
   */
  public long atomic(byte[] shardKey, Consumer<StoreAtomic> body, WriteOptions options) {
    Objects.requireNonNull(body, "body");
    Objects.requireNonNull(shardKey, "shardKey");
    return Raw.stave_java_atomic(handle, shardKey, pointer -> run(body, pointer), options.number());
  }

  private static void run(Consumer<StoreAtomic> body, long pointer) {
    StoreAtomic inside = new StoreAtomic(pointer);
    try {
      body.accept(inside);
    } finally {
      inside.end();
    }
  }
}

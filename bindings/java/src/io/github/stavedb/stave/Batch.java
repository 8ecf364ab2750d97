package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import io.github.stavedb.stave.internal.RawConstants;

/**
 * A list of changes and conditions that {@link Store#write(Batch)} applies atomically: all are visible
 * at once, survive a crash together, and cost one sync. Conditions are judged against the state before
 * the batch. A batch may be written to any store, any number of times.
 *
 * <pre>{@code
 * try (Batch batch = new Batch()) {
 *   batch.requireAbsent(lock).put(lock, owner).remove(old);
 *   store.write(batch);
 * }
 * }</pre>
 *
 * <p>Limits: 2^32-1 changes and 16 GiB, each within the limits of {@link Store}; {@link
 * StaveException.TooLarge} beyond them, and the batch is as before.
 *
 * <p>Thread safety: calls from several threads wait for each other. Every call but {@code close} throws
 * {@link StaveException.Closed} after a close.
 */
public final class Batch implements AutoCloseable {
  private final Handle handle;

  /** An empty batch. */
  public Batch() {
    handle = new Handle(Raw.stave_batch_create(), Raw::freeBatch);
  }

  /** Stores the value under the key. The last change of a key wins. Returns this batch. */
  public synchronized Batch put(byte[] key, byte[] value) {
    Raw.stave_batch_put(handle, Arguments.key(key), Arguments.value(value));
    return this;
  }

  /** Removes the key. An absent key is no error; add a condition if it should be. */
  public synchronized Batch remove(byte[] key) {
    Raw.stave_batch_remove(handle, Arguments.key(key));
    return this;
  }

  /** The condition that the key does not exist. */
  public synchronized Batch requireAbsent(byte[] key) {
    return require(key, RawConstants.STAVE_REQUIRE_ABSENT, Arguments.EMPTY);
  }

  /** The condition that the key exists. */
  public synchronized Batch requireExists(byte[] key) {
    return require(key, RawConstants.STAVE_REQUIRE_EXISTS, Arguments.EMPTY);
  }

  /** The condition that the key exists with exactly this value. */
  public synchronized Batch requireEqual(byte[] key, byte[] value) {
    return require(key, RawConstants.STAVE_REQUIRE_EQUAL, Arguments.value(value));
  }

  private Batch require(byte[] key, int condition, byte[] value) {
    Raw.stave_batch_require(handle, Arguments.key(key), condition, value);
    return this;
  }

  /** The number of changes and conditions so far. */
  public synchronized long count() {
    return Raw.stave_batch_count(handle);
  }

  /** Forgets all changes and conditions, keeps the memory. */
  public synchronized Batch clear() {
    Raw.stave_batch_clear(handle);
    return this;
  }

  /** Gives the changes' memory back, after waiting for a call that is running. Any number of times. */
  @Override
  public synchronized void close() {
    Raw.stave_batch_close(handle);
  }

  synchronized long write(Handle store, WriteOptions options) {
    return Raw.stave_store_write(store, handle, options.number());
  }
}

package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import io.github.stavedb.stave.internal.Scratch;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Collection;

/** The writes of a {@link Store} that need not know what is there. */
abstract class StoreWrites extends StoreReads {
  StoreWrites(Handle handle) {
    super(handle);
  }

  // ---- One key

  /** Stores the value, whether or not the key exists. */
  public void put(byte[] key, byte[] value) {
    put(key, value, WriteOptions.DEFAULT);
  }

  /** Stores the value, whether or not the key exists. */
  public void put(byte[] key, byte[] value, WriteOptions options) {
    if (Scratch.holds(Arguments.key(key).length, Arguments.value(value).length)) {
      long at = Scratch.fill(key, value);
      Raw.put_at(handle, at, key.length, at + key.length, value.length, options.number());
    } else {
      Raw.stave_store_put(handle, key, value, options.number());
    }
  }

  /** Stores the value, whether or not the key exists. The buffers' positions stay as they are. */
  public void put(ByteBuffer key, ByteBuffer value) {
    put(key, value, WriteOptions.DEFAULT);
  }

  /** Stores the value, whether or not the key exists. The buffers' positions stay as they are. */
  public void put(ByteBuffer key, ByteBuffer value, WriteOptions options) {
    if (Scratch.holds(key.remaining(), value.remaining())) {
      ByteBuffer memory = Scratch.memory().put(key.duplicate()).put(value.duplicate());
      long at = Scratch.address(memory);
      Raw.put_at(
          handle, at, key.remaining(), at + key.remaining(), value.remaining(), options.number());
    } else {
      Raw.put_direct(handle, Arguments.direct(key), Arguments.direct(value), options.number());
    }
  }

  /** Stores the value if the key is absent; says whether it was. */
  public boolean insert(byte[] key, byte[] value) {
    return insert(key, value, WriteOptions.DEFAULT);
  }

  /** Stores the value if the key is absent; says whether it was. */
  public boolean insert(byte[] key, byte[] value, WriteOptions options) {
    if (Scratch.holds(Arguments.key(key).length, Arguments.value(value).length)) {
      long at = Scratch.fill(key, value);
      return done(Raw.insert_at(
          handle, at, key.length, at + key.length, value.length, options.number()));
    }
    return done(Raw.stave_store_insert(handle, key, value, options.number()));
  }

  /** Stores the value if the key is absent; says whether it was. */
  public boolean insert(ByteBuffer key, ByteBuffer value) {
    return insert(key, value, WriteOptions.DEFAULT);
  }

  /** Stores the value if the key is absent; says whether it was. */
  public boolean insert(ByteBuffer key, ByteBuffer value, WriteOptions options) {
    return done(Raw.insert_direct(
        handle, Arguments.direct(key), Arguments.direct(value), options.number()));
  }

  /** Stores the value if the key exists; says whether it did. */
  public boolean replace(byte[] key, byte[] value) {
    return replace(key, value, WriteOptions.DEFAULT);
  }

  /** Stores the value if the key exists; says whether it did. */
  public boolean replace(byte[] key, byte[] value, WriteOptions options) {
    if (Scratch.holds(Arguments.key(key).length, Arguments.value(value).length)) {
      long at = Scratch.fill(key, value);
      return done(Raw.replace_at(
          handle, at, key.length, at + key.length, value.length, options.number()));
    }
    return done(Raw.stave_store_replace(handle, key, value, options.number()));
  }

  /** Stores the value if the key exists; says whether it did. */
  public boolean replace(ByteBuffer key, ByteBuffer value) {
    return replace(key, value, WriteOptions.DEFAULT);
  }

  /** Stores the value if the key exists; says whether it did. */
  public boolean replace(ByteBuffer key, ByteBuffer value, WriteOptions options) {
    return done(Raw.replace_direct(
        handle, Arguments.direct(key), Arguments.direct(value), options.number()));
  }

  /** Removes the key; says whether it existed. On a full disk removals go on from a reserve. */
  public boolean remove(byte[] key) {
    return remove(key, WriteOptions.DEFAULT);
  }

  /** Removes the key; says whether it existed. On a full disk removals go on from a reserve. */
  public boolean remove(byte[] key, WriteOptions options) {
    if (Scratch.holds(Arguments.key(key).length, 0)) {
      return done(Raw.remove_at(handle, Scratch.fill(key), key.length, options.number()));
    }
    return done(Raw.stave_store_remove(handle, key, options.number()));
  }

  /** Removes the key; says whether it existed. On a full disk removals go on from a reserve. */
  public boolean remove(ByteBuffer key) {
    return remove(key, WriteOptions.DEFAULT);
  }

  /** Removes the key; says whether it existed. On a full disk removals go on from a reserve. */
  public boolean remove(ByteBuffer key, WriteOptions options) {
    return done(Raw.remove_direct(handle, Arguments.direct(key), options.number()));
  }

  /** Makes the key expire. See {@link #expire(byte[], Instant, WriteOptions)}. */
  public boolean expire(byte[] key, Instant expiresAt) {
    return expire(key, expiresAt, WriteOptions.DEFAULT);
  }

  /**
   * Makes the key count as absent from a moment on; its value stays. Says whether the key exists. Reads the
   * value, and throws what reads do.
   *
   * @param expiresAt counts in whole milliseconds; {@link Instant#MAX}: never. A time that has passed
   *     removes the key.
   * @param options their time counts for nothing
   */
  public boolean expire(byte[] key, Instant expiresAt, WriteOptions options) {
    return done(Raw.stave_store_expire(
        handle, Arguments.key(key), Expiry.millis(expiresAt), options.number()));
  }

  // ---- Many keys

  /** Stores all entries or, on failure, none. See {@link #multiPut(Collection, WriteOptions)}. */
  public void multiPut(Collection<Entry> entries) {
    multiPut(entries, WriteOptions.DEFAULT);
  }

  /**
   * Stores all entries or, on failure, none, like a batch. A key that comes twice keeps the later value.
   *
   * @throws StaveException.TooLarge also when the keys or the values together have more bytes than an
   *     array holds (2 GiB); a {@link Batch} takes more
   */
  public void multiPut(Collection<Entry> entries, WriteOptions options) {
    byte[][] keys = entries.stream().map(Entry::key).toArray(byte[][]::new);
    byte[][] values = entries.stream().map(Entry::value).toArray(byte[][]::new);
    Raw.stave_store_multi_put(handle, new Joined(keys).bytes, Joined.keySizes(keys),
        new Joined(values).bytes, Joined.valueSizes(values), keys.length, options.number());
  }

  /** Removes all keys or, on failure, none. See {@link #multiRemove(Collection, WriteOptions)}. */
  public long multiRemove(Collection<byte[]> keys) {
    return multiRemove(keys, WriteOptions.DEFAULT);
  }

  /**
   * Removes all keys or, on failure, none; absent keys are no error.
   *
   * @return the number of keys that existed
   * @throws StaveException.TooLarge also when the keys together have more bytes than an array holds
   *     (2 GiB); a {@link Batch} takes more
   */
  public long multiRemove(Collection<byte[]> keys, WriteOptions options) {
    byte[][] all = keys.toArray(new byte[0][]);
    return Raw.stave_store_multi_remove(
        handle, new Joined(all).bytes, Joined.keySizes(all), all.length, options.number());
  }

  /** Applies the batch atomically. See {@link #write(Batch, WriteOptions)}. */
  public long write(Batch batch) {
    return write(batch, WriteOptions.DEFAULT);
  }

  /**
   * Applies the batch atomically and leaves it as it is. An empty batch does nothing.
   *
   * @return the commit's version, which is larger than that of every commit before it; 0 when nothing was
   *     written
   * @throws StaveException.Mismatch a condition does not hold, and nothing was written; the exception
   *     has its position
   */
  public long write(Batch batch, WriteOptions options) {
    return batch.write(handle, options);
  }

  /** Removes every key. See {@link #clear(WriteOptions)}. */
  public long clear() {
    return clear(WriteOptions.DEFAULT);
  }

  /**
   * Removes every key that is there from the call's begin to its end; one that is inserted meanwhile may
   * stay. Makes many commits: after a crash, or an exception, some keys are left. Takes time in proportion
   * to the number of keys.
   *
   * @return the number of keys that were removed
   */
  public long clear(WriteOptions options) {
    return Raw.stave_store_clear(handle, options.number());
  }

  /**
   * Removes every key that has expired, which the store does by itself unless {@link
   * StoreOptions#background()} is false. Calls no hooks. Takes time in proportion to the number of keys.
   *
   * @return the number of keys that were removed
   */
  public long removeExpired() {
    return Raw.stave_store_remove_expired(handle);
  }
}

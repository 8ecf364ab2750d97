package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import io.github.stavedb.stave.internal.RawConstants;
import io.github.stavedb.stave.internal.Scratch;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/** The reads of a {@link Store}. */
abstract class StoreReads {
  // Instead of sizes; the same in native/reading.h.
  static final int ABSENT = -1;
  private static final int TOO_LARGE = -2;

  final Handle handle;

  StoreReads(Handle handle) {
    this.handle = handle;
  }

  /** Whether a call with an expected outcome had the better one. */
  static boolean done(int status) {
    return status == RawConstants.STAVE_OK;
  }

  // ---- One key

  /** The value as a fresh array, or null if there is no such key. */
  public byte[] get(byte[] key) {
    if (Scratch.holds(Arguments.key(key).length, 0)) {
      ByteBuffer memory = Scratch.put(Scratch.memory(), key);
      int size = getFilled(memory, key.length);
      if (size != TOO_LARGE) {
        byte[] value = size == ABSENT ? null : new byte[size];
        if (value != null) {
          memory.get(value);
        }
        return value;
      }
    }
    return Raw.stave_java_get(handle, key);
  }

  /**
   * The value as a fresh array.
   *
   * @throws StaveException.NotFound there is no such key
   */
  public byte[] getOrThrow(byte[] key) {
    byte[] value = get(key);
    if (value == null) {
      throw Errors.notFound();
    }
    return value;
  }

  /**
   * Copies the value into the array from index 0 on.
   *
   * @return the value's size in bytes, or -1 if there is no such key
   * @throws StaveException.BufferTooSmall the value does not fit; the array is as before
   */
  public int get(byte[] key, byte[] target) {
    if (Scratch.holds(Arguments.key(key).length, 0)) {
      ByteBuffer memory = Scratch.put(Scratch.memory(), key);
      int size = getFilled(memory, key.length);
      if (size != TOO_LARGE && size <= target.length) {
        if (size > 0) {
          memory.get(target, 0, size);
        }
        return size;
      }
    }
    return Raw.stave_java_get_into(handle, key, target, 0, target.length);
  }

  /** Reads the value behind the key at the memory's position: its size, ABSENT or TOO_LARGE. */
  private int getFilled(ByteBuffer memory, int keySize) {
    long key = Scratch.address(memory);
    return Raw.stave_java_get_at(handle, key, keySize, key + keySize, memory.remaining());
  }

  /**
   * Copies the value into the buffer at its position, which moves behind the value.
   *
   * @return the value's size in bytes, or -1 if there is no such key
   * @throws StaveException.BufferTooSmall the value has more bytes than remain; the buffer is as before
   * @throws java.nio.ReadOnlyBufferException the buffer is read-only
   */
  public int get(ByteBuffer key, ByteBuffer target) {
    if (target.isReadOnly()) {
      throw new java.nio.ReadOnlyBufferException();
    }
    if (Scratch.holds(key.remaining(), 0)) {
      ByteBuffer memory = Scratch.memory().put(key.duplicate());
      int small = getFilled(memory, key.remaining());
      if (small != TOO_LARGE && small <= target.remaining()) {
        if (small > 0) {
          memory.limit(memory.position() + small);
          target.put(memory);
        }
        return small;
      }
    }
    int size = target.isDirect()
        ? Raw.stave_java_get_direct(handle, Arguments.direct(key), Arguments.direct(target))
        : Raw.stave_java_get_into(handle, Arguments.array(key), target.array(),
            target.arrayOffset() + target.position(), target.remaining());
    if (size > 0) {
      target.position(target.position() + size);
    }
    return size;
  }

  /** The value as a pin, without a copy where that is possible; null if there is no such key. */
  public Pin getPin(byte[] key) {
    long pointer = Raw.stave_store_get_pin(handle, Arguments.key(key));
    return pointer == 0 ? null : new Pin(pointer);
  }

  /** Whether the key exists. */
  public boolean contains(byte[] key) {
    if (Scratch.holds(Arguments.key(key).length, 0)) {
      return done(Raw.contains_at(handle, Scratch.fill(key), key.length));
    }
    return done(Raw.stave_store_contains(handle, key));
  }

  /** Whether the key exists. */
  public boolean contains(ByteBuffer key) {
    return done(Raw.contains_direct(handle, Arguments.direct(key)));
  }

  /** The value's size in bytes, or -1 if there is no such key. The value is not read. */
  public int valueSize(byte[] key) {
    return Raw.stave_java_value_size(handle, Arguments.key(key));
  }

  /**
   * From when on the key counts as absent, in whole milliseconds; {@link Instant#MAX}: never. Null if there
   * is no such key.
   */
  public Instant expiresAt(byte[] key) {
    long millis = Raw.stave_java_expires_at(handle, Arguments.key(key));
    return millis == ABSENT ? null : Expiry.ofMillis(millis);
  }

  /**
   * The number of the key's shard, from 0 to {@link StoreOptions#shards()}. Writes to keys of one shard
   * exclude each other, and {@link Store#atomic(byte[], java.util.function.Consumer)} changes several of
   * them.
   */
  public int shardFor(byte[] key) {
    return (int) Raw.stave_store_shard_for(handle, Arguments.key(key));
  }

  /**
   * The number of keys, with those that have expired and are not yet removed. Takes the same time however
   * many there are.
   */
  public long size() {
    return Raw.stave_store_size(handle);
  }

  // ---- Many keys in one call

  /**
   * The values of many keys in their order, null for the absent ones. Each key is read atomically, the
   * whole is not one snapshot.
   */
  public List<byte[]> multiGet(Collection<byte[]> keys) {
    return Arrays.asList(MultiGet.read(handle, keys.toArray(new byte[0][])));
  }

  /**
   * The same without an array for each value: for programs that make such calls again and again.
   *
   * @param values takes the values in the order of the keys; what it held is gone. It is empty after an
   *     exception.
   * @throws StaveException.TooLarge the values have more bytes together than an array holds
   */
  public void multiGet(Collection<byte[]> keys, ValueList values) {
    values.clear();
    MultiGet.read(handle, keys.toArray(new byte[0][]), values);
  }
}

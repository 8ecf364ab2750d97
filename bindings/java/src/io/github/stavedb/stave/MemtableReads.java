package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import io.github.stavedb.stave.internal.RawConstants;
import io.github.stavedb.stave.internal.Scratch;
import java.nio.ByteBuffer;

/** The reads of a snapshot or a transaction. */
final class MemtableReads implements MultiGet.Source {
  // Instead of sizes; the same in native/reading.h.
  private static final int ABSENT = -1;
  private static final int TOO_LARGE = -2;

  final Handle handle;
  private final boolean isSnapshot;

  MemtableReads(Handle handle, boolean isSnapshot) {
    this.handle = handle;
    this.isSnapshot = isSnapshot;
  }

  byte[] get(byte[] key) {
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
    return Raw.stave_java_moment_get(handle, isSnapshot, key);
  }

  int get(byte[] key, byte[] target) {
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
    return Raw.stave_java_moment_get_into(handle, isSnapshot, key, target, 0, target.length);
  }

  int get(ByteBuffer key, ByteBuffer target) {
    if (target.isReadOnly()) {
      throw new java.nio.ReadOnlyBufferException();
    }
    int size = target.isDirect()
        ? Raw.stave_java_moment_get_direct(
            handle, isSnapshot, Arguments.direct(key), Arguments.direct(target))
        : Raw.stave_java_moment_get_into(handle, isSnapshot, Arguments.array(key), target.array(),
            target.arrayOffset() + target.position(), target.remaining());
    if (size > 0) {
      target.position(target.position() + size);
    }
    return size;
  }

  /** Reads the value behind the key at the memory's position: its size, ABSENT or TOO_LARGE. */
  private int getFilled(ByteBuffer memory, int keySize) {
    long key = Scratch.address(memory);
    return Raw.stave_java_moment_get_at(
        handle, isSnapshot, key, keySize, key + keySize, memory.remaining());
  }

  Pin getPin(byte[] key) {
    long pointer = Raw.stave_java_moment_get_pin(handle, isSnapshot, Arguments.key(key));
    return pointer == 0 ? null : new Pin(pointer);
  }

  boolean contains(byte[] key) {
    int status = Scratch.holds(Arguments.key(key).length, 0)
        ? Raw.moment_contains_at(handle, isSnapshot, Scratch.fill(key), key.length)
        : Raw.stave_java_moment_contains(handle, isSnapshot, key);
    return status == RawConstants.STAVE_OK;
  }

  byte[][] multiGet(byte[][] keys) {
    return MultiGet.read(this, keys);
  }

  void multiGet(byte[][] keys, ValueList values) {
    values.clear();
    MultiGet.read(this, keys, values);
  }

  @Override
  public int readAt(long keys, long keySizes, int count, long valueSizes, long target, int room) {
    return Raw.stave_java_moment_multi_get_at(
        handle, isSnapshot, keys, keySizes, count, valueSizes, target, room);
  }

  @Override
  public byte[] readInto(long keys, long keySizes, int count, long valueSizes, byte[] target) {
    return Raw.stave_java_moment_multi_get_into(
        handle, isSnapshot, keys, keySizes, count, valueSizes, target);
  }

  @Override
  public byte[] readJoined(byte[] keys, int[] keySizes, int count, long[] valueSizes) {
    return Raw.stave_java_moment_multi_get(
        handle, isSnapshot, keys, keySizes, count, valueSizes);
  }

  /** A cursor whose calls hold the lock. */
  MemtableCursor cursor(MemtableCursorOptions options, Object lock, MemtableView owner) {
    return new MemtableCursor(Raw.stave_java_moment_cursor(
        handle, isSnapshot, options.prefix, options.keysOnly, options.tombstones), lock, owner);
  }
}

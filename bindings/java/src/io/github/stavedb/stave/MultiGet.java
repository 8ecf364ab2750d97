package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import io.github.stavedb.stave.internal.Scratch;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Reads many keys: through the thread's scratch memory when all fits there, else through arrays. */
final class MultiGet {
  private MultiGet() {}

  /** The forms of one family's call, as the methods of {@link Raw}. */
  interface Source {
    /** By way of the scratch memory, all of it as addresses. Negative: the values do not fit. */
    int readAt(long keys, long keySizes, int count, long valueSizes, long target, int room);

    /** The same for the keys; the values go into the array if they fit, else into a fresh one. */
    byte[] readInto(long keys, long keySizes, int count, long valueSizes, byte[] target);

    /** By way of arrays; null when none holds all values. */
    byte[] readJoined(byte[] keys, int[] keySizes, int count, long[] valueSizes);
  }

  private static Source of(Handle store) {
    return new Source() {
      @Override
      public int readAt(
          long keys, long keySizes, int count, long valueSizes, long target, int room) {
        return Raw.stave_java_multi_get_at(
            store, keys, keySizes, count, valueSizes, target, room);
      }

      @Override
      public byte[] readInto(
          long keys, long keySizes, int count, long valueSizes, byte[] target) {
        return Raw.stave_java_multi_get_into(store, keys, keySizes, count, valueSizes, target);
      }

      @Override
      public byte[] readJoined(byte[] keys, int[] keySizes, int count, long[] valueSizes) {
        return Raw.stave_java_multi_get(store, keys, keySizes, count, valueSizes);
      }
    };
  }

  /** The values of the keys in a store, null for the absent ones. */
  static byte[][] read(Handle store, byte[][] keys) {
    return read(of(store), keys);
  }

  /** The same into a list. */
  static void read(Handle store, byte[][] keys, ValueList values) {
    read(of(store), keys, values);
  }

  /** The same of any family. */
  static byte[][] read(Source source, byte[][] keys) {
    if (!keysFit(keys)) {
      return readLarge(source, keys);
    }
    ByteBuffer memory = join(keys);
    long start = Scratch.address(memory);
    int size = source.readAt(start + firstKey(keys), start + keySizes(keys), keys.length, start,
        start + memory.position() - Scratch.START, memory.remaining());
    if (size < 0) {
      return readLarge(source, keys);
    }
    byte[][] values = new byte[keys.length][];
    for (int i = 0; i < values.length; i++) {
      long valueSize = valueSize(memory, i);
      if (valueSize >= 0) {
        values[i] = new byte[(int) valueSize];
        memory.get(values[i]);
      }
    }
    return values;
  }

  /** The same of any family, into a list. */
  static void read(Source source, byte[][] keys, ValueList values) {
    if (!keysFit(keys)) {
      long[] sizes = new long[keys.length];
      byte[] joined = source.readJoined(
          new Joined(keys).bytes, Joined.keySizes(keys), keys.length, sizes);
      values.take(joined, keys.length, i -> sizes[i]);
      return;
    }
    ByteBuffer memory = join(keys);
    long start = Scratch.address(memory);
    byte[] joined = source.readInto(start + firstKey(keys), start + keySizes(keys), keys.length,
        start, values.bytes());
    values.take(joined, keys.length, i -> valueSize(memory, i));
  }

  // The memory holds, from its start, the values' sizes, eight bytes each, then the keys' sizes, four
  // bytes each, then the keys, then the values. The positions here are counted from the start.

  private static int keySizes(byte[][] keys) {
    return keys.length * Long.BYTES;
  }

  private static int firstKey(byte[][] keys) {
    return keys.length * (Long.BYTES + Integer.BYTES);
  }

  private static long valueSize(ByteBuffer memory, int index) {
    return memory.getLong(Scratch.START + index * Long.BYTES);
  }

  private static boolean keysFit(byte[][] keys) {
    long room = Scratch.ROOM - (long) keys.length * (Long.BYTES + Integer.BYTES);
    for (byte[] key : keys) {
      room -= key.length;
    }
    return room >= 0;
  }

  /** The thread's memory with the keys and their sizes, positioned behind the keys. */
  private static ByteBuffer join(byte[][] keys) {
    ByteBuffer memory = Scratch.memory();
    int keySizes = Scratch.START + keySizes(keys);
    memory.position(Scratch.START + firstKey(keys));
    for (int i = 0; i < keys.length; i++) {
      memory.putInt(keySizes + i * Integer.BYTES, keys[i].length);
      Scratch.put(memory, keys[i]);
    }
    return memory;
  }

  /** In halves when no one array holds all the values. */
  private static byte[][] readLarge(Source source, byte[][] keys) {
    long[] sizes = new long[keys.length];
    byte[] joined = source.readJoined(
        new Joined(keys).bytes, Joined.keySizes(keys), keys.length, sizes);
    if (joined == null) {
      byte[][] values = new byte[keys.length][];
      int middle = keys.length / 2;
      byte[][] first = readLarge(source, Arrays.copyOfRange(keys, 0, middle));
      byte[][] second = readLarge(source, Arrays.copyOfRange(keys, middle, keys.length));
      System.arraycopy(first, 0, values, 0, first.length);
      System.arraycopy(second, 0, values, middle, second.length);
      return values;
    }
    return split(joined, sizes, sizes.length);
  }

  /** The values that stand one behind the other; null for those whose size is negative. */
  static byte[][] split(byte[] joined, long[] sizes, int count) {
    byte[][] values = new byte[count][];
    int at = 0;
    for (int i = 0; i < count; i++) {
      if (sizes[i] >= 0) {
        values[i] = Arrays.copyOfRange(joined, at, at + (int) sizes[i]);
        at += (int) sizes[i];
      }
    }
    return values;
  }
}

package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import io.github.stavedb.stave.internal.Scratch;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Reads many keys: through the thread's scratch memory when all fits there, else through arrays. */
final class MultiGet {
  private MultiGet() {}

  /** The values of the keys, null for the absent ones. */
  static byte[][] read(Handle store, byte[][] keys) {
    byte[][] values = readSmall(store, keys);
    return values != null ? values : readLarge(store, keys);
  }

  /**
   * Null when there is too little room. The memory holds the values' sizes, eight bytes each, then the
   * keys' sizes, four bytes each, then the keys, then the values.
   */
  private static byte[][] readSmall(Handle store, byte[][] keys) {
    long room = Scratch.ROOM - (long) keys.length * (Long.BYTES + Integer.BYTES);
    for (byte[] key : keys) {
      room -= key.length;
    }
    if (room < 0) {
      return null;
    }
    ByteBuffer memory = Scratch.memory();
    int valueSizes = memory.position();
    int keySizes = valueSizes + keys.length * Long.BYTES;
    int firstKey = keySizes + keys.length * Integer.BYTES;
    memory.position(firstKey);
    for (int i = 0; i < keys.length; i++) {
      memory.putInt(keySizes + i * Integer.BYTES, keys[i].length).put(keys[i]);
    }
    long address = Scratch.address(memory) - valueSizes; // of index 0
    int size = Raw.stave_java_multi_get_at(store, address + firstKey, address + keySizes,
        keys.length, address + valueSizes, address + memory.position(), memory.remaining());
    if (size < 0) {
      return null;
    }
    byte[][] values = new byte[keys.length][];
    for (int i = 0; i < values.length; i++) {
      long valueSize = memory.getLong(valueSizes + i * Long.BYTES);
      if (valueSize >= 0) {
        values[i] = new byte[(int) valueSize];
        memory.get(values[i]);
      }
    }
    return values;
  }

  /** In halves when no one array holds all the values. */
  private static byte[][] readLarge(Handle store, byte[][] keys) {
    long[] sizes = new long[keys.length];
    byte[] joined = Raw.stave_java_multi_get(
        store, new Joined(keys).bytes, Joined.keySizes(keys), keys.length, sizes);
    byte[][] values = new byte[keys.length][];
    if (joined == null) {
      int middle = keys.length / 2;
      byte[][] first = readLarge(store, Arrays.copyOfRange(keys, 0, middle));
      byte[][] second = readLarge(store, Arrays.copyOfRange(keys, middle, keys.length));
      System.arraycopy(first, 0, values, 0, first.length);
      System.arraycopy(second, 0, values, middle, second.length);
      return values;
    }
    int at = 0;
    for (int i = 0; i < sizes.length; i++) {
      if (sizes[i] >= 0) {
        values[i] = Arrays.copyOfRange(joined, at, at + (int) sizes[i]);
        at += (int) sizes[i];
      }
    }
    return values;
  }
}

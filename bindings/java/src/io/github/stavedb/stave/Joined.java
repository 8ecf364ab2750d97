package io.github.stavedb.stave;

/** Many byte arrays one behind the other, as the native code takes them. */
final class Joined {
  // The longest array that every Java machine can make.
  private static final int SIZE_MAX = Integer.MAX_VALUE - 8;

  final byte[] bytes;

  Joined(byte[][] parts) {
    long total = 0;
    for (byte[] part : parts) {
      total += part.length;
    }
    if (total > SIZE_MAX) {
      throw Errors.tooLarge("the keys or the values of one call have more than " + SIZE_MAX
          + " bytes, which no array holds: use a Batch");
    }
    bytes = new byte[(int) total];
    int at = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, bytes, at, part.length);
      at += part.length;
    }
  }

  static int[] keySizes(byte[][] keys) {
    int[] sizes = new int[keys.length];
    for (int i = 0; i < keys.length; i++) {
      sizes[i] = keys[i].length;
    }
    return sizes;
  }

  static long[] valueSizes(byte[][] values) {
    long[] sizes = new long[values.length];
    for (int i = 0; i < values.length; i++) {
      sizes[i] = values[i].length;
    }
    return sizes;
  }
}

package io.github.stavedb.stave;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.IntToLongFunction;

/**
 * The values of a call with many keys, in memory that the next call uses again: see {@link
 * Store#multiGet(java.util.Collection, ValueList)}.
 *
 * <p>Thread safety: one thread at a time.
 */
public final class ValueList {
  private byte[] bytes = {};
  // Value i ends at ends[i + 1], where the next one begins; if the key is absent, that is the
  // complement of the position, which is negative.
  private int[] ends = {0};
  private int count;

  /** An empty list. */
  public ValueList() {}

  /** The number of keys of the last call. */
  public int size() {
    return count;
  }

  /**
   * The size of a value in bytes, by its key's position in the call; -1 when the key is absent.
   *
   * @throws IndexOutOfBoundsException there is no such position
   */
  public int valueSize(int index) {
    int end = ends[Objects.checkIndex(index, count) + 1];
    return end < 0 ? -1 : end - start(index);
  }

  /**
   * A value as a fresh array; null when the key is absent.
   *
   * @throws IndexOutOfBoundsException there is no such position
   */
  public byte[] get(int index) {
    int size = valueSize(index);
    int start = start(index);
    return size < 0 ? null : Arrays.copyOfRange(bytes, start, start + size);
  }

  /**
   * A read-only view of a value, which lasts until the list's next call; null when the key is absent.
   *
   * @throws IndexOutOfBoundsException there is no such position
   */
  public ByteBuffer view(int index) {
    int size = valueSize(index);
    return size < 0 ? null : ByteBuffer.wrap(bytes, start(index), size).slice().asReadOnlyBuffer();
  }

  private int start(int index) {
    int end = ends[index];
    return end < 0 ? ~end : end;
  }

  void clear() {
    count = 0;
  }

  /** The memory that there is already. */
  byte[] bytes() {
    return bytes;
  }

  /** From now on the values are those, one behind the other; an absent one has a negative size. */
  void take(byte[] joined, int values, IntToLongFunction sizes) {
    if (joined == null) {
      throw Errors.tooLarge("the values have more bytes together than an array holds");
    }
    bytes = joined;
    if (ends.length <= values) {
      ends = new int[values + 1];
    }
    int end = 0;
    for (int i = 0; i < values; i++) {
      long size = sizes.applyAsLong(i);
      end += (int) Math.max(size, 0);
      ends[i + 1] = size < 0 ? ~end : end;
    }
    count = values;
  }
}

package io.github.stavedb.stave;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The values of a call with many keys, in memory that the next call uses again: see {@link
 * Index#multiGet(java.util.Collection, IndexValues)}.
 *
 * <p>Thread safety: one thread at a time.
 */
public final class IndexValues {
  // Filled by the native code.
  long[] values = {};
  boolean[] found = {};
  private int count;

  /** An empty list. */
  public IndexValues() {}

  /** The number of keys of the last call; after an exception of a put, how many have been put. */
  public int size() {
    return count;
  }

  /**
   * Whether there is a value, by its key's position in the call.
   *
   * @throws IndexOutOfBoundsException there is no such position
   */
  public boolean isPresent(int index) {
    return found[Objects.checkIndex(index, count)];
  }

  /**
   * The value, 0 when the key is absent: see {@link #isPresent}.
   *
   * @throws IndexOutOfBoundsException there is no such position
   */
  public long value(int index) {
    return values[Objects.checkIndex(index, count)];
  }

  /**
   * The value; null when the key is absent.
   *
   * @throws IndexOutOfBoundsException there is no such position
   */
  public Long get(int index) {
    return isPresent(index) ? value(index) : null;
  }

  /** Empties the list and makes room. */
  void prepare(int keys) {
    count = 0;
    if (values.length < keys) {
      values = new long[keys];
      found = new boolean[keys];
    }
  }

  void setSize(int keys) {
    count = keys;
  }

  /** The values as a list of their own. */
  List<Long> toList() {
    Long[] list = new Long[count];
    Arrays.setAll(list, this::get);
    return Arrays.asList(list);
  }
}

package io.github.stavedb.stave;

/** A key of an {@link Index} and its value. The array is the caller's. */
public final class IndexEntry {
  private final byte[] key;
  private final long value;

  /** Keeps the array, without a copy. */
  public IndexEntry(byte[] key, long value) {
    this.key = key;
    this.value = value;
  }

  /** The key; never null from a cursor. */
  public byte[] key() {
    return key;
  }

  /** The value: 64 bits, negative from 2^63 on. */
  public long value() {
    return value;
  }
}

package io.github.stavedb.stave;

/** A key and its value, as a cursor delivers them. The arrays are the caller's. */
public final class Entry {
  private final byte[] key;
  private final byte[] value;

  /** Keeps the arrays, without a copy. */
  public Entry(byte[] key, byte[] value) {
    this.key = key;
    this.value = value;
  }

  /** The key; never null. */
  public byte[] key() {
    return key;
  }

  /** The value; empty when the cursor reads keys only. Never null. */
  public byte[] value() {
    return value;
  }
}

package io.github.stavedb.stave;

/** A key of a {@link CowMap} and its value. The array is the caller's. */
public final class CowMapEntry {
  private final long key;
  private final byte[] value;

  /** Keeps the array, without a copy. */
  public CowMapEntry(long key, byte[] value) {
    this.key = key;
    this.value = value;
  }

  /** The key. */
  public long key() {
    return key;
  }

  /** The value; never null from a cursor. */
  public byte[] value() {
    return value;
  }
}

package io.github.stavedb.stave;

import java.util.Objects;

/** A key of a memtable and its value, or its removal. The arrays are the caller's. */
public final class MemtableRecord {
  private final byte[] key;
  private final byte[] value;

  /** A value. Keeps the arrays, without a copy. */
  public MemtableRecord(byte[] key, byte[] value) {
    this.key = Objects.requireNonNull(key, "key");
    this.value = Objects.requireNonNull(value, "value");
  }

  private MemtableRecord(byte[] key) {
    this.key = Objects.requireNonNull(key, "key");
    value = null;
  }

  /** The removal of a key. Keeps the array, without a copy. */
  public static MemtableRecord deletion(byte[] key) {
    return new MemtableRecord(key);
  }

  /** The key; never null. */
  public byte[] key() {
    return key;
  }

  /** The value, empty when a cursor reads keys only; null of a removed key. */
  public byte[] value() {
    return value;
  }

  /** Whether the key is removed. */
  public boolean deleted() {
    return value == null;
  }
}

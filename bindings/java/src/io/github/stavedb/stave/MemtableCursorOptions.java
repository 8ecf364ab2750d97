package io.github.stavedb.stave;

import java.util.Objects;

/** Which records a cursor of a memtable visits, and what it reads of them. Immutable. */
public final class MemtableCursorOptions {
  /** Every key that has a value, with that. */
  public static final MemtableCursorOptions ALL =
      new MemtableCursorOptions(Arguments.EMPTY, false, false);

  final byte[] prefix;
  final boolean keysOnly;
  final boolean tombstones;

  private MemtableCursorOptions(byte[] prefix, boolean keysOnly, boolean tombstones) {
    this.prefix = prefix;
    this.keysOnly = keysOnly;
    this.tombstones = tombstones;
  }

  /** Only keys that begin with these bytes. */
  public MemtableCursorOptions prefix(byte[] prefix) {
    return new MemtableCursorOptions(
        Objects.requireNonNull(prefix, "prefix").clone(), keysOnly, tombstones);
  }

  /** Reads no values: they are empty. */
  public MemtableCursorOptions keysOnly() {
    return new MemtableCursorOptions(prefix, true, tombstones);
  }

  /** Visits removed keys too. Of explicit tables only. */
  public MemtableCursorOptions tombstones() {
    return new MemtableCursorOptions(prefix, keysOnly, true);
  }
}

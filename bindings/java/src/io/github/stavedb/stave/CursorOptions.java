package io.github.stavedb.stave;

import java.util.Objects;

/** Which records a cursor visits, and what it reads of them. Immutable. */
public final class CursorOptions {
  /** Every record, with its value. */
  public static final CursorOptions ALL = new CursorOptions(Arguments.EMPTY, false);

  final byte[] prefix;
  final boolean keysOnly;

  private CursorOptions(byte[] prefix, boolean keysOnly) {
    this.prefix = prefix;
    this.keysOnly = keysOnly;
  }

  /** Only keys that begin with these bytes. */
  public CursorOptions prefix(byte[] prefix) {
    return new CursorOptions(Objects.requireNonNull(prefix, "prefix").clone(), keysOnly);
  }

  /** Reads no values: they are empty. */
  public CursorOptions keysOnly() {
    return new CursorOptions(prefix, true);
  }
}

package io.github.stavedb.stave;

import java.util.Objects;

/** Which records a cursor visits, and what it reads of them. Immutable. */
public final class CursorOptions {
  /** Every record, with its value. */
  public static final CursorOptions ALL = new CursorOptions(Arguments.EMPTY, Arguments.EMPTY, false);

  final byte[] prefix;
  final byte[] token;
  final boolean keysOnly;

  private CursorOptions(byte[] prefix, byte[] token, boolean keysOnly) {
    this.prefix = prefix;
    this.token = token;
    this.keysOnly = keysOnly;
  }

  /** Only keys that begin with these bytes. */
  public CursorOptions prefix(byte[] prefix) {
    return new CursorOptions(Objects.requireNonNull(prefix, "prefix").clone(), token, keysOnly);
  }

  /**
   * Begins where another cursor stood when it gave this token ({@link Cursor#token}). Opening the cursor
   * throws {@link StaveException.InvalidArgument} if the token is damaged, or of another store.
   */
  public CursorOptions token(byte[] token) {
    return new CursorOptions(prefix, Objects.requireNonNull(token, "token").clone(), keysOnly);
  }

  /** Reads no values: they are empty. */
  public CursorOptions keysOnly() {
    return new CursorOptions(prefix, token, true);
  }
}

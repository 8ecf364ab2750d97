package io.github.stavedb.stave;

import java.util.Locale;

/** What a read of a {@link Memtable} sees of a key. */
public enum KeyState {
  /** No version of the key is visible. */
  ABSENT,
  /** The key is removed, which levels below need to know. */
  DELETED,
  /** The key has a value. */
  EXISTS;

  /** The name in lower case, such as {@code "deleted"}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

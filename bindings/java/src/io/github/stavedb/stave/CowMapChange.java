package io.github.stavedb.stave;

import java.util.Locale;

/** What differs about one key between two maps: see {@link CowMap#diff}. */
public final class CowMapChange {
  /** How a key differs. */
  public enum Kind {
    /** Only the second map has the key. */
    ADDED,
    /** Both have it, with different values. */
    CHANGED,
    /** Only the first map has it. */
    REMOVED;

    /** The name in lower case. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Kind kind;
  private final long key;
  private final byte[] before;
  private final byte[] after;

  CowMapChange(Kind kind, long key, byte[] before, byte[] after) {
    this.kind = kind;
    this.key = key;
    this.before = before;
    this.after = after;
  }

  /** How it differs. */
  public Kind kind() {
    return kind;
  }

  /** The key. */
  public long key() {
    return key;
  }

  /** The value in the first map; null when it has none. */
  public byte[] before() {
    return before;
  }

  /** The value in the second map; null when it has none. */
  public byte[] after() {
    return after;
  }
}

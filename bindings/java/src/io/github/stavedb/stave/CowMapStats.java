package io.github.stavedb.stave;

/** What a map counts. */
public final class CowMapStats {
  // In the order in which the native code delivers them.
  static final int COUNT = 3;

  private final long[] members;

  CowMapStats(long[] members) {
    this.members = members;
  }

  /** Entries. */
  public long entries() {
    return members[0];
  }

  /**
   * Memory that was there when the map was last copied, or made as a copy: other maps and cursors may
   * refer to it too.
   */
  public long sharedBytes() {
    return members[1];
  }

  /** Memory that this map alone refers to: all of it when it has no copies. */
  public long ownBytes() {
    return members[2];
  }
}

package io.github.stavedb.stave;

/** What a memtable counts. */
public final class MemtableStats {
  // In the order in which the native code delivers them.
  static final int COUNT = 7;

  private final long[] members;

  MemtableStats(long[] members) {
    this.members = members;
  }

  /** Keys whose newest committed version is a value. */
  public long keys() {
    return members[0];
  }

  /** Keys with any version. */
  public long rows() {
    return members[1];
  }

  /** Versions of all keys, removals and uncommitted ones included. */
  public long versions() {
    return members[2];
  }

  /** Memory of keys, versions and values, uncommitted ones included. */
  public long sizeBytes() {
    return members[3];
  }

  /** Moments held open by transactions, snapshots and cursors, in a managed table. */
  public long snapshots() {
    return members[4];
  }

  /** Transactions that have written and not ended, in an explicit table. */
  public long transactions() {
    return members[5];
  }

  /** What a snapshot opened now would read at, in a managed table. */
  public long timestamp() {
    return members[6];
  }
}

package io.github.stavedb.stave;

/** What one shard of an index counts. */
public final class IndexShardStats {
  // In the order in which the native code delivers them.
  static final int COUNT = 3;

  private final long[] members;

  IndexShardStats(long[] members) {
    this.members = members;
  }

  /** Entries. */
  public long entries() {
    return members[0];
  }

  /** Buckets. */
  public long buckets() {
    return members[1];
  }

  /** Native memory of the shard. */
  public long bytes() {
    return members[2];
  }
}

package io.github.stavedb.stave;

/** What an index counts. Beside writes the numbers are close, but not all of one moment. */
public final class IndexStats {
  // In the order in which the native code delivers them.
  static final int COUNT = 13;

  private final long[] members;

  IndexStats(long[] members) {
    this.members = members;
  }

  /** Parts that grow by themselves. */
  public long shards() {
    return members[0];
  }

  /** Entries; close, beside writes. */
  public long entries() {
    return members[1];
  }

  /** As {@link Index#capacity}. */
  public long capacity() {
    return members[2];
  }

  /** All native memory of the index, keys included. */
  public long bytes() {
    return members[3];
  }

  /** Of these, what holds the bytes of longer keys, free space included. */
  public long keyBytes() {
    return members[4];
  }

  /** Buckets. */
  public long buckets() {
    return members[5];
  }

  /** Entries that fit into the buckets. The load is {@link #entries} of them. */
  public long slots() {
    return members[6];
  }

  /** Where entries are whose bucket is full. */
  public long overflowNodes() {
    return members[7];
  }

  /** Splits of buckets since the index was created or cleared: its growth. */
  public long splits() {
    return members[8];
  }

  /** Splits by any one write: never more than 2. */
  public long splitsMax() {
    return members[9];
  }

  /** Buckets that were looked at for the next two numbers, some of each shard. */
  public long probeSamples() {
    return members[10];
  }

  /** Groups of slots that a lookup in them reads, for all of them together. */
  public long probeSum() {
    return members[11];
  }

  /** Groups of slots that a lookup in any of them reads at most. */
  public long probeMax() {
    return members[12];
  }
}

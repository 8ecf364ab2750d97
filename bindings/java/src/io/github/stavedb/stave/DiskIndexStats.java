package io.github.stavedb.stave;

/** What a disk index counts. */
public final class DiskIndexStats {
  // In the order in which the native code delivers them.
  static final int COUNT = 13;

  private final long[] members;

  DiskIndexStats(long[] members) {
    this.members = members;
  }

  /** Whether a sync has failed: writes are refused. */
  public boolean writesRefused() {
    return members[0] != 0;
  }

  /** Keys. */
  public long entries() {
    return members[1];
  }

  /** Size of the file. */
  public long fileBytes() {
    return members[2];
  }

  /** Of these, ready for use; unknown (0) before the first write. */
  public long freeBytes() {
    return members[3];
  }

  /** Units of merging. */
  public long segments() {
    return members[4];
  }

  /** Bytes of their pages. */
  public long segmentBytes() {
    return members[5];
  }

  /** Bytes of the redo log. */
  public long logBytes() {
    return members[6];
  }

  /** Keys with changes that are not merged yet. */
  public long deltaEntries() {
    return members[7];
  }

  /** Of the newest durable superblock. */
  public long generation() {
    return members[8];
  }

  /** Of the last save or checkpoint: 64 bits, negative from 2^63 on. */
  public long lsn() {
    return members[9];
  }

  /** Segments rewritten since the open. */
  public long merges() {
    return members[10];
  }

  /** Calls of fdatasync since the open. */
  public long syncs() {
    return members[11];
  }

  /** Changes that the open found in the log. */
  public long recoveredOperations() {
    return members[12];
  }
}

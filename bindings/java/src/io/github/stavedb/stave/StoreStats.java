package io.github.stavedb.stave;

/** What a store counts, at one moment. Numbers are 0 or more. */
public final class StoreStats {
  // In the order in which the native code delivers them.
  static final int COUNT = 15;

  private final long[] members;

  StoreStats(long[] members) {
    this.members = members;
  }

  /** Whether the store had not been closed cleanly before it was opened. */
  public boolean recovered() {
    return members[0] != 0;
  }

  /** Whether a sync has failed, so that writes are refused. */
  public boolean writesRefused() {
    return members[1] != 0;
  }

  /** Live keys. */
  public long keys() {
    return members[2];
  }

  /** Log files. */
  public long segments() {
    return members[3];
  }

  /** Bytes of frames in the log, live and dead. */
  public long logBytes() {
    return members[4];
  }

  /** Of these, bytes of the newest record of each live key. */
  public long liveBytes() {
    return members[5];
  }

  /** Size of the log files, preallocated space included. */
  public long diskBytes() {
    return members[6];
  }

  /** The log sequence number (LSN) of the newest visible commit; 0 in an empty store. */
  public long version() {
    return members[7];
  }

  /** The LSN up to which the device is known to hold the log. */
  public long durableVersion() {
    return members[8];
  }

  /** Commits through this object since it was opened. */
  public long commits() {
    return members[9];
  }

  /** Bytes of frames written since then. */
  public long bytesWritten() {
    return members[10];
  }

  /** Syncs of the device since then: far fewer than commits when writers share them. */
  public long syncs() {
    return members[11];
  }

  /** Point reads since then. */
  public long reads() {
    return members[12];
  }

  /** Commits that opening read from the log. */
  public long recoveredCommits() {
    return members[13];
  }

  /** Bytes of unfinished commits that opening cut off the log's end. */
  public long recoveredCutBytes() {
    return members[14];
  }
}

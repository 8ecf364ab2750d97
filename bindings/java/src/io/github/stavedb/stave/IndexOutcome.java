package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.RawConstants;

/** What has become of a change that was to happen only if a key has a certain value. */
public final class IndexOutcome {
  private static final IndexOutcome DONE = new IndexOutcome(RawConstants.STAVE_OK, 0);
  private static final IndexOutcome ABSENT = new IndexOutcome(RawConstants.STAVE_NOT_FOUND, 0);

  private final int status;
  private final long actual;

  private IndexOutcome(int status, long actual) {
    this.status = status;
    this.actual = actual;
  }

  static IndexOutcome of(int status, long actual) {
    if (status == RawConstants.STAVE_OK) {
      return DONE;
    }
    return status == RawConstants.STAVE_NOT_FOUND ? ABSENT : new IndexOutcome(status, actual);
  }

  /** Whether the key had the expected value, so that the change has happened. */
  public boolean isDone() {
    return status == RawConstants.STAVE_OK;
  }

  /** Whether the key does not exist. */
  public boolean isAbsent() {
    return status == RawConstants.STAVE_NOT_FOUND;
  }

  /**
   * The other value that the key has.
   *
   * @throws IllegalStateException it has none: {@link #isDone} or {@link #isAbsent} is true
   */
  public long actual() {
    if (status != RawConstants.STAVE_MISMATCH) {
      throw new IllegalStateException("no other value was in the way");
    }
    return actual;
  }
}

package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.RawConstants;

/** What has become of a {@link Store#compareAndSwap(byte[], byte[], byte[])}. */
public enum SwapOutcome {
  /** The key had the expected value, and has the new one. */
  SWAPPED,
  /** The key has another value, which stays. */
  MISMATCH,
  /** There is no such key. */
  ABSENT;

  static SwapOutcome of(int status) {
    switch (status) {
      case RawConstants.STAVE_OK:
        return SWAPPED;
      case RawConstants.STAVE_MISMATCH:
        return MISMATCH;
      default:
        return ABSENT;
    }
  }
}

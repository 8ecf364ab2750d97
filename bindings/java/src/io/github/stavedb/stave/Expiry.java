package io.github.stavedb.stave;

import java.time.Instant;

/** Times at which keys expire, as Java and as native code have them. */
final class Expiry {
  // STAVE_NEVER_EXPIRES, whose 64 bits are all set.
  private static final long NEVER = -1;
  // Write options travel in one long, with two bits for the durability.
  private static final Instant LAST = Instant.ofEpochMilli(Long.MAX_VALUE >> 2);

  private Expiry() {}

  /** Unix time in milliseconds, never 0, which stands for no choice. */
  static long millis(Instant time) {
    if (time.isAfter(LAST)) {
      return NEVER;
    }
    return time.isBefore(Instant.EPOCH) ? 1 : Math.max(time.toEpochMilli(), 1);
  }

  /** The reverse of it for what native code tells: 0 is never, and so are times beyond Java's numbers. */
  static Instant ofMillis(long millis) {
    return millis <= 0 ? Instant.MAX : Instant.ofEpochMilli(millis);
  }
}

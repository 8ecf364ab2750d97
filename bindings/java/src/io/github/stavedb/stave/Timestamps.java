package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.RawConstants;
import java.util.Locale;

/** Who keeps the time of a {@link Memtable}. */
public enum Timestamps {
  /** The table, for transactions and snapshots. */
  MANAGED(RawConstants.STAVE_TIMESTAMPS_MANAGED),
  /** The caller, in each call. */
  EXPLICIT(RawConstants.STAVE_TIMESTAMPS_EXPLICIT);

  final int number;

  Timestamps(int number) {
    this.number = number;
  }

  static Timestamps of(long number) {
    return number == EXPLICIT.number ? EXPLICIT : MANAGED;
  }

  /** The name in texts of options, such as {@code "explicit"}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.RawConstants;
import java.util.Locale;

/** Who knows the bytes of an index's keys. */
public enum KeyMode {
  /** The index keeps them. */
  OWNED(RawConstants.STAVE_KEYS_OWNED),
  /** An {@link IndexResolver} does: the index keeps none. */
  RESOLVED(RawConstants.STAVE_KEYS_RESOLVED),
  /** As {@link #OWNED}, with up to 16 bytes in the entry instead of 8. */
  OWNED16(RawConstants.STAVE_KEYS_OWNED16);

  final int number;

  KeyMode(int number) {
    this.number = number;
  }

  static KeyMode of(long number) {
    for (KeyMode mode : values()) {
      if (mode.number == number) {
        return mode;
      }
    }
    throw new IllegalArgumentException("no key mode has the number " + number);
  }

  /** The name in texts of options, such as {@code "owned"}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

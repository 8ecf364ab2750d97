package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.RawConstants;
import java.util.Locale;

/** How a store reads its files. */
public enum IoMode {
  /** With system calls: a failing device is an error. */
  BUFFERED(RawConstants.STAVE_IO_BUFFERED),
  /** Mapped into memory: pins copy nothing; a failing device ends the process (SIGBUS). */
  MMAP(RawConstants.STAVE_IO_MMAP);

  final int number;

  IoMode(int number) {
    this.number = number;
  }

  static IoMode of(long number) {
    for (IoMode mode : values()) {
      if (mode.number == number) {
        return mode;
      }
    }
    throw new IllegalArgumentException("no mode has the number " + number);
  }

  /** The name in texts of options, such as {@code "buffered"}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

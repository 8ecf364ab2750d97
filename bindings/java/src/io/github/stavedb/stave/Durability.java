package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.RawConstants;
import java.util.Locale;

/** How much a write survives once it has returned. */
public enum Durability {
  /** In {@link WriteOptions}: what the store was opened with. */
  DEFAULT(RawConstants.STAVE_DURABILITY_DEFAULT),
  /** May be lost with the process. Costs a copy. */
  MEMORY(RawConstants.STAVE_DURABILITY_MEMORY),
  /** Survives the end of the process, however it comes, but no power loss. Costs a copy. */
  OS(RawConstants.STAVE_DURABILITY_OS),
  /** Survives power loss. Costs a sync of the device, which all waiting writers share. */
  DEVICE(RawConstants.STAVE_DURABILITY_DEVICE);

  final int number;

  Durability(int number) {
    this.number = number;
  }

  static Durability of(long number) {
    for (Durability durability : values()) {
      if (durability.number == number) {
        return durability;
      }
    }
    throw new IllegalArgumentException("no durability has the number " + number);
  }

  /** The name in texts of options, such as {@code "device"}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

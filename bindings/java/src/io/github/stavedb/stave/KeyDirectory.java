package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.RawConstants;
import java.util.Locale;

/** Where a store keeps which record is a key's newest. */
public enum KeyDirectory {
  /** As the store was made; a new one in memory. */
  STORED(RawConstants.STAVE_KEYDIR_STORED),
  /** In memory: about 14 bytes a key. Opening reads the whole log. */
  MEMORY(RawConstants.STAVE_KEYDIR_MEMORY),
  /** In a file, about 40 bytes a key: for more keys than fit in memory, and for opening at once. */
  DISK(RawConstants.STAVE_KEYDIR_DISK);

  final int number;

  KeyDirectory(int number) {
    this.number = number;
  }

  static KeyDirectory of(long number) {
    for (KeyDirectory directory : values()) {
      if (directory.number == number) {
        return directory;
      }
    }
    throw new IllegalArgumentException("no key directory has the number " + number);
  }

  /** The name in texts of options, such as {@code "disk"}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

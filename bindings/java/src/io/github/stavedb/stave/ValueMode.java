package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.RawConstants;
import java.util.Locale;

/** Whether the values of a {@link CowMap} have one size. */
public enum ValueMode {
  /** Each value has a size of its own. */
  VARIABLE(RawConstants.STAVE_VALUES_VARIABLE),
  /** All have the size that the options say. */
  FIXED(RawConstants.STAVE_VALUES_FIXED);

  final int number;

  ValueMode(int number) {
    this.number = number;
  }

  static ValueMode of(long number) {
    return number == FIXED.number ? FIXED : VARIABLE;
  }

  /** The name in texts of options, such as {@code "fixed"}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

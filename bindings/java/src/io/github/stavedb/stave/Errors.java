package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.RawConstants;

/** The exceptions that this layer itself throws. */
final class Errors {
  private Errors() {}

  static StaveException closed(String what) {
    return StaveException.of(
        RawConstants.STAVE_CLOSED, "the " + what + " has been closed", 0, 0);
  }

  static StaveException notFound() {
    return StaveException.of(RawConstants.STAVE_NOT_FOUND, "there is no such key", 0, 0);
  }

  static StaveException tooLarge(String message) {
    return StaveException.of(RawConstants.STAVE_TOO_LARGE, message, 0, 0);
  }

  static StaveException invalidArgument(String message) {
    return StaveException.of(RawConstants.STAVE_INVALID_ARGUMENT, message, 0, 0);
  }
}

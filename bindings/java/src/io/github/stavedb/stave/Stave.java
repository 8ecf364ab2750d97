package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Raw;

/**
 * What belongs to the library as a whole.
 *
 * <p>The native code is in the jar. It is loaded on first use: from the file that the system property
 * {@code stave.library} names, else from a temporary copy of the jar's, else by {@link
 * System#loadLibrary}.
 */
public final class Stave {
  private Stave() {}

  /** The version of the library, such as {@code "0.1.0"}. */
  public static String version() {
    return Raw.stave_version_text();
  }

  /** The version as one number: major * 1000000 + minor * 1000 + patch. */
  public static long versionNumber() {
    return Raw.stave_version();
  }

  /**
   * The native objects of this process (stores, batches, indexes, cursors, pins) that have not been
   * freed: what a test looks at to find leaks. Closing gives back what they hold; the objects
   * themselves, about a kilobyte each, are freed once they are garbage, a pin when it is closed.
   */
  public static long liveHandles() {
    return Raw.stave_live_handles();
  }

  /** The name of a status in lower case, {@code "unknown"} for other numbers. */
  public static String statusName(int status) {
    return Raw.stave_status_name(status);
  }

  /** One sentence for people about a status. */
  public static String statusMessage(int status) {
    return Raw.stave_status_message(status);
  }
}

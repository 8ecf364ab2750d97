package io.github.stavedb.stave;

/** What {@link Store#verify(VerifyProgress)} calls to say how far it has come. */
@FunctionalInterface
public interface VerifyProgress {
  /**
   * Called from time to time, and at the end with {@code done == total}, on the thread that verifies.
   * It may read from the store that is verified; what writes to it, or closes it, throws {@link
   * StaveException.Busy}, and so does every method of a {@link DiskIndex}. An exception that it throws stops
   * the verification and comes out of {@code verify} unchanged.
   *
   * @param done bytes that have been checked
   * @param total bytes in all
   * @return true to go on; false stops the verification with {@link StaveException.Cancelled}
   */
  boolean onProgress(long done, long total);
}

package io.github.stavedb.stave;

/** What {@link Store#migrate(Migration, MigrateProgress)} calls to say how far it has come. */
@FunctionalInterface
public interface MigrateProgress {
  /**
   * Called after every commit of the migration, and at the end, on the thread that migrates. It may read
   * from the store; what writes to it, or closes it, throws {@link StaveException.Busy}. What it throws ends
   * the migration and comes out of it unchanged.
   *
   * @param done records that were visited
   * @param total about as many as there are in all; at least {@code done}
   * @param token says where a later migration goes on, also in another process; the array is the callback's
   * @return true to go on; false ends the migration with {@link StaveException.Cancelled}
   */
  boolean onProgress(long done, long total, byte[] token);
}

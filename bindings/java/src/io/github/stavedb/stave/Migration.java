package io.github.stavedb.stave;

/** What {@link Store#migrate(Migration)} calls for each record. */
@FunctionalInterface
public interface Migration {
  /**
   * Decides what becomes of a record. Runs on the thread that migrates, outside of all locks. It may read
   * from the store; what writes to it, or closes it, throws {@link StaveException.Busy}. What it throws ends
   * the migration and comes out of it unchanged.
   *
   * @param key the key, in an array of its own
   * @param value the value, in an array of its own, which may be changed and be the new value
   * @return never null
   */
  MigrateAction decide(byte[] key, byte[] value);
}

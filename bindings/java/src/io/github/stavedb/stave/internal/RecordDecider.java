package io.github.stavedb.stave.internal;

/** What native code calls while it changes all records of a store. */
public interface RecordDecider {
  /**
   * Decides about a record: one of STAVE_MIGRATE_KEEP, STAVE_MIGRATE_UPDATE, with the new value in
   * {@code updated[0]}, and STAVE_MIGRATE_REMOVE. The arrays are its own.
   */
  int decide(byte[] key, byte[] value, byte[][] updated);

  /** Is told how far the migration has come, and answers whether it goes on. */
  boolean onProgress(long done, long total, byte[] token);
}

package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.RawConstants;

/** What a {@link Migration} does with a record. */
public final class MigrateAction {
  /** The record stays as it is. */
  public static final MigrateAction KEEP = new MigrateAction(RawConstants.STAVE_MIGRATE_KEEP, null);

  /** The key is removed. */
  public static final MigrateAction REMOVE =
      new MigrateAction(RawConstants.STAVE_MIGRATE_REMOVE, null);

  final int number;
  final byte[] value;

  private MigrateAction(int number, byte[] value) {
    this.number = number;
    this.value = value;
  }

  /** The key gets another value, and expires as before. */
  public static MigrateAction update(byte[] value) {
    return new MigrateAction(RawConstants.STAVE_MIGRATE_UPDATE, Arguments.value(value));
  }
}

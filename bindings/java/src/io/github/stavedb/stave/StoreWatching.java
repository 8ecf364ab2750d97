package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import io.github.stavedb.stave.internal.RecordDecider;
import java.util.Objects;

/** The hooks of a {@link Store}, which see every change, and the change of all its records. */
abstract class StoreWatching extends StoreUpdates {
  private final StoreHooks hooks;

  StoreWatching(StoreHooks hooks) {
    super(hooks.handle);
    this.hooks = hooks;
  }

  /** The store is closed: no hook is called any more, and what they refer to may be garbage. */
  void releaseHooks() {
    hooks.release();
  }

  // ---- Hooks

  /** Adds a hook that sees no old values. See {@link #onWrite(StoreHook, boolean)}. */
  public void onWrite(StoreHook hook) {
    onWrite(hook, false);
  }

  /**
   * Adds a hook, which is called for every change of a key that is committed from now on until the store is
   * closed: by writes of one key, batches, {@code atomic}, {@code clear} and {@code migrate}, not by expiry.
   *
   * <p>It is called after the change is visible and before the write returns, in the writing thread and
   * outside of all locks of the store. Calls of all threads come one after the other, in the order of the
   * versions, so a slow hook slows all writes down, and a thread must not write while it holds a lock that a
   * hook waits for. Calls for the keys of one batch come in no particular order. Several hooks are called in
   * the order in which they were added, also after one of them has failed.
   *
   * <p>The hook, and what it refers to, stays in use until the store is closed, or is garbage, which a hook
   * that refers to it does not prevent. What a hook throws makes the write throw {@link
   * StaveException.HookFailed}, with the first such exception as the cause; the change stands.
   *
   * @param wantsOldValues whether it is shown the values that are replaced and removed, which costs each
   *     write a read; if one is damaged the write throws {@link StaveException.Corruption}
   * @throws StaveException.ReadOnly the store was opened for reading only
   */
  public void onWrite(StoreHook hook, boolean wantsOldValues) {
    hooks.add(Objects.requireNonNull(hook, "hook"), wantsOldValues);
  }

  /**
   * Calls the hook on this thread for every record, with its version and without an old value, in no
   * particular order: to build what hooks then keep in step. Takes time in proportion to the bytes in the
   * store.
   *
   * <p>Meant to be called after opening and before others write. Beside writers a record is visited as by a
   * {@link Cursor}: add the hook for writes first, and let the larger version count.
   *
   * @param hook what it throws ends the visit, and comes out of this method unchanged
   */
  public void onOpen(StoreHook hook) {
    Objects.requireNonNull(hook, "hook");
    Raw.stave_java_on_open(handle, (key, value, oldValue, expiresAt, version) -> {
      hook.onChange(new StoreChange(key, value, oldValue, expiresAt, version));
      return true;
    });
  }

  // ---- Changing all records

  /** Changes all records. See {@link #migrate(Migration, MigrateProgress, byte[], WriteOptions)}. */
  public long migrate(Migration migration) {
    return migrate(migration, (done, total, token) -> true);
  }

  /** Changes all records. See {@link #migrate(Migration, MigrateProgress, byte[], WriteOptions)}. */
  public long migrate(Migration migration, MigrateProgress progress) {
    return migrate(migration, progress, Arguments.EMPTY, WriteOptions.DEFAULT);
  }

  /**
   * Visits each record that existed when the migration began exactly once, beside any traffic, and does what
   * the migration decides; when keys expire stays as it was. Records are committed some hundred at a time;
   * one that another writer replaces or removes after the migration has seen it is left to that writer.
   * Takes time in proportion to the bytes in the store.
   *
   * <p>An interrupted migration, also one that a crash interrupted, goes on from the last token that its
   * progress was called with: what came before is as durable as the options asked for, and what came after,
   * for which the migration is called again, was not committed.
   *
   * @param token where to go on; empty: at the beginning
   * @return the number of records that this call has updated or removed
   * @throws StaveException.InvalidArgument the token is damaged, or of another store
   * @throws StaveException.Cancelled the progress callback asked to stop
   */
  public long migrate(
      Migration migration, MigrateProgress progress, byte[] token, WriteOptions options) {
    RecordDecider decider = new Decider(migration, progress);
    return Raw.stave_java_migrate(
        handle, decider, Objects.requireNonNull(token, "token"), options.number());
  }

  /** A migration as native code calls it. Hooks of its commits may have failed when it runs. */
  private static final class Decider implements RecordDecider {
    private final Migration migration;
    private final MigrateProgress progress;

    Decider(Migration migration, MigrateProgress progress) {
      this.migration = Objects.requireNonNull(migration, "migration");
      this.progress = Objects.requireNonNull(progress, "progress");
    }

    @Override
    public int decide(byte[] key, byte[] value, byte[][] updated) {
      Throwable thrown = RegisteredHook.takeThrown();
      MigrateAction action =
          Objects.requireNonNull(migration.decide(key, value), "the migration returned null");
      RegisteredHook.keepThrown(thrown);
      updated[0] = action.value;
      return action.number;
    }

    @Override
    public boolean onProgress(long done, long total, byte[] token) {
      Throwable thrown = RegisteredHook.takeThrown();
      boolean goesOn = progress.onProgress(done, total, token);
      RegisteredHook.keepThrown(thrown);
      return goesOn;
    }
  }
}

package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Raw;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A durable key-value store in a directory: bytes under keys that are bytes. It answers "what is stored
 * under this exact key?"; it does not sort.
 *
 * <pre>{@code
 * try (Store store = Store.open(Path.of("data"))) {
 *   store.put(key, value);
 *   byte[] found = store.get(key); // null when there is no such key
 * }
 * }</pre>
 *
 * <h2>Absent keys</h2>
 *
 * An absent key is {@code null} (or -1, or false: each method says), never an exception and never the
 * same as an empty value; {@link #getOrThrow} is for keys that must be there.
 *
 * <h2>Durability</h2>
 *
 * A write returns when it is as durable as was asked for, and other threads see it from that moment on,
 * never earlier: by default it then survives a power loss ({@link Durability#DEVICE}). When a sync
 * fails, the outcome of what it covered is unknown: those writes throw {@link
 * StaveException.InputOutput}, stay invisible, and further writes are refused while reads go on. Close
 * the store and open it again: recovery shows what the device really holds.
 *
 * <h2>Expiry</h2>
 *
 * A record may have a time from which on its key counts as absent, in every method: {@link
 * WriteOptions#expiresAt(java.time.Instant)} of a write, or {@link StoreOptions#defaultTtl()} of the store.
 * A call judges by the time of day at one moment during the call; a cursor by that of its opening. A thread
 * of the store (unless {@link StoreOptions#background()} is false) removes expired keys bit by bit; until
 * then they count in {@link #size}. What it has removed stays removed when the clock goes backwards.
 *
 * <h2>Limits</h2>
 *
 * Keys have 0 to 65,535 bytes, values 0 bytes to 1 GiB, a batch 2^32-1 records and 16 GiB. Beyond a
 * limit: {@link StaveException.TooLarge}, and nothing is written.
 *
 * <h2>Errors</h2>
 *
 * Every method throws {@link StaveException.Closed} after {@link #close}, {@link
 * StaveException.NoMemory} when native memory is lacking, {@link NullPointerException} for a {@code
 * null} argument. Writes throw {@link StaveException.TooLarge}, {@link StaveException.ReadOnly}, {@link
 * StaveException.NoSpace} (nothing is written, writes succeed again when there is space), {@link
 * StaveException.InputOutput} and {@link StaveException.HookFailed} (it is written, {@link
 * #onWrite(StoreHook, boolean)}); reads {@link StaveException.Corruption} and {@link
 * StaveException.InputOutput}.
 *
 * <h2>Bytes</h2>
 *
 * Arrays are copied before a call returns, and those that are returned are fresh. Of a {@link
 * ByteBuffer} the bytes from position to limit count. Direct buffers are not copied on the Java side,
 * others are copied into direct ones.
 *
 * <h2>Threads</h2>
 *
 * Any number of threads may use a store at the same time, and any of them may close it: close waits for
 * the calls that are inside. A store that is never closed is closed and freed once it is garbage; do
 * not rely on it, since the directory stays locked until then.
 */
public final class Store extends StoreWatching
    implements AutoCloseable, Iterable<Entry> {
  private Store(long pointer) {
    super(new StoreHooks(pointer));
  }

  // ---- Opening

  /** Opens or creates the store in a directory, with the default options. See {@link #open(String, StoreOptions)}. */
  public static Store open(Path directory) {
    return open(directory.toString(), new StoreOptions());
  }

  /** Opens the store in a directory. See {@link #open(String, StoreOptions)}. */
  public static Store open(Path directory, StoreOptions options) {
    return open(directory.toString(), options);
  }

  /**
   * Opens the store in a directory, creating it (not its parents) when the options allow. Recovery
   * after a crash runs by itself, see {@link #stats}. Takes time in proportion to the log.
   *
   * @param directory the directory's name, passed on in UTF-8
   * @param options are read before the call returns
   * @throws StaveException.NotFound there is no store and none may be created, or the parent directory
   *     is missing
   * @throws StaveException.Exists there is one, and the options ask for none
   * @throws StaveException.InvalidArgument an option is out of range or differs from the stored one
   * @throws StaveException.Locked it is open elsewhere; the message has the holder's process number
   * @throws StaveException.Corruption damaged or foreign files; nothing was changed
   * @throws StaveException.UnsupportedVersion it has a format that this library cannot read
   * @throws StaveException.WrongFamily the directory belongs to another kind of store
   * @throws StaveException.PermissionDenied the operating system denies access
   */
  public static Store open(String directory, StoreOptions options) {
    byte[] path = Arguments.text(directory, "directory");
    return new Store(Raw.stave_store_open(path, options.members));
  }

  /** The options in force: defaults filled in, stored ones read. Changing them has no effect. */
  public StoreOptions options() {
    StoreOptions options = new StoreOptions();
    Raw.stave_store_options_get(handle, options.members);
    return options;
  }

  /**
   * Waits for running calls, makes everything durable, marks the store as cleanly closed and unlocks
   * the directory. Any number of times.
   *
   * @throws StaveException.InputOutput that cannot be done: the store is closed all the same, the next
   *     open recovers, and what was acknowledged as durable is there; {@link
   *     StaveException.NoSpace} likewise
   * @throws StaveException.Busy from inside a callback of this store
   */
  @Override
  public void close() {
    boolean isClosed = true;
    try {
      Raw.stave_store_close(handle);
    } catch (StaveException.Busy e) {
      isClosed = false;
      throw e;
    } finally {
      if (isClosed) {
        releaseHooks();
      }
    }
  }

  // ---- Cursors

  /** A cursor over all records. */
  public Cursor cursor() {
    return cursor(CursorOptions.ALL);
  }

  /** A cursor over the records that the options name. */
  public Cursor cursor(CursorOptions options) {
    return new Cursor(handle, options);
  }

  /**
   * All records, from a {@link Cursor} of its own, which is closed behind the last one, and else when the
   * iterator is garbage. A loop that ends early had better use {@link #cursor()} in a try statement.
   */
  @Override
  public Iterator<Entry> iterator() {
    return cursor().iterator();
  }

  /** All records, from a {@link Cursor} of its own, which closing the stream closes. */
  public Stream<Entry> stream() {
    return cursor().stream();
  }

  // ---- Keeping and checking

  /** Everything acknowledged so far survives the end of the process: {@link Durability#OS}. */
  public void flush() {
    Raw.stave_store_flush(handle);
  }

  /** Everything acknowledged so far survives power loss: {@link Durability#DEVICE}. */
  public void sync() {
    Raw.stave_store_sync(handle);
  }

  /** Syncs and saves a key directory on disk: an open after a crash reads what is logged later. */
  public void checkpoint() {
    Raw.stave_store_checkpoint(handle);
  }

  /** Counters and sizes. Takes time in proportion to the number of log files. */
  public StoreStats stats() {
    long[] members = new long[StoreStats.COUNT];
    Raw.stave_store_stats_get(handle, members);
    return new StoreStats(members);
  }

  /** Checks every byte of the store. See {@link #verify(VerifyProgress)}. */
  public void verify() {
    Raw.stave_java_verify(handle, null);
  }

  /**
   * Reads the whole log, checks every byte that a checksum covers, and proves that the index holds
   * exactly the newest record of every key. Runs beside any traffic. Takes time in proportion to the
   * bytes in the store, and native memory in proportion to the keys.
   *
   * @param progress is called on this thread; an exception that it throws comes out of this method
   *     unchanged
   * @throws StaveException.Corruption names the first damage
   * @throws StaveException.Cancelled the progress callback asked to stop
   */
  public void verify(VerifyProgress progress) {
    Raw.stave_java_verify(handle, Objects.requireNonNull(progress, "progress"));
  }
}

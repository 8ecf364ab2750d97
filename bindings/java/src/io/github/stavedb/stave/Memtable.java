package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import io.github.stavedb.stave.internal.Scratch;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A multi-version table in memory: bytes under keys that are bytes, with the versions of each key that
 * somebody may still read. Readers see one moment and take no lock; the first writer of a key wins; a
 * commit of any number of keys is visible as a whole or not at all. Nothing is written to disk, and
 * nothing of it is on Java's heap.
 *
 * <pre>{@code
 * try (Memtable table = Memtable.create()) {
 *   table.transact(transaction -> transaction.put(key, value));
 *   try (MemtableSnapshot snapshot = table.snapshot()) {
 *     byte[] found = snapshot.get(key);
 *   }
 * }
 * }</pre>
 *
 * <h2>Two ways to use it, chosen when it is made</h2>
 *
 * {@link Timestamps#MANAGED}: the table keeps the time. Transactions ({@link #transact}, {@link #begin})
 * read at the moment of their begin and see their own writes; a {@link #snapshot} reads at the moment of
 * its. Old versions are freed when nobody can see them. This is what most programs want.
 *
 * <p>{@link Timestamps#EXPLICIT}: the caller brings the timestamps. A transaction is a number that is not
 * 0: it exists from its first write to its commit, or to the abort of its last key; then the number is
 * free again. Reads and commits say at which timestamp, and only {@link #prune} frees. For engines with a
 * clock of their own. Timestamps and numbers are unsigned.
 *
 * <p>A call of the other way is a {@link StaveException.InvalidArgument}.
 *
 * <h2>Visibility and conflicts</h2>
 *
 * A version is visible to a snapshot with timestamp s if it is committed at a timestamp below s; the
 * newest such one counts. A transaction sees its own uncommitted write of a key first. A removed key has a
 * version too, so that the removal can be seen or not be seen. About conflicts see {@link
 * MemtableTransaction}; in an explicit table only uncommitted writes conflict. This is snapshot isolation:
 * no lost updates, no reads of uncommitted or changing data; two transactions that each write what the
 * other only reads can both commit.
 *
 * <h2>Limits</h2>
 *
 * Keys have 0 to 65,535 bytes, values 0 bytes to 1 GiB; beyond: {@link StaveException.TooLarge}, and
 * nothing is written. Commit timestamps are from 1 to 2^63-1.
 *
 * <h2>Errors</h2>
 *
 * Every method throws {@link StaveException.Closed} after {@link #close}, {@link
 * StaveException.NoMemory} when native memory is lacking (nothing is changed), and {@link
 * NullPointerException} for a {@code null} argument.
 *
 * <h2>Threads</h2>
 *
 * Any number of threads may use a table at the same time, and any of them may close it. A table that is
 * never closed is closed and freed once it is garbage, which its transactions and snapshots do not
 * prevent: keep the table.
 */
public final class Memtable implements AutoCloseable {
  /** What {@link #read(byte[], long, long, byte[])} returns of a key that is not there. */
  public static final int ABSENT = -1;

  /** What {@link #read(byte[], long, long, byte[])} returns of a removed key. */
  public static final int DELETED = -3; // the same in native/reading.h, as the other two

  private static final int TOO_LARGE = -2;

  private final Handle handle;

  private Memtable(long pointer) {
    handle = new Handle(pointer, Raw::freeMemtable);
  }

  /** An empty table with the default options. */
  public static Memtable create() {
    return create(new MemtableOptions());
  }

  /**
   * An empty table.
   *
   * @param options are read before the call returns
   * @throws StaveException.InvalidArgument an option is out of range
   */
  public static Memtable create(MemtableOptions options) {
    return new Memtable(Raw.stave_memtable_create(options.members));
  }

  /** The options that the table was made with. Changing them has no effect. */
  public MemtableOptions options() {
    MemtableOptions options = new MemtableOptions();
    Raw.stave_memtable_options_get(handle, options.members);
    return options;
  }

  /**
   * Ends the table; uncommitted writes are lost, pins keep their bytes. Any number of times. The memory
   * goes with the last of the table, its transactions, snapshots and cursors.
   *
   * @throws StaveException.Busy from inside a function of {@link #readWith}
   */
  @Override
  public void close() {
    Raw.stave_memtable_close(handle);
  }

  // ---- Managed tables

  /** Begins a transaction that reads at this moment. */
  public MemtableTransaction begin() {
    return new MemtableTransaction(Raw.stave_memtable_begin(handle));
  }

  /**
   * Begins a transaction, calls the body with it, and commits what that has written. When the body throws,
   * the transaction is rolled back, and the exception comes out unchanged. After a {@link
   * StaveException.Conflict} the call may be made again; its body then reads what the other transaction
   * has written.
   *
   * @return the commit's timestamp, 0 when nothing was written
   */
  public long transact(Consumer<MemtableTransaction> body) {
    Objects.requireNonNull(body, "body");
    try (MemtableTransaction transaction = begin()) {
      body.accept(transaction);
      return transaction.commit();
    }
  }

  /** Opens a snapshot of this moment. */
  public MemtableSnapshot snapshot() {
    return new MemtableSnapshot(Raw.stave_memtable_snapshot_open(handle));
  }

  // ---- Explicit tables: reading

  /**
   * The value that is visible at a timestamp, as a fresh array.
   *
   * @param snapshot any timestamp
   * @param transaction whose uncommitted writes are seen first; 0 for none
   * @throws StaveException.TooOld below what {@link #prune} was told to keep
   */
  public Visible<byte[]> read(byte[] key, long snapshot, long transaction) {
    if (Scratch.holds(Arguments.key(key).length, 0)) {
      ByteBuffer memory = Scratch.put(Scratch.memory(), key);
      int size = readFilled(memory, key.length, snapshot, transaction);
      if (size >= 0) {
        byte[] value = new byte[size];
        memory.get(value);
        return Visible.of(value);
      } else if (size != TOO_LARGE) {
        return Visible.none(size == DELETED);
      }
    }
    boolean[] deleted = {false};
    byte[] value = Raw.stave_java_memtable_read(handle, key, snapshot, transaction, deleted);
    return Visible.ofNullable(value, deleted[0]);
  }

  /**
   * The same, copied into the array from index 0 on.
   *
   * @return the value's size in bytes, {@link #ABSENT} or {@link #DELETED}
   * @throws StaveException.BufferTooSmall the value does not fit; the array is as before
   * @throws StaveException.TooOld below what {@link #prune} was told to keep
   */
  public int read(byte[] key, long snapshot, long transaction, byte[] target) {
    Objects.requireNonNull(target, "target");
    if (Scratch.holds(Arguments.key(key).length, 0)) {
      ByteBuffer memory = Scratch.put(Scratch.memory(), key);
      int size = readFilled(memory, key.length, snapshot, transaction);
      if (size != TOO_LARGE && size <= target.length) {
        if (size > 0) {
          memory.get(target, 0, size);
        }
        return size;
      }
    }
    return Raw.stave_java_memtable_read_into(
        handle, key, snapshot, transaction, target, 0, target.length);
  }

  /** Reads the value behind the key at the memory's position: its size or what stands instead. */
  private int readFilled(ByteBuffer memory, int keySize, long snapshot, long transaction) {
    long key = Scratch.address(memory);
    return Raw.stave_java_memtable_read_at(
        handle, key, keySize, snapshot, transaction, key + keySize, memory.remaining());
  }

  /**
   * The same as a pin, without a copy if the value has more than 56 bytes.
   *
   * @throws StaveException.TooOld below what {@link #prune} was told to keep
   */
  public Visible<Pin> readPin(byte[] key, long snapshot, long transaction) {
    boolean[] deleted = {false};
    long pointer = Raw.stave_java_memtable_read_pin(
        handle, Arguments.key(key), snapshot, transaction, deleted);
    return Visible.ofNullable(pointer == 0 ? null : new Pin(pointer), deleted[0]);
  }

  /**
   * The same as what a function makes of the value, which it is given in an array of its own. Not called
   * if there is no value. It may use the table, also by this method, and take its time; only {@link
   * #close} throws {@link StaveException.Busy}. What it throws comes out of the call unchanged.
   *
   * @throws StaveException.TooOld below what {@link #prune} was told to keep
   */
  public <R> Visible<R> readWith(
      byte[] key, long snapshot, long transaction, Function<byte[], R> reader) {
    boolean[] told = {false, false}; // that the key is removed; that the reader was called
    // What the reader has made comes back from it as it is.
    @SuppressWarnings("unchecked")
    R made = (R) Raw.stave_java_memtable_read_with(handle, Arguments.key(key), snapshot, transaction,
        Objects.requireNonNull(reader, "reader"), told);
    return told[1] ? Visible.of(made) : Visible.none(told[0]);
  }

  /**
   * The values of many keys in their order.
   *
   * @throws StaveException.TooOld below what {@link #prune} was told to keep
   */
  public List<Visible<byte[]>> multiRead(
      Collection<byte[]> keys, long snapshot, long transaction) {
    byte[][] array = keys.toArray(new byte[0][]);
    List<Visible<byte[]>> values = new ArrayList<>(array.length);
    read(array, snapshot, transaction, values);
    return values;
  }

  /** In halves when no one array holds all the values. */
  private void read(
      byte[][] keys, long snapshot, long transaction, List<Visible<byte[]>> values) {
    long[] sizes = new long[keys.length];
    byte[] joined = Raw.stave_java_memtable_multi_read(handle, new Joined(keys).bytes,
        Joined.keySizes(keys), keys.length, snapshot, transaction, sizes);
    if (joined == null) {
      int middle = keys.length / 2;
      read(Arrays.copyOfRange(keys, 0, middle), snapshot, transaction, values);
      read(Arrays.copyOfRange(keys, middle, keys.length), snapshot, transaction, values);
      return;
    }
    byte[][] parts = MultiGet.split(joined, sizes, sizes.length);
    for (int i = 0; i < parts.length; i++) {
      values.add(Visible.ofSized(parts[i], sizes[i]));
    }
  }

  // ---- Explicit tables: writing

  /**
   * Writes the key for a transaction; replaces what that wrote to the key before.
   *
   * @throws StaveException.Conflict another transaction has an uncommitted write of the key
   */
  public void write(byte[] key, byte[] value, long transaction) {
    if (Scratch.holds(Arguments.key(key).length, Arguments.value(value).length)) {
      long at = Scratch.fill(key, value);
      Raw.memtable_write_at(handle, at, key.length, at + key.length, value.length, transaction);
    } else {
      Raw.stave_java_memtable_write(handle, key, value, transaction);
    }
  }

  /**
   * The same for the removal of the key; an absent one too.
   *
   * @throws StaveException.Conflict another transaction has an uncommitted write of the key
   */
  public void writeTombstone(byte[] key, long transaction) {
    Raw.stave_java_memtable_write_tombstone(handle, Arguments.key(key), transaction);
  }

  /**
   * Writes many keys, one after the other. Stops at the first that fails; those before it stay.
   *
   * @throws StaveException.Conflict says how many were written before it
   */
  public void multiWrite(Collection<MemtableRecord> records, long transaction) {
    MemtableWrites writes = new MemtableWrites(records);
    Raw.stave_java_memtable_multi_write(handle, writes.keys, writes.keySizes, writes.values,
        writes.valueSizes, writes.count, transaction);
  }

  /**
   * Makes the transaction's writes visible at once, at a timestamp. Commits may come in any order of
   * timestamps.
   *
   * @param keys all that it wrote and no others; one may come twice
   * @throws StaveException.InvalidArgument they are not; the timestamp is 0 or above 2^63-1; one of the
   *     keys has a version with this timestamp already. Nothing is changed.
   */
  public void commit(long transaction, long timestamp, Collection<byte[]> keys) {
    byte[][] array = keys.toArray(new byte[0][]);
    Raw.stave_memtable_commit(handle, transaction, timestamp, new Joined(array).bytes,
        Joined.keySizes(array), array.length);
  }

  /**
   * Takes back the transaction's writes to these keys; others stay. Keys that it has not written are
   * ignored.
   */
  public void abort(long transaction, Collection<byte[]> keys) {
    byte[][] array = keys.toArray(new byte[0][]);
    Raw.stave_memtable_abort(
        handle, transaction, new Joined(array).bytes, Joined.keySizes(array), array.length);
  }

  /** Whether a write of the key for this transaction would be a conflict now. */
  public boolean hasWriteConflict(byte[] key, long transaction) {
    return Raw.stave_memtable_has_write_conflict(handle, Arguments.key(key), transaction) != 0;
  }

  /**
   * A cursor at a timestamp.
   *
   * @param transaction whose uncommitted writes are seen too; 0 for none
   */
  public MemtableCursor cursor(long snapshot, long transaction, MemtableCursorOptions options) {
    return new MemtableCursor(Raw.stave_java_memtable_cursor_open(handle, snapshot, transaction,
        options.prefix, options.keysOnly, options.tombstones), new Object(), this);
  }

  // ---- The whole table

  /** The number of keys whose newest committed version is a value. Exact when nobody commits. */
  public long size() {
    return Raw.stave_memtable_size(handle);
  }

  /** Memory of keys, versions and values, uncommitted ones included. */
  public long sizeBytes() {
    return Raw.stave_memtable_size_bytes(handle);
  }

  /** Whether there is no version of any key: no value, no removal, no uncommitted write. */
  public boolean isEmpty() {
    return Raw.stave_memtable_is_empty(handle) != 0;
  }

  /**
   * Frees versions that nobody will read.
   *
   * @param oldest in an explicit table: keeps what snapshots with this timestamp or a later one can see.
   *     Each key's newest version below it stays, be it a removal, and everything newer; reads below it
   *     throw {@link StaveException.TooOld} from now on. In a managed table: 0, and frees at once what
   *     the library would free by itself.
   * @return how many versions
   */
  public long prune(long oldest) {
    return Raw.stave_memtable_prune(handle, oldest);
  }

  /**
   * Removes everything at one moment.
   *
   * @throws StaveException.Busy a transaction that has written is open; in a managed table: any
   *     transaction, snapshot or cursor
   */
  public void clear() {
    Raw.stave_memtable_clear(handle);
  }

  /** Keys, versions, memory and open moments. */
  public MemtableStats stats() {
    long[] members = new long[MemtableStats.COUNT];
    Raw.stave_memtable_stats_get(handle, members);
    return new MemtableStats(members);
  }
}

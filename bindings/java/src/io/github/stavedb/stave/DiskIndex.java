package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import io.github.stavedb.stave.internal.RawConstants;
import io.github.stavedb.stave.internal.RecordSource;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A persistent hash index from 128-bit keys to records of one fixed size, in one file that is mapped into
 * memory. It finds the record of an exact key with one page of the file, and opens in the same time at
 * every size. It is meant to stand beside data of your own: the key is a hash or an id, the record says
 * where the data lies.
 *
 * <pre>{@code
 * try (DiskIndex index = DiskIndex.open(Path.of("blobs.idx"))) {
 *   index.put(key, new Payload(4096, 700, 1800, Codec.LZ4).toRecord());
 *   byte[] record = index.get(key); // null when there is no such key
 *   index.save(0);
 * }
 * }</pre>
 *
 * <h2>Keys and records</h2>
 *
 * Keys have 16 bytes, and need not be random. Records are either a {@link Payload}, which is the default,
 * or as many bytes as the record size with which the file was made, which mean nothing to the index. A key
 * or a record of another size is a {@link StaveException.InvalidArgument}.
 *
 * <h2>What survives</h2>
 *
 * A write that returned survives the end of the process. After a power loss an open shows everything up to
 * the last save, checkpoint, load or close that returned, and of what came later a prefix. Damaged bytes
 * are {@link StaveException.Corruption}, at open or for the keys they concern; all others are served.
 * {@link #rebuild} makes the file anew. A device that fails under a read of the mapped file ends the
 * process; a full disk is {@link StaveException.NoSpace} of the write.
 *
 * <h2>Errors</h2>
 *
 * Every method throws {@link StaveException.Closed} after {@link #close}, {@link StaveException.NoMemory},
 * and {@link NullPointerException} for a {@code null} argument. Writes throw {@link
 * StaveException.ReadOnly}, {@link StaveException.NoSpace} (nothing is written) and {@link
 * StaveException.InputOutput}.
 *
 * <h2>Threads</h2>
 *
 * Any number of threads may use an index at the same time, and any of them may close it. Readers never
 * wait, writers take turns. One process writes, or any number read. An index that is never closed is closed
 * and freed once it is garbage; do not rely on it, since the file stays locked until then.
 */
public final class DiskIndex implements AutoCloseable, Iterable<Entry> {
  /** The number of bytes of a key. */
  public static final int KEY_SIZE = 16;

  private final Handle handle;
  private final int recordSize;

  private DiskIndex(long pointer) {
    handle = new Handle(pointer, Raw::freeDiskIndex);
    recordSize = options().recordSize();
  }

  /** Opens or makes the file, with the default options. See {@link #open(Path, DiskIndexOptions)}. */
  public static DiskIndex open(Path path) {
    return open(path, new DiskIndexOptions());
  }

  /**
   * Opens the file, and makes it when the options allow.
   *
   * @param options are read before the call returns
   * @throws StaveException.NotFound there is no file and none may be made, or its directory is missing
   * @throws StaveException.Exists there is one, and the options ask for none
   * @throws StaveException.InvalidArgument an option is out of range, or the record size differs from the
   *     file's
   * @throws StaveException.Locked it is open elsewhere; the message has the holder's process number
   * @throws StaveException.Corruption a damaged, cut or foreign file; nothing was changed
   */
  public static DiskIndex open(Path path, DiskIndexOptions options) {
    return new DiskIndex(Raw.stave_disk_index_open(
        Arguments.text(path.toString(), "path"), options.members));
  }

  /**
   * Makes the file anew from records, whatever stands there now: the repair for a damaged one. The old file
   * stays until the new one is complete and durable, and for good if that fails.
   *
   * @param options as for an open; record size 0 makes payload records
   * @param records what their iterator throws comes out of this method unchanged
   * @throws StaveException.Locked somebody has the file open
   */
  public static void rebuild(Path path, DiskIndexOptions options, Iterable<Entry> records) {
    int size = options.recordSize() == 0 ? Payload.SIZE : options.recordSize();
    Raw.stave_java_disk_index_rebuild(Arguments.text(path.toString(), "path"), options.members,
        size, source(records, size));
  }

  /** The options in force: defaults filled in, the file's record size read (24 for payloads). */
  public DiskIndexOptions options() {
    DiskIndexOptions options = new DiskIndexOptions();
    Raw.stave_disk_index_options_get(handle, options.members);
    return options;
  }

  /**
   * Waits for running calls, saves (see {@link #save}) and unlocks the file. Any number of times.
   *
   * @throws StaveException.InputOutput that cannot be done: the index is closed all the same
   * @throws StaveException.Busy from inside a callback of this index
   */
  @Override
  public void close() {
    Raw.stave_disk_index_close(handle);
  }

  // ---- Records

  /** Stores the record, whether or not the key exists. */
  public void put(byte[] key, byte[] record) {
    Raw.stave_disk_index_put(handle, Arguments.key(key), Arguments.value(record));
  }

  /** Stores the record if the key is absent; says whether it was. */
  public boolean insert(byte[] key, byte[] record) {
    return done(Raw.stave_disk_index_insert(handle, Arguments.key(key), Arguments.value(record)));
  }

  /** Removes the key; says whether it existed. */
  public boolean remove(byte[] key) {
    return done(Raw.stave_disk_index_remove(handle, Arguments.key(key)));
  }

  /** The record as a fresh array, or null if there is no such key. */
  public byte[] get(byte[] key) {
    return Raw.stave_java_disk_index_get(handle, Arguments.key(key), recordSize);
  }

  /**
   * The record as a fresh array.
   *
   * @throws StaveException.NotFound there is no such key
   */
  public byte[] getOrThrow(byte[] key) {
    byte[] record = get(key);
    if (record == null) {
      throw Errors.notFound();
    }
    return record;
  }

  /** Whether the key exists. */
  public boolean contains(byte[] key) {
    return done(Raw.stave_disk_index_contains(handle, Arguments.key(key)));
  }

  /** The number of keys. */
  public long size() {
    return Raw.stave_disk_index_size(handle);
  }

  /**
   * Stores many records in one crossing, each as a put of its own: a failure leaves those before it stored.
   */
  public void multiPut(Collection<Entry> records) {
    byte[][] keys = records.stream().map(Entry::key).toArray(byte[][]::new);
    byte[][] values = records.stream().map(Entry::value).toArray(byte[][]::new);
    Raw.stave_java_disk_index_multi_put(handle, join(keys, KEY_SIZE), join(values, recordSize),
        recordSize, keys.length);
  }

  /**
   * The records of many keys in their order, null for the absent ones. Each key is read atomically, the
   * whole is not one snapshot.
   */
  public List<byte[]> multiGet(Collection<byte[]> keys) {
    byte[][] all = keys.toArray(new byte[0][]);
    boolean[] found = new boolean[all.length];
    byte[] joined = Raw.stave_java_disk_index_multi_get(
        handle, join(all, KEY_SIZE), recordSize, all.length, found);
    byte[][] records = new byte[all.length][];
    for (int i = 0; i < records.length; i++) {
      records[i] = found[i]
          ? Arrays.copyOfRange(joined, i * recordSize, (i + 1) * recordSize) : null;
    }
    return Arrays.asList(records);
  }

  /** One of another size would shift all that follow. */
  private static byte[] join(byte[][] parts, int size) {
    for (byte[] part : parts) {
      check(part, size);
    }
    return new Joined(parts).bytes;
  }

  private static byte[] check(byte[] bytes, int size) {
    if (bytes.length != size) {
      throw Errors.invalidArgument("a key or a record has a wrong size");
    }
    return bytes;
  }

  // ---- Loading

  /**
   * Adds all records, far faster than puts. Of a key that comes twice, or is there already, the later
   * record counts. It is one change: readers, and an open after a crash, see all of it or nothing; on
   * return it is durable. Other writers wait.
   *
   * @param records their iterator may not use this index ({@link StaveException.Busy}); what it throws
   *     comes out of this method unchanged, and nothing is added
   */
  public void bulkLoad(Iterable<Entry> records) {
    Raw.stave_java_disk_index_bulk_load(handle, recordSize, source(records, recordSize));
  }

  private static RecordSource source(Iterable<Entry> records, int recordSize) {
    Iterator<Entry> each = Objects.requireNonNull(records, "records").iterator();
    return (ByteBuffer keys, ByteBuffer values) -> {
      int count = 0;
      for (; keys.hasRemaining() && each.hasNext(); count++) {
        Entry next = each.next();
        keys.put(check(next.key(), KEY_SIZE));
        values.put(check(next.value(), recordSize));
      }
      return count;
    };
  }

  /**
   * Allocates space for so many keys in all, so that puts up to there do not meet a full disk while merges
   * keep pace.
   *
   * @throws StaveException.TooLarge no file can have so many
   */
  public void reserve(long entries) {
    Raw.stave_disk_index_reserve(handle, entries);
  }

  // ---- All records

  /** A cursor over all records. */
  public DiskIndexCursor cursor() {
    return new DiskIndexCursor(handle, recordSize);
  }

  /**
   * All records, from a {@link DiskIndexCursor} of its own, which is closed behind the last one, and else
   * when the iterator is garbage.
   */
  @Override
  public Iterator<Entry> iterator() {
    return cursor().iterator();
  }

  /** All records, from a {@link DiskIndexCursor} of its own, which closing the stream closes. */
  public Stream<Entry> stream() {
    return cursor().stream();
  }

  // ---- Keeping and checking

  /**
   * Everything written so far survives a power loss when this returns. Two syncs, and nothing is rewritten.
   *
   * @param lsn a number of yours that stays in the file: a caller with a log of its own stores here up to
   *     where the index follows it, and replays the rest after an open ({@link DiskIndexStats#lsn})
   */
  public void save(long lsn) {
    Raw.stave_disk_index_save(handle, lsn);
  }

  /**
   * The same, and merges all changes first, so that the log is empty. Rewrites up to the whole file.
   * Writers wait.
   */
  public void checkpoint(long lsn) {
    Raw.stave_disk_index_checkpoint(handle, lsn);
  }

  /**
   * Writes the file anew as small as it can be, under the name FILE.new, and puts it in the old one's place.
   * Writers wait, readers do not.
   */
  public void shrinkToFit() {
    Raw.stave_disk_index_shrink_to_fit(handle);
  }

  /** Counters and sizes. Waits for a running merge step. */
  public DiskIndexStats stats() {
    long[] members = new long[DiskIndexStats.COUNT];
    Raw.stave_disk_index_stats_get(handle, members);
    return new DiskIndexStats(members);
  }

  /** Reads everything and checks it. See {@link #verify(VerifyProgress)}. */
  public void verify() {
    Raw.stave_java_disk_index_verify(handle, null);
  }

  /**
   * Reads everything and checks it. Runs beside readers and writers. Takes time in proportion to the bytes
   * of the file.
   *
   * @param progress as that of {@link Store#verify(VerifyProgress)}, with segments done and in all
   * @throws StaveException.Corruption names the first damage
   * @throws StaveException.Cancelled the progress callback asked to stop
   */
  public void verify(VerifyProgress progress) {
    Raw.stave_java_disk_index_verify(handle, Objects.requireNonNull(progress, "progress"));
  }

  private static boolean done(int status) {
    return status == RawConstants.STAVE_OK;
  }
}

package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import io.github.stavedb.stave.internal.RawConstants;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Visits every key that is visible at its moment exactly once, in no particular order, beside any
 * traffic.
 *
 * <p>The ways through a cursor share its place: {@link #next}, {@link #nextMany}, and {@link #iterator}
 * or {@link #stream}, which fetch ahead. They throw {@link StaveException.TooOld} when {@link
 * Memtable#prune} has passed the moment.
 *
 * <p>Thread safety: calls from several threads wait for each other. Every call but {@code close} throws
 * {@link StaveException.Closed} after a close of the cursor, or of the table, the snapshot or the
 * transaction that it was opened on.
 */
public final class MemtableCursor implements AutoCloseable, Iterable<MemtableRecord> {
  // What one nextMany may bring: far below what an array holds even with one largest value behind.
  private static final int COUNT_MAX = 1 << 16;
  private static final int BYTES_MAX = 1 << 28;

  private final Handle handle;
  // Of the transaction, if it has one.
  private final Object lock;

  /** The owner is closed by the collector when nobody refers to it any more, but not under a cursor. */
  MemtableCursor(long pointer, Object lock, AutoCloseable owner) {
    handle = new Handle(pointer, Raw::freeMemtableCursor, owner);
    this.lock = lock;
  }

  /** Moves to the next record; false when there is none, then and ever after. */
  public boolean next() {
    synchronized (lock) {
      return Raw.stave_memtable_cursor_next(handle) == RawConstants.STAVE_OK;
    }
  }

  /**
   * The key of the record that the cursor stands on, as a fresh array.
   *
   * @throws StaveException.InvalidArgument before the first and after the last record
   */
  public byte[] key() {
    synchronized (lock) {
      return Raw.stave_memtable_cursor_key(handle);
    }
  }

  /**
   * The value of the record that the cursor stands on, as a fresh array; null of a removed key.
   *
   * @throws StaveException.InvalidArgument before the first and after the last record
   */
  public byte[] value() {
    synchronized (lock) {
      return deleted() ? null : Raw.stave_memtable_cursor_value(handle);
    }
  }

  /**
   * Whether the key of the record that the cursor stands on is removed.
   *
   * @throws StaveException.InvalidArgument before the first and after the last record
   */
  public boolean deleted() {
    synchronized (lock) {
      return Raw.stave_memtable_cursor_deleted(handle) != 0;
    }
  }

  /**
   * Moves over several records and returns them, in one crossing into native code. The cursor stands on
   * no record afterwards.
   *
   * @param countMax at most so many records
   * @param bytesMax stops early once the keys and values have so many bytes
   * @return at least one record; an empty list when there is none left
   */
  public List<MemtableRecord> nextMany(int countMax, int bytesMax) {
    if (countMax < 0 || bytesMax < 0) {
      throw Errors.invalidArgument("countMax and bytesMax are 0 or more");
    }
    int count = Math.min(countMax, COUNT_MAX);
    long[] sizes = new long[2 * count + 1];
    synchronized (lock) {
      byte[] records = Raw.stave_java_memtable_next_many(
          handle, count, Math.min(bytesMax, BYTES_MAX), sizes);
      return records == null ? List.of() : split(records, sizes);
    }
  }

  private static List<MemtableRecord> split(byte[] records, long[] sizes) {
    int count = (int) sizes[sizes.length - 1];
    List<MemtableRecord> all = new ArrayList<>(count);
    int at = 0;
    for (int i = 0; i < count; i++) {
      int middle = at + (int) sizes[2 * i];
      int size = (int) sizes[2 * i + 1]; // negative of a removed key
      byte[] key = Arrays.copyOfRange(records, at, middle);
      at = middle + Math.max(size, 0);
      all.add(size < 0 ? MemtableRecord.deletion(key)
          : new MemtableRecord(key, Arrays.copyOfRange(records, middle, at)));
    }
    return all;
  }

  /** The remaining records. Closes the cursor behind the last one. */
  @Override
  public Iterator<MemtableRecord> iterator() {
    return fetching();
  }

  /** The remaining records; closing the stream closes the cursor. */
  public Stream<MemtableRecord> stream() {
    return fetching().stream();
  }

  private FetchingIterator<MemtableRecord> fetching() {
    return new FetchingIterator<>(
        () -> nextMany(FetchingIterator.COUNT, FetchingIterator.BYTES), this::close);
  }

  /** Gives up the cursor's view of the table. Any number of times. */
  @Override
  public void close() {
    synchronized (lock) {
      Raw.stave_memtable_cursor_close(handle);
    }
  }
}

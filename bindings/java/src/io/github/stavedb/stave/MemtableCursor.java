package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

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
public final class MemtableCursor extends NativeCursor<MemtableRecord> {
  /**
   * Calls hold {@code lock}, the transaction's if it has one. The owner is closed by the collector when nobody refers to it any more, but not
   * under a cursor.
   */
  MemtableCursor(long pointer, Object lock, AutoCloseable owner) {
    super(new Handle(pointer, Raw::freeMemtableCursor, owner), lock,
        Raw::stave_memtable_cursor_next, Raw::stave_memtable_cursor_close);
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
    int count = room(countMax, bytesMax);
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

  @Override
  List<MemtableRecord> fetch() {
    return nextMany(FetchingIterator.COUNT, FetchingIterator.BYTES);
  }
}

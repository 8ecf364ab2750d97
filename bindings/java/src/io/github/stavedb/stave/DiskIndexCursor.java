package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Visits every key of a disk index exactly once, in no particular order, beside any traffic. A key that
 * exists during the cursor's whole life is visited; one that is written or removed meanwhile may or may
 * not be, with the record of some moment in between.
 *
 * <p>There are three ways through a cursor, which share its place: {@link #next}, {@link #nextMany}, and
 * {@link #iterator} or {@link #stream}, which fetch ahead.
 *
 * <p>Thread safety: calls from several threads wait for each other. Every call but {@code close} throws
 * {@link StaveException.Closed} after a close of the cursor or the index.
 */
public final class DiskIndexCursor extends NativeCursor<Entry> {
  private final int recordSize;

  DiskIndexCursor(Handle index, int recordSize) {
    super(new Handle(Raw.stave_disk_index_cursor_open(index), Raw::freeDiskIndexCursor), null,
        Raw::stave_disk_index_cursor_next, Raw::stave_disk_index_cursor_close);
    this.recordSize = recordSize;
  }

  /**
   * Moves to the next record; false when there is none, then and ever after.
   *
   * @throws StaveException.Corruption pages are damaged, thrown once for each segment that has some; the
   *     next call goes on
   */
  @Override
  public boolean next() {
    return super.next();
  }

  /**
   * The key of the record that the cursor stands on, as a fresh array.
   *
   * @throws StaveException.InvalidArgument it stands on no record
   */
  public synchronized byte[] key() {
    return Raw.stave_disk_index_cursor_key(handle);
  }

  /**
   * The record that the cursor stands on, as a fresh array.
   *
   * @throws StaveException.InvalidArgument it stands on no record
   */
  public synchronized byte[] record() {
    return Raw.stave_disk_index_cursor_record(handle);
  }

  /**
   * Moves over several records and returns them, in one crossing into native code. The cursor stands on no
   * record afterwards. An error behind records that were read is thrown by the next call.
   *
   * @param countMax at most so many records
   * @return at least one record; an empty list when there is none left
   */
  public synchronized List<Entry> nextMany(int countMax) {
    int count = room(countMax, 0);
    byte[] keys = new byte[count * DiskIndex.KEY_SIZE];
    byte[] records = Raw.stave_java_disk_index_next_many(handle, count, recordSize, keys);
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; records != null && i < records.length / recordSize; i++) {
      entries.add(new Entry(
          Arrays.copyOfRange(keys, i * DiskIndex.KEY_SIZE, (i + 1) * DiskIndex.KEY_SIZE),
          Arrays.copyOfRange(records, i * recordSize, (i + 1) * recordSize)));
    }
    return entries;
  }

  @Override
  List<Entry> fetch() {
    return nextMany(FetchingIterator.COUNT);
  }
}

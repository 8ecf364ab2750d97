package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Visits the entries of an index in no particular order, beside any traffic. An entry that is there
 * during the cursor's whole life is visited exactly once, whatever grows meanwhile; one that is put or
 * removed meanwhile may or may not be, with the value of some moment in between.
 *
 * <pre>{@code
 * try (IndexCursor cursor = index.cursor()) {
 *   while (cursor.next()) {
 *     use(cursor.key(), cursor.value());
 *   }
 * }
 * }</pre>
 *
 * <p>There are four ways through a cursor, which share its place in the index: {@link #next}, {@link
 * #nextMany}, {@link #nextValues}, and {@link #iterator} or {@link #stream}, which fetch ahead. An
 * index with a resolver has no keys to hand back: {@link #next} with {@link #value}, and {@link
 * #nextValues}, are for both kinds, the others throw {@link StaveException.InvalidArgument} there.
 *
 * <p>Thread safety: calls from several threads wait for each other. Every call but {@code close} throws
 * {@link StaveException.Closed} after a close of the cursor or the index, and {@link
 * StaveException.Busy} inside the index's resolver.
 */
public final class IndexCursor extends NativeCursor<IndexEntry> {
  // An index that nobody refers to any more is closed by the collector, but not under a cursor.
  private final Index index;

  IndexCursor(Index index, Handle indexHandle) {
    super(new Handle(Raw.stave_index_cursor_open(indexHandle), Raw::freeIndexCursor), null,
        Raw::stave_index_cursor_next, Raw::stave_index_cursor_close);
    this.index = index;
  }

  /** The index that the cursor visits. */
  public Index index() {
    return index;
  }

  /**
   * The key of the entry that the cursor stands on, as a fresh array.
   *
   * @throws StaveException.InvalidArgument before the first and after the last entry, and in an index
   *     with a resolver
   */
  public synchronized byte[] key() {
    return Raw.stave_index_cursor_key(handle);
  }

  /**
   * The value of the entry that the cursor stands on.
   *
   * @throws StaveException.InvalidArgument before the first and after the last entry
   */
  public synchronized long value() {
    return Raw.stave_index_cursor_value(handle);
  }

  /**
   * Moves over several entries and returns them, in one crossing into native code. The cursor stands on
   * no entry afterwards.
   *
   * @param countMax at most so many entries
   * @param bytesMax stops early once the keys have so many bytes
   * @return at least one entry; an empty list when there is none left
   */
  public synchronized List<IndexEntry> nextMany(int countMax, int bytesMax) {
    int count = room(countMax, bytesMax);
    long[] values = new long[count + 1];
    int[] sizes = new int[count];
    byte[] keys = Raw.stave_java_index_next_many(
        handle, count, Math.min(bytesMax, BYTES_MAX), values, sizes);
    return keys == null ? List.of() : split(keys, sizes, values);
  }

  private static List<IndexEntry> split(byte[] keys, int[] sizes, long[] values) {
    int count = (int) values[values.length - 1];
    List<IndexEntry> entries = new ArrayList<>(count);
    int at = 0;
    for (int i = 0; i < count; i++) {
      int end = at + sizes[i];
      entries.add(new IndexEntry(Arrays.copyOfRange(keys, at, end), values[i]));
      at = end;
    }
    return entries;
  }

  /**
   * As {@link #nextMany}, but only the values: an empty array when there is none left.
   *
   * @param countMax at most so many values
   */
  public synchronized long[] nextValues(int countMax) {
    long[] values = Raw.stave_java_index_next_values(handle, room(countMax, 0));
    return values == null ? new long[0] : values;
  }

  @Override
  List<IndexEntry> fetch() {
    return nextMany(FetchingIterator.COUNT, FetchingIterator.BYTES);
  }
}

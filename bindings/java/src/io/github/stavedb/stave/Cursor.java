package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Visits every key of a store exactly once, in no particular order, beside any traffic. A key that
 * exists during the cursor's whole life is visited; one that is written or removed meanwhile may or
 * may not be, with the value of some moment in between.
 *
 * <pre>{@code
 * try (Cursor cursor = store.cursor()) {
 *   while (cursor.next()) {
 *     use(cursor.key(), cursor.value());
 *   }
 * }
 * }</pre>
 *
 * <p>There are three ways through a cursor, which share its place in the store: {@link #next}, {@link
 * #nextMany}, and {@link #iterator} or {@link #stream}, which fetch ahead.
 *
 * <p>Thread safety: calls from several threads wait for each other. Every call but {@code close} throws
 * {@link StaveException.Closed} after a close of the cursor or the store.
 */
public final class Cursor extends NativeCursor<Entry> {
  Cursor(Handle store, CursorOptions options) {
    super(new Handle(Raw.stave_java_cursor_open(
            store, options.prefix, options.token, options.keysOnly), Raw::freeCursor),
        null, Raw::stave_store_cursor_next, Raw::stave_store_cursor_close);
  }

  /**
   * Moves to the next record; false when there is none, then and ever after.
   *
   * @throws StaveException.Corruption if the record is damaged, {@link
   *     StaveException.InputOutput} if it cannot be read; the next call goes on behind it
   */
  @Override
  public boolean next() {
    return super.next();
  }

  /**
   * The key of the record that the cursor stands on, as a fresh array.
   *
   * @throws StaveException.InvalidArgument before the first and after the last record
   */
  public synchronized byte[] key() {
    return Raw.stave_store_cursor_key(handle);
  }

  /**
   * The value of the record that the cursor stands on, as a fresh array.
   *
   * @throws StaveException.InvalidArgument before the first and after the last record
   */
  public synchronized byte[] value() {
    return Raw.stave_store_cursor_value(handle);
  }

  /**
   * Moves over several records and returns them, in one crossing into native code. The cursor stands on
   * no record afterwards.
   *
   * @param countMax at most so many records
   * @param bytesMax stops early once the keys and values have so many bytes
   * @return at least one record; an empty list when there is none left
   */
  public synchronized List<Entry> nextMany(int countMax, int bytesMax) {
    int count = room(countMax, bytesMax);
    long[] sizes = new long[2 * count + 1];
    byte[] records = Raw.stave_java_cursor_next_many(
        handle, count, Math.min(bytesMax, BYTES_MAX), sizes);
    return records == null ? List.of() : split(records, sizes);
  }

  /**
   * The cursor's position: one that is opened with it ({@link CursorOptions#token}) goes on after the record
   * that this one stands on, or after all those that {@link #nextMany} or an iterator has fetched, also when
   * the store was closed meanwhile. A key that exists from this cursor's opening to the other's end is
   * visited once. A token holds no keys, has at most some KiB, and is good for this store alone, and with
   * {@link KeyDirectory#DISK} as long as its file KEYS.
   */
  public synchronized byte[] token() {
    return Raw.stave_store_cursor_token(handle);
  }

  private static List<Entry> split(byte[] records, long[] sizes) {
    int count = (int) sizes[sizes.length - 1];
    List<Entry> entries = new ArrayList<>(count);
    int at = 0;
    for (int i = 0; i < count; i++) {
      int middle = at + (int) sizes[2 * i];
      int end = middle + (int) sizes[2 * i + 1];
      entries.add(new Entry(
          Arrays.copyOfRange(records, at, middle), Arrays.copyOfRange(records, middle, end)));
      at = end;
    }
    return entries;
  }

  @Override
  List<Entry> fetch() {
    return nextMany(FetchingIterator.COUNT, FetchingIterator.BYTES);
  }
}

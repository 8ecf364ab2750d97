package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Visits the entries of a map as it was when the cursor was opened, each once, in no particular order.
 * Writes meanwhile do not disturb it. It holds on to the memory of that moment until it is closed.
 *
 * <p>The ways through a cursor share its place: {@link #next}, {@link #nextMany}, {@link #nextKeys},
 * {@link #nextValues}, and {@link #iterator} or {@link #stream}, which fetch ahead.
 *
 * <p>Thread safety: calls from several threads wait for each other. Every call but {@code close} throws
 * {@link StaveException.Closed} after a close of the cursor or the map.
 */
public final class CowMapCursor extends NativeCursor<CowMapEntry> {
  // A map that nobody refers to any more is closed by the collector, but not under a cursor.
  private final CowMap map;

  CowMapCursor(CowMap map, Handle mapHandle) {
    super(new Handle(Raw.stave_cow_map_cursor_open(mapHandle), Raw::freeCowMapCursor), null,
        Raw::stave_cow_map_cursor_next, Raw::stave_cow_map_cursor_close);
    this.map = map;
  }

  /** The map that the cursor visits. */
  public CowMap map() {
    return map;
  }

  /**
   * The key of the entry that the cursor stands on.
   *
   * @throws StaveException.InvalidArgument before the first and after the last entry
   */
  public synchronized long key() {
    return Raw.stave_cow_map_cursor_key(handle);
  }

  /**
   * The value of the entry that the cursor stands on, as a fresh array.
   *
   * @throws StaveException.InvalidArgument before the first and after the last entry
   */
  public synchronized byte[] value() {
    return Raw.stave_cow_map_cursor_value(handle);
  }

  /**
   * Moves over several entries and returns them, in one crossing into native code. The cursor stands on
   * no entry afterwards.
   *
   * @param countMax at most so many entries
   * @param bytesMax stops early once the values have so many bytes
   * @return at least one entry; an empty list when there is none left
   */
  public synchronized List<CowMapEntry> nextMany(int countMax, int bytesMax) {
    long[] keys = new long[room(countMax, bytesMax)];
    byte[][] values = fetch(keys.length, bytesMax, keys);
    List<CowMapEntry> entries = new ArrayList<>(values.length);
    for (int i = 0; i < values.length; i++) {
      entries.add(new CowMapEntry(keys[i], values[i]));
    }
    return entries;
  }

  /**
   * The same for the keys alone: an empty array when there is none left.
   *
   * @param countMax at most so many keys
   */
  public synchronized long[] nextKeys(int countMax) {
    long[] keys = Raw.stave_java_cow_map_next_keys(handle, room(countMax, 0));
    return keys == null ? new long[0] : keys;
  }

  /**
   * The same for the values alone: an empty list when there is none left.
   *
   * @param countMax at most so many values
   * @param bytesMax stops early once they have so many bytes
   */
  public synchronized List<byte[]> nextValues(int countMax, int bytesMax) {
    return Arrays.asList(fetch(room(countMax, bytesMax), bytesMax, null));
  }

  private byte[][] fetch(int count, int bytesMax, long[] keys) {
    long[] sizes = new long[count + 1];
    byte[] values = Raw.stave_java_cow_map_next_many(
        handle, count, Math.min(bytesMax, BYTES_MAX), keys, sizes);
    return values == null ? new byte[0][] : MultiGet.split(values, sizes, (int) sizes[count]);
  }

  @Override
  List<CowMapEntry> fetch() {
    return nextMany(FetchingIterator.COUNT, FetchingIterator.BYTES);
  }
}

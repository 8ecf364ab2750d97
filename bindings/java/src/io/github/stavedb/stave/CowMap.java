package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import io.github.stavedb.stave.internal.RawConstants;
import io.github.stavedb.stave.internal.Scratch;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * A map from 64-bit integers to bytes, in memory, that is copied in constant time: copy on write.
 * Nothing is written to disk, and nothing of it is on Java's heap.
 *
 * <pre>{@code
 * try (CowMap map = CowMap.create()) {
 *   map.put(42, value);
 *   try (CowMap copy = map.copy()) {
 *     map.remove(42);
 *     byte[] old = copy.get(42);
 *   }
 * }
 * }</pre>
 *
 * <h2>Copies</h2>
 *
 * A copy is a full map of its own: either side may be written, copied and closed, at any time and from
 * any thread, and neither ever sees what is written to the other. Both refer to the same memory until
 * one of them writes; a write then copies the page of some dozens of entries that it changes, never the
 * map. Calls on one key take the same time in a map of any size.
 *
 * <h2>Keys and values</h2>
 *
 * Every long is a key. A value has 0 to 2^31-1 bytes (an array of Java some fewer). With values of a
 * fixed size any other is a {@link StaveException.InvalidArgument}.
 *
 * <h2>Absent keys</h2>
 *
 * As in a {@link Store}: null, -1 or false, never the same as an empty value.
 *
 * <h2>Functions</h2>
 *
 * The functions that make values run on the calling thread, while other writers of the same map wait.
 * They may read the map, which they see as it was, and use all other maps; what writes to this map,
 * copies or closes it throws {@link StaveException.Busy}. What a function throws comes out of the call
 * unchanged, and nothing is changed; a function that returns null is a {@link NullPointerException}.
 *
 * <h2>Errors</h2>
 *
 * Every method throws {@link StaveException.Closed} after {@link #close}, {@link
 * StaveException.NoMemory} when native memory is lacking (nothing is changed), and {@link
 * NullPointerException} for a {@code null} argument.
 *
 * <h2>Threads</h2>
 *
 * Any number of threads may use a map at the same time, and any of them may close it. Reads take no
 * lock and wait for nobody. Writes to one map, and copies of it (also cursors and diffs), wait for each
 * other; different maps do not. A map that is never closed is freed once it is garbage.
 */
public final class CowMap implements AutoCloseable, Iterable<CowMapEntry> {
  // Instead of sizes; the same in native/reading.h.
  private static final int ABSENT = -1;
  private static final int TOO_LARGE = -2;

  private final Handle handle;

  private CowMap(long pointer) {
    handle = new Handle(pointer, Raw::freeCowMap);
  }

  /** An empty map with the default options. */
  public static CowMap create() {
    return create(new CowMapOptions());
  }

  /**
   * An empty map. Takes time in proportion to the capacity.
   *
   * @param options are read before the call returns
   * @throws StaveException.InvalidArgument an option is out of range
   */
  public static CowMap create(CowMapOptions options) {
    return new CowMap(Raw.stave_cow_map_create(options.members));
  }

  /** A copy, which has the same options and is no child of this map. */
  public CowMap copy() {
    return new CowMap(Raw.stave_cow_map_clone(handle));
  }

  /** The options that the map was made with. Changing them has no effect. */
  public CowMapOptions options() {
    CowMapOptions options = new CowMapOptions();
    Raw.stave_cow_map_options_get(handle, options.members);
    return options;
  }

  /**
   * Lets go of all entries; copies go on, and pins keep their bytes. Any number of times, in no time.
   *
   * @throws StaveException.Busy from inside a function of this map
   */
  @Override
  public void close() {
    Raw.stave_cow_map_close(handle);
  }

  // ---- Reading

  /** The value as a fresh array, or null if there is no such key. */
  public byte[] get(long key) {
    ByteBuffer memory = Scratch.memory();
    int size = getFilled(key, memory);
    if (size == TOO_LARGE) {
      return Raw.stave_java_cow_map_get(handle, key);
    }
    byte[] value = size == ABSENT ? null : new byte[size];
    if (value != null) {
      memory.get(value);
    }
    return value;
  }

  /**
   * The value as a fresh array.
   *
   * @throws StaveException.NotFound there is no such key
   */
  public byte[] getOrThrow(long key) {
    byte[] value = get(key);
    if (value == null) {
      throw Errors.notFound();
    }
    return value;
  }

  /**
   * Copies the value into the array from index 0 on.
   *
   * @return the value's size in bytes, or -1 if there is no such key
   * @throws StaveException.BufferTooSmall the value does not fit; the array is as before
   */
  public int get(long key, byte[] target) {
    ByteBuffer memory = Scratch.memory();
    int size = getFilled(key, memory);
    if (size == TOO_LARGE || size > target.length) {
      return Raw.stave_java_cow_map_get_into(handle, key, target, 0, target.length);
    }
    if (size > 0) {
      memory.get(target, 0, size);
    }
    return size;
  }

  /**
   * Copies the value into the buffer at its position, which moves behind the value.
   *
   * @return the value's size in bytes, or -1 if there is no such key
   * @throws StaveException.BufferTooSmall the value has more bytes than remain; the buffer is as before
   * @throws java.nio.ReadOnlyBufferException the buffer is read-only
   */
  public int get(long key, ByteBuffer target) {
    if (target.isReadOnly()) {
      throw new java.nio.ReadOnlyBufferException();
    }
    int size = target.isDirect()
        ? Raw.stave_java_cow_map_get_direct(handle, key, Arguments.direct(target))
        : Raw.stave_java_cow_map_get_into(handle, key, target.array(),
            target.arrayOffset() + target.position(), target.remaining());
    if (size > 0) {
      target.position(target.position() + size);
    }
    return size;
  }

  /** Reads the value into the memory at its position: its size, ABSENT or TOO_LARGE. */
  private int getFilled(long key, ByteBuffer memory) {
    return Raw.stave_java_cow_map_get_at(handle, key, Scratch.address(memory), memory.remaining());
  }

  /** The value as a pin, without a copy if it has more than 8 bytes; null if there is no such key. */
  public Pin getPin(long key) {
    long pointer = Raw.stave_cow_map_get_pin(handle, key);
    return pointer == 0 ? null : new Pin(pointer);
  }

  /** Whether the key exists. */
  public boolean contains(long key) {
    return Raw.stave_cow_map_contains(handle, key) == RawConstants.STAVE_OK;
  }

  /**
   * The values of many keys in their order, null for the absent ones. Each key is read atomically; for
   * one moment of all, ask a copy.
   */
  public List<byte[]> multiGet(long... keys) {
    return Arrays.asList(read(keys));
  }

  /**
   * The same without an array for each value: for programs that make such calls again and again.
   *
   * @param values takes the values in the order of the keys; what it held is gone. It is empty after an
   *     exception.
   * @throws StaveException.TooLarge the values have more bytes together than an array holds
   */
  public void multiGet(long[] keys, ValueList values) {
    values.clear();
    long[] sizes = new long[keys.length];
    byte[] joined = Raw.stave_java_cow_map_multi_get(handle, keys, sizes);
    values.take(joined, keys.length, i -> sizes[i]);
  }

  /** In halves when no one array holds all the values. */
  private byte[][] read(long[] keys) {
    long[] sizes = new long[keys.length];
    byte[] joined = Raw.stave_java_cow_map_multi_get(handle, keys, sizes);
    if (joined != null) {
      return MultiGet.split(joined, sizes, sizes.length);
    }
    byte[][] first = read(Arrays.copyOfRange(keys, 0, keys.length / 2));
    byte[][] second = read(Arrays.copyOfRange(keys, keys.length / 2, keys.length));
    byte[][] values = Arrays.copyOf(first, keys.length);
    System.arraycopy(second, 0, values, first.length, second.length);
    return values;
  }

  /** The number of entries. */
  public long size() {
    return Raw.stave_cow_map_size(handle);
  }

  /** Whether there is no entry. */
  public boolean isEmpty() {
    return Raw.stave_cow_map_is_empty(handle) != 0;
  }

  // ---- Writing

  /** Stores the value, whether or not the key exists; says whether it did. */
  public boolean put(long key, byte[] value) {
    if (Scratch.holds(Arguments.value(value).length, 0)) {
      return Raw.cow_map_put_at(handle, key, Scratch.fill(value), value.length);
    }
    return Raw.stave_java_cow_map_put(handle, key, value);
  }

  /** Stores the value, whether or not the key exists; the value that was replaced, or null. */
  public byte[] getAndPut(long key, byte[] value) {
    return Raw.stave_java_cow_map_swap(handle, key, Arguments.value(value));
  }

  /** Stores the value if the key is absent; says whether it was. */
  public boolean insert(long key, byte[] value) {
    return Raw.stave_java_cow_map_insert(handle, key, Arguments.value(value));
  }

  /** Stores the value if the key exists; the value that was replaced, or null if the key is absent. */
  public byte[] replace(long key, byte[] value) {
    return Raw.stave_java_cow_map_replace(handle, key, Arguments.value(value));
  }

  /**
   * Stores many values, each as a put of its own, in their order. The memory of several keys is fetched
   * together, so that they cost much less than one by one.
   *
   * @return for each entry whether its key existed
   */
  public boolean[] multiPut(Collection<CowMapEntry> entries) {
    boolean[] replaced = new boolean[entries.size()];
    multiPut(entries, replaced, new int[1]);
    return replaced;
  }

  /**
   * Like {@link #multiPut(Collection)}, and reports which values were stored when it throws.
   *
   * @param replaced takes for each value that has been stored whether its key existed; what it held is
   *     gone. After an exception it has the entries before the one that failed.
   */
  public void multiPut(Collection<CowMapEntry> entries, List<Boolean> replaced) {
    boolean[] all = new boolean[entries.size()];
    replaced.clear();
    int[] done = {0};
    try {
      multiPut(entries, all, done);
    } finally {
      for (int i = 0; i < done[0]; i++) {
        replaced.add(all[i]);
      }
    }
  }

  private void multiPut(Collection<CowMapEntry> entries, boolean[] replaced, int[] done) {
    long[] keys = entries.stream().mapToLong(CowMapEntry::key).toArray();
    byte[][] values = entries.stream().map(entry -> Arguments.value(entry.value()))
        .toArray(byte[][]::new);
    Raw.stave_java_cow_map_multi_put(handle, keys, new Joined(values).bytes,
        Joined.valueSizes(values), replaced, done);
  }

  /** Removes the key; says whether it existed. */
  public boolean remove(long key) {
    return Raw.stave_java_cow_map_remove(handle, key);
  }

  /** Removes the key; the value that it had, or null if it was absent. */
  public byte[] getAndRemove(long key) {
    return Raw.stave_java_cow_map_take(handle, key);
  }

  /**
   * Lets a function change the value of a key; says whether the key exists. Others see the value before
   * or after, nothing between.
   *
   * @param edit is given the value, in an array of its own, which it may change and return; what it
   *     returns is stored. Not called when the key is absent.
   */
  public boolean modify(long key, UnaryOperator<byte[]> edit) {
    return Raw.stave_java_cow_map_modify(handle, key, Arguments.edit(edit));
  }

  /** Stores the value if the key is absent. */
  public CowMapOutcome getOrInsert(long key, byte[] value) {
    boolean[] inserted = {false};
    byte[] current = Raw.stave_java_cow_map_get_or_insert(
        handle, key, Arguments.value(value), inserted);
    return new CowMapOutcome(inserted[0], current);
  }

  /** Stores the value that a function makes if the key is absent; else the function is not called. */
  public CowMapOutcome getOrInsert(long key, Supplier<byte[]> make) {
    Objects.requireNonNull(make, "make");
    boolean[] inserted = {false};
    byte[] current = Raw.stave_java_cow_map_get_or_insert_with(
        handle, key, none -> make.get(), inserted);
    return new CowMapOutcome(inserted[0], current);
  }

  /** Lets a function change the value if the key exists, as {@link #modify}, else stores a value. */
  public CowMapOutcome updateOrInsert(long key, UnaryOperator<byte[]> edit, byte[] value) {
    boolean[] inserted = {false};
    byte[] current = Raw.stave_java_cow_map_update_or_insert(
        handle, key, Arguments.edit(edit), Arguments.value(value), inserted);
    return new CowMapOutcome(inserted[0], current);
  }

  /** Removes all entries, in no time. */
  public void clear() {
    Raw.stave_cow_map_clear(handle);
  }

  /**
   * Gives back the room for growth, of memory that this map does not share. Takes time in proportion to
   * the entries.
   */
  public void shrinkToFit() {
    Raw.stave_cow_map_shrink_to_fit(handle);
  }

  /** Entries, and memory shared and own. */
  public CowMapStats stats() {
    long[] members = new long[CowMapStats.COUNT];
    Raw.stave_cow_map_stats_get(handle, members);
    return new CowMapStats(members);
  }

  // ---- All entries

  /** A cursor over the map as it is now. */
  public CowMapCursor cursor() {
    return new CowMapCursor(this, handle);
  }

  /**
   * All entries as they are now, from a {@link CowMapCursor} of its own, which is closed behind the last
   * one, and else when the iterator is garbage.
   */
  @Override
  public Iterator<CowMapEntry> iterator() {
    return cursor().iterator();
  }

  /** All entries as they are now, from a {@link CowMapCursor} that closing the stream closes. */
  public Stream<CowMapEntry> stream() {
    return cursor().stream();
  }

  /**
   * What leads from this map to another, as both are now.
   *
   * @param after any map, also this one. Where one was copied from the other, or both from a third, the
   *     walk takes time in proportion to what was written to them since; for others in proportion to
   *     their entries.
   */
  public CowMapDiff diff(CowMap after) {
    return new CowMapDiff(this, handle, after, after.handle);
  }

  /**
   * This map as one of the class library: what is done with either is seen by both. Iterators show the
   * moment at which they were made. A size beyond {@link Integer#MAX_VALUE} shows as that.
   */
  public Map<Long, byte[]> asMap() {
    return new CowMapView(this);
  }
}

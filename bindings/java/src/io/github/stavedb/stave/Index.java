package io.github.stavedb.stave;

import static io.github.stavedb.stave.internal.RawConstants.INDEX_COMPARE_AND_SWAP;
import static io.github.stavedb.stave.internal.RawConstants.INDEX_CONTAINS;
import static io.github.stavedb.stave.internal.RawConstants.INDEX_GET;
import static io.github.stavedb.stave.internal.RawConstants.INDEX_HASH;
import static io.github.stavedb.stave.internal.RawConstants.INDEX_HASHED;
import static io.github.stavedb.stave.internal.RawConstants.INDEX_INSERT;
import static io.github.stavedb.stave.internal.RawConstants.INDEX_PUT;
import static io.github.stavedb.stave.internal.RawConstants.INDEX_REMOVE;
import static io.github.stavedb.stave.internal.RawConstants.INDEX_REMOVE_IF;
import static io.github.stavedb.stave.internal.RawConstants.INDEX_RESOLVED;
import static io.github.stavedb.stave.internal.RawConstants.STAVE_EXISTS;
import static io.github.stavedb.stave.internal.RawConstants.STAVE_OK;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import io.github.stavedb.stave.internal.Scratch;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A concurrent hash index in memory: bytes to a 64-bit number, such as a file offset or an id.
 * Nothing is written to disk, and nothing of it is on Java's heap.
 *
 * <pre>{@code
 * try (Index index = Index.create()) {
 *   index.put(key, 42);
 *   Long found = index.get(key); // null when there is no such key
 * }
 * }</pre>
 *
 * <h2>Keys</h2>
 *
 * An index keeps the bytes of its keys, or has an {@link IndexResolver}, which knows them from the
 * values; that saves their memory. Either way a lookup returns the value of that very key, also when
 * many keys have the same hash.
 *
 * <h2>Values</h2>
 *
 * All 64 bits count; from 2^63 on Java shows them as negative numbers.
 *
 * <h2>Hashes</h2>
 *
 * The methods with {@code Hashed} in their names take the hash of the key from the caller, who has it
 * already or has a better one. Any number will do, and the more bits of it differ between keys the
 * better; a key must always come with the same one. With what {@link #hash} says they can be mixed with
 * the others.
 *
 * <h2>Limits</h2>
 *
 * Keys have 0 to 65,535 bytes; values are below 2^44 if the options say so. Beyond a limit writes throw
 * {@link StaveException.TooLarge} and change nothing; a key that is too large is not found.
 *
 * <h2>Errors</h2>
 *
 * Every method throws {@link StaveException.Closed} after {@link #close}, {@link
 * StaveException.NoMemory} when native memory is lacking (nothing is changed), {@link
 * NullPointerException} for a {@code null} argument, and what the resolver throws. Inside the resolver
 * of this index all but reading is {@link StaveException.Busy}.
 *
 * <h2>Bytes</h2>
 *
 * Of a {@link ByteBuffer} the bytes from position to limit count, and both stay as they are.
 *
 * <h2>Threads</h2>
 *
 * Any number of threads may use an index at the same time. Readers take no lock and never wait for
 * writers; all calls on one key happen in one order. Any thread may close it: close waits for the calls
 * that are inside. An index that is never closed gives its memory back once it is garbage.
 */
public final class Index implements AutoCloseable, Iterable<IndexEntry> {
  private final Handle handle;
  // INDEX_RESOLVED or 0, for each call.
  private final int resolved;

  private Index(long[] options, IndexResolver resolver) {
    long pointer = Raw.stave_java_index_create(options, resolver);
    handle = new Handle(pointer, Raw::freeIndex, resolver);
    resolved = resolver == null ? 0 : INDEX_RESOLVED;
    Reference.reachabilityFence(resolver);
  }

  // ---- Creating

  /** An empty index with the default options. */
  public static Index create() {
    return create(new IndexOptions());
  }

  /**
   * An empty index that keeps its keys. Takes time in proportion to the capacity.
   *
   * @param options are read before the call returns
   * @throws StaveException.InvalidArgument an option is out of range, or asks for resolved keys
   */
  public static Index create(IndexOptions options) {
    return new Index(options.members, null);
  }

  /**
   * An empty index whose keys the resolver knows. The index refers to the resolver until it is closed,
   * and the resolver may refer to the index: nothing else referring to them, both are garbage.
   *
   * @param options are read before the call returns; the key mode is {@link KeyMode#RESOLVED} whatever
   *     they say
   * @throws StaveException.InvalidArgument an option is out of range
   */
  public static Index create(IndexOptions options, IndexResolver resolver) {
    IndexOptions resolving = new IndexOptions();
    System.arraycopy(options.members, 0, resolving.members, 0, options.members.length);
    return new Index(resolving.keyMode(KeyMode.RESOLVED).members,
        Objects.requireNonNull(resolver, "resolver"));
  }

  /**
   * The options in force: shards and seed as they were chosen, the capacity as it was asked for.
   * Changing them has no effect.
   */
  public IndexOptions options() {
    IndexOptions options = new IndexOptions();
    Raw.stave_index_options_get(handle, options.members);
    return options;
  }

  /**
   * Waits for running calls and gives the memory back. Any number of times.
   *
   * @throws StaveException.Busy from inside the resolver of this index
   */
  @Override
  public void close() {
    Raw.stave_index_close(handle);
    handle.release();
  }

  // ---- One key

  /** Stores the value, whether or not the key exists; the value that was replaced, or null. */
  public Long put(byte[] key, long value) {
    return number(STAVE_OK, KeyMemory.with(key), INDEX_PUT, 0, value, 0);
  }

  /** Stores the value, whether or not the key exists; the value that was replaced, or null. */
  public Long put(ByteBuffer key, long value) {
    return number(STAVE_OK, KeyMemory.with(key), INDEX_PUT, 0, value, 0);
  }

  /** Stores the value if the key is absent, and returns null; else the value that is there. */
  public Long insert(byte[] key, long value) {
    return number(STAVE_EXISTS, KeyMemory.with(key), INDEX_INSERT, 0, value, 0);
  }

  /** Stores the value if the key is absent, and returns null; else the value that is there. */
  public Long insert(ByteBuffer key, long value) {
    return number(STAVE_EXISTS, KeyMemory.with(key), INDEX_INSERT, 0, value, 0);
  }

  /** Stores {@code desired} if the key's value is {@code expected}. */
  public IndexOutcome compareAndSwap(byte[] key, long expected, long desired) {
    return outcome(KeyMemory.with(key), INDEX_COMPARE_AND_SWAP, 0, expected, desired);
  }

  /** Stores {@code desired} if the key's value is {@code expected}. */
  public IndexOutcome compareAndSwap(ByteBuffer key, long expected, long desired) {
    return outcome(KeyMemory.with(key), INDEX_COMPARE_AND_SWAP, 0, expected, desired);
  }

  /** The value, or null if there is no such key. */
  public Long get(byte[] key) {
    return number(STAVE_OK, KeyMemory.with(key), INDEX_GET, 0, 0, 0);
  }

  /** The value, or null if there is no such key. */
  public Long get(ByteBuffer key) {
    return number(STAVE_OK, KeyMemory.with(key), INDEX_GET, 0, 0, 0);
  }

  /** The value, or the given one if there is no such key. Makes no object. */
  public long getOrDefault(byte[] key, long otherwise) {
    ByteBuffer memory = KeyMemory.with(key);
    int status = call(memory, INDEX_GET, 0, 0, 0);
    return status == STAVE_OK ? KeyMemory.number(memory) : otherwise;
  }

  /** The value, or the given one if there is no such key. Makes no object. */
  public long getOrDefault(ByteBuffer key, long otherwise) {
    ByteBuffer memory = KeyMemory.with(key);
    int status = call(memory, INDEX_GET, 0, 0, 0);
    return status == STAVE_OK ? KeyMemory.number(memory) : otherwise;
  }

  /**
   * The value.
   *
   * @throws StaveException.NotFound there is no such key
   */
  public long getOrThrow(byte[] key) {
    Long value = get(key);
    if (value == null) {
      throw Errors.notFound();
    }
    return value;
  }

  /** Whether the key exists. */
  public boolean contains(byte[] key) {
    return call(KeyMemory.with(key), INDEX_CONTAINS, 0, 0, 0) == STAVE_OK;
  }

  /** Whether the key exists. */
  public boolean contains(ByteBuffer key) {
    return call(KeyMemory.with(key), INDEX_CONTAINS, 0, 0, 0) == STAVE_OK;
  }

  /** Removes the key; the value that it had, or null if it was absent. */
  public Long remove(byte[] key) {
    return number(STAVE_OK, KeyMemory.with(key), INDEX_REMOVE, 0, 0, 0);
  }

  /** Removes the key; the value that it had, or null if it was absent. */
  public Long remove(ByteBuffer key) {
    return number(STAVE_OK, KeyMemory.with(key), INDEX_REMOVE, 0, 0, 0);
  }

  /** Removes the key if its value is {@code expected}. */
  public IndexOutcome removeIf(byte[] key, long expected) {
    return outcome(KeyMemory.with(key), INDEX_REMOVE_IF, 0, expected, 0);
  }

  /** Removes the key if its value is {@code expected}. */
  public IndexOutcome removeIf(ByteBuffer key, long expected) {
    return outcome(KeyMemory.with(key), INDEX_REMOVE_IF, 0, expected, 0);
  }

  // ---- One key whose hash is known

  /** The hash that the methods without one give to the key in this index. */
  public long hash(byte[] key) {
    return number(STAVE_OK, KeyMemory.with(key), INDEX_HASH, 0, 0, 0);
  }

  /** The hash that the methods without one give to the key in this index. */
  public long hash(ByteBuffer key) {
    return number(STAVE_OK, KeyMemory.with(key), INDEX_HASH, 0, 0, 0);
  }

  /** As {@link #put(byte[], long)}, with the hash from the caller. */
  public Long putHashed(byte[] key, long hash, long value) {
    return number(STAVE_OK, KeyMemory.with(key), INDEX_HASHED | INDEX_PUT, hash, value, 0);
  }

  /** As {@link #put(byte[], long)}, with the hash from the caller. */
  public Long putHashed(ByteBuffer key, long hash, long value) {
    return number(STAVE_OK, KeyMemory.with(key), INDEX_HASHED | INDEX_PUT, hash, value, 0);
  }

  /** As {@link #insert(byte[], long)}, with the hash from the caller. */
  public Long insertHashed(byte[] key, long hash, long value) {
    return number(STAVE_EXISTS, KeyMemory.with(key), INDEX_HASHED | INDEX_INSERT, hash, value, 0);
  }

  /** As {@link #insert(byte[], long)}, with the hash from the caller. */
  public Long insertHashed(ByteBuffer key, long hash, long value) {
    return number(STAVE_EXISTS, KeyMemory.with(key), INDEX_HASHED | INDEX_INSERT, hash, value, 0);
  }

  /** As {@link #compareAndSwap(byte[], long, long)}, with the hash from the caller. */
  public IndexOutcome compareAndSwapHashed(byte[] key, long hash, long expected, long desired) {
    return outcome(
        KeyMemory.with(key), INDEX_HASHED | INDEX_COMPARE_AND_SWAP, hash, expected, desired);
  }

  /** As {@link #compareAndSwap(byte[], long, long)}, with the hash from the caller. */
  public IndexOutcome compareAndSwapHashed(ByteBuffer key, long hash, long expected, long desired) {
    return outcome(
        KeyMemory.with(key), INDEX_HASHED | INDEX_COMPARE_AND_SWAP, hash, expected, desired);
  }

  /** As {@link #get(byte[])}, with the hash from the caller. */
  public Long getHashed(byte[] key, long hash) {
    return number(STAVE_OK, KeyMemory.with(key), INDEX_HASHED | INDEX_GET, hash, 0, 0);
  }

  /** As {@link #get(byte[])}, with the hash from the caller. */
  public Long getHashed(ByteBuffer key, long hash) {
    return number(STAVE_OK, KeyMemory.with(key), INDEX_HASHED | INDEX_GET, hash, 0, 0);
  }

  /** As {@link #getOrDefault(byte[], long)}, with the hash from the caller. */
  public long getOrDefaultHashed(byte[] key, long hash, long otherwise) {
    ByteBuffer memory = KeyMemory.with(key);
    int status = call(memory, INDEX_HASHED | INDEX_GET, hash, 0, 0);
    return status == STAVE_OK ? KeyMemory.number(memory) : otherwise;
  }

  /** As {@link #getOrDefault(byte[], long)}, with the hash from the caller. */
  public long getOrDefaultHashed(ByteBuffer key, long hash, long otherwise) {
    ByteBuffer memory = KeyMemory.with(key);
    int status = call(memory, INDEX_HASHED | INDEX_GET, hash, 0, 0);
    return status == STAVE_OK ? KeyMemory.number(memory) : otherwise;
  }

  /** As {@link #contains(byte[])}, with the hash from the caller. */
  public boolean containsHashed(byte[] key, long hash) {
    return call(KeyMemory.with(key), INDEX_HASHED | INDEX_CONTAINS, hash, 0, 0) == STAVE_OK;
  }

  /** As {@link #contains(byte[])}, with the hash from the caller. */
  public boolean containsHashed(ByteBuffer key, long hash) {
    return call(KeyMemory.with(key), INDEX_HASHED | INDEX_CONTAINS, hash, 0, 0) == STAVE_OK;
  }

  /** As {@link #remove(byte[])}, with the hash from the caller. */
  public Long removeHashed(byte[] key, long hash) {
    return number(STAVE_OK, KeyMemory.with(key), INDEX_HASHED | INDEX_REMOVE, hash, 0, 0);
  }

  /** As {@link #remove(byte[])}, with the hash from the caller. */
  public Long removeHashed(ByteBuffer key, long hash) {
    return number(STAVE_OK, KeyMemory.with(key), INDEX_HASHED | INDEX_REMOVE, hash, 0, 0);
  }

  /** As {@link #removeIf(byte[], long)}, with the hash from the caller. */
  public IndexOutcome removeIfHashed(byte[] key, long hash, long expected) {
    return outcome(KeyMemory.with(key), INDEX_HASHED | INDEX_REMOVE_IF, hash, expected, 0);
  }

  /** As {@link #removeIf(byte[], long)}, with the hash from the caller. */
  public IndexOutcome removeIfHashed(ByteBuffer key, long hash, long expected) {
    return outcome(KeyMemory.with(key), INDEX_HASHED | INDEX_REMOVE_IF, hash, expected, 0);
  }

  // ---- Many keys in one call

  /**
   * The values of many keys in their order, null for the absent ones. Much faster than one by one. Each
   * key is read by itself, the whole is not one snapshot.
   */
  public List<Long> multiGet(Collection<byte[]> keys) {
    IndexValues values = new IndexValues();
    multiGet(keys, values);
    return values.toList();
  }

  /**
   * The same without an object for each value: for programs that make such calls again and again.
   *
   * @param values takes the values in the order of the keys; what it held is gone. It is empty after an
   *     exception.
   */
  public void multiGet(Collection<byte[]> keys, IndexValues values) {
    byte[][] all = keys.toArray(new byte[0][]);
    values.prepare(all.length);
    Raw.stave_java_index_multi_get(handle, new Joined(all).bytes, Joined.keySizes(all), all.length,
        values.values, values.found);
    values.setSize(all.length);
  }

  /**
   * Stores the entries one after the other; the values that they replaced, null for the keys that were
   * absent. When one fails, those before it have been stored, and those behind it have not.
   */
  public List<Long> multiPut(Collection<IndexEntry> entries) {
    IndexValues previous = new IndexValues();
    multiPut(entries, previous);
    return previous.toList();
  }

  /**
   * The same without an object for each value.
   *
   * @param previous takes the values that were replaced; what it held is gone. After an exception its
   *     size is the number of entries that have been stored.
   */
  public void multiPut(Collection<IndexEntry> entries, IndexValues previous) {
    byte[][] keys = entries.stream().map(IndexEntry::key).toArray(byte[][]::new);
    long[] values = entries.stream().mapToLong(IndexEntry::value).toArray();
    previous.prepare(keys.length);
    int[] done = {0};
    try {
      Raw.stave_java_index_multi_put(handle, new Joined(keys).bytes, Joined.keySizes(keys),
          keys.length, values, previous.values, previous.found, done);
    } finally {
      previous.setSize(done[0]);
    }
  }

  // ---- The whole

  /** The number of entries: exact when no write is running. */
  public long size() {
    return Raw.stave_index_size(handle);
  }

  /** Whether there is no entry. */
  public boolean isEmpty() {
    return Raw.stave_index_is_empty(handle) != 0;
  }

  /** The number of entries that the present buckets are made for; beyond it they grow. */
  public long capacity() {
    return Raw.stave_index_capacity(handle);
  }

  /** Removes all entries at one point in time: no call on one key sees some gone and others not. */
  public void clear() {
    Raw.stave_index_clear(handle);
  }

  /**
   * Makes room for so many entries in all, so that writes need not grow the index before there are as
   * many. Other calls go on meanwhile. After a failure the entries are as they were, and the room that
   * was made so far stays. Takes time in proportion to the capacity.
   *
   * @throws StaveException.TooLarge beyond 2^36
   */
  public void reserve(long capacity) {
    Raw.stave_java_index_reserve(handle, capacity);
  }

  /** Gives back the memory that entries do not need. Writes to a shard wait while it is built anew. */
  public void shrinkToFit() {
    Raw.stave_java_index_shrink_to_fit(handle);
  }

  /** Counters and sizes. Takes time in proportion to the number of shards. */
  public IndexStats stats() {
    long[] members = new long[IndexStats.COUNT];
    Raw.stave_index_stats_get(handle, members);
    return new IndexStats(members);
  }

  /** The same of one shard, numbered from 0; null when there is none of that number. */
  public IndexShardStats shardStats(int shard) {
    long[] members = new long[IndexShardStats.COUNT];
    boolean found = Raw.stave_index_shard_stats_get(handle, shard, members) == STAVE_OK;
    return found ? new IndexShardStats(members) : null;
  }

  /**
   * All values, in no particular order. What a cursor promises about entries that come and go holds
   * here.
   *
   * @throws StaveException.TooLarge there are more than an array holds
   */
  public long[] values() {
    return Raw.stave_java_index_values(handle);
  }

  // ---- Cursors

  /** A cursor over all entries. */
  public IndexCursor cursor() {
    return new IndexCursor(this, handle);
  }

  /**
   * All entries, from an {@link IndexCursor} of its own, which is closed behind the last one, and else
   * when the iterator is garbage. An index with a resolver has no keys to hand back: see there.
   */
  @Override
  public Iterator<IndexEntry> iterator() {
    return cursor().iterator();
  }

  /** All entries, from an {@link IndexCursor} of its own, which closing the stream closes. */
  public Stream<IndexEntry> stream() {
    return cursor().stream();
  }

  // ---- How a call on one key is made

  private Long number(
      int expected, ByteBuffer memory, int operation, long hash, long first, long second) {
    int status = call(memory, operation, hash, first, second);
    return status == expected ? (Long) KeyMemory.number(memory) : null;
  }

  private IndexOutcome outcome(
      ByteBuffer memory, int operation, long hash, long first, long second) {
    int status = call(memory, operation, hash, first, second);
    return IndexOutcome.of(status, KeyMemory.number(memory));
  }

  /** The status of a call on the key in the memory, where the number is that it yields. */
  private int call(ByteBuffer memory, int operation, long hash, long first, long second) {
    long result = Scratch.address(memory);
    int status = Raw.stave_java_index_call(handle, operation | resolved, result + Long.BYTES,
        memory.position() - KeyMemory.KEY, hash, first, second, result);
    Reference.reachabilityFence(memory);
    return status;
  }
}

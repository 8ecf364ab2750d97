package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import io.github.stavedb.stave.internal.RawConstants;
import io.github.stavedb.stave.internal.Scratch;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A durable key-value store in a directory: bytes under keys that are bytes. It answers "what is stored
 * under this exact key?"; it does not sort.
 *
 * <pre>{@code
 * try (Store store = Store.open(Path.of("data"))) {
 *   store.put(key, value);
 *   byte[] found = store.get(key); // null when there is no such key
 * }
 * }</pre>
 *
 * <h2>Absent keys</h2>
 *
 * An absent key is {@code null} (or -1, or false: each method says), never an exception and never the
 * same as an empty value; {@link #getOrThrow} is for keys that must be there.
 *
 * <h2>Durability</h2>
 *
 * A write returns when it is as durable as was asked for, and other threads see it from that moment on,
 * never earlier: by default it then survives a power loss ({@link Durability#DEVICE}). When a sync
 * fails, the outcome of what it covered is unknown: those writes throw {@link
 * StaveException.InputOutput}, stay invisible, and further writes are refused while reads go on. Close
 * the store and open it again: recovery shows what the device really holds.
 *
 * <h2>Limits</h2>
 *
 * Keys have 0 to 65,535 bytes, values 0 bytes to 1 GiB, a batch 2^32-1 records and 16 GiB. Beyond a
 * limit: {@link StaveException.TooLarge}, and nothing is written.
 *
 * <h2>Errors</h2>
 *
 * Every method throws {@link StaveException.Closed} after {@link #close}, {@link
 * StaveException.NoMemory} when native memory is lacking, {@link NullPointerException} for a {@code
 * null} argument. Writes throw {@link StaveException.TooLarge}, {@link StaveException.ReadOnly}, {@link
 * StaveException.NoSpace} (nothing is written, writes succeed again when there is space) and {@link
 * StaveException.InputOutput}; reads {@link StaveException.Corruption} and {@link
 * StaveException.InputOutput}.
 *
 * <h2>Bytes</h2>
 *
 * Arrays are copied before a call returns, and those that are returned are fresh. Of a {@link
 * ByteBuffer} the bytes from position to limit count. Direct buffers are not copied on the Java side,
 * others are copied into direct ones.
 *
 * <h2>Threads</h2>
 *
 * Any number of threads may use a store at the same time, and any of them may close it: close waits for
 * the calls that are inside. A store that is never closed is closed and freed once it is garbage; do
 * not rely on it, since the directory stays locked until then.
 */
public final class Store implements AutoCloseable, Iterable<Entry> {
  // Instead of sizes; the same in native/reading.h.
  private static final int ABSENT = -1;
  private static final int TOO_LARGE = -2;

  private final Handle handle;

  private Store(Handle handle) {
    this.handle = handle;
  }

  // ---- Opening

  /** Opens or creates the store in a directory, with the default options. See {@link #open(String, StoreOptions)}. */
  public static Store open(Path directory) {
    return open(directory.toString(), new StoreOptions());
  }

  /** Opens the store in a directory. See {@link #open(String, StoreOptions)}. */
  public static Store open(Path directory, StoreOptions options) {
    return open(directory.toString(), options);
  }

  /**
   * Opens the store in a directory, creating it (not its parents) when the options allow. Recovery
   * after a crash runs by itself, see {@link #stats}. Takes time in proportion to the log.
   *
   * @param directory the directory's name, passed on in UTF-8
   * @param options are read before the call returns
   * @throws StaveException.NotFound there is no store and none may be created, or the parent directory
   *     is missing
   * @throws StaveException.Exists there is one, and the options ask for none
   * @throws StaveException.InvalidArgument an option is out of range or differs from the stored one
   * @throws StaveException.Locked it is open elsewhere; the message has the holder's process number
   * @throws StaveException.Corruption damaged or foreign files; nothing was changed
   * @throws StaveException.UnsupportedVersion it has a format that this library cannot read
   * @throws StaveException.WrongFamily the directory belongs to another kind of store
   * @throws StaveException.PermissionDenied the operating system denies access
   */
  public static Store open(String directory, StoreOptions options) {
    byte[] path = Arguments.text(directory, "directory");
    return new Store(
        new Handle(Raw.stave_store_open(path, options.members), Raw::freeStore));
  }

  /** The options in force: defaults filled in, stored ones read. Changing them has no effect. */
  public StoreOptions options() {
    StoreOptions options = new StoreOptions();
    Raw.stave_store_options_get(handle, options.members);
    return options;
  }

  /**
   * Waits for running calls, makes everything durable, marks the store as cleanly closed and unlocks
   * the directory. Any number of times.
   *
   * @throws StaveException.InputOutput that cannot be done: the store is closed all the same, the next
   *     open recovers, and what was acknowledged as durable is there; {@link
   *     StaveException.NoSpace} likewise
   * @throws StaveException.Busy from inside a callback of this store
   */
  @Override
  public void close() {
    Raw.stave_store_close(handle);
  }

  // ---- Writing

  /** Stores the value, whether or not the key exists. */
  public void put(byte[] key, byte[] value) {
    put(key, value, WriteOptions.DEFAULT);
  }

  /** Stores the value, whether or not the key exists. */
  public void put(byte[] key, byte[] value, WriteOptions options) {
    if (Scratch.holds(Arguments.key(key).length, Arguments.value(value).length)) {
      long at = Scratch.fill(key, value);
      Raw.put_at(handle, at, key.length, at + key.length, value.length, options.number());
    } else {
      Raw.stave_store_put(handle, key, value, options.number());
    }
  }

  /** Stores the value, whether or not the key exists. The buffers' positions stay as they are. */
  public void put(ByteBuffer key, ByteBuffer value) {
    put(key, value, WriteOptions.DEFAULT);
  }

  /** Stores the value, whether or not the key exists. The buffers' positions stay as they are. */
  public void put(ByteBuffer key, ByteBuffer value, WriteOptions options) {
    if (Scratch.holds(key.remaining(), value.remaining())) {
      ByteBuffer memory = Scratch.memory().put(key.duplicate()).put(value.duplicate());
      long at = Scratch.address(memory);
      Raw.put_at(
          handle, at, key.remaining(), at + key.remaining(), value.remaining(), options.number());
    } else {
      Raw.put_direct(handle, Arguments.direct(key), Arguments.direct(value), options.number());
    }
  }

  /** Stores the value if the key is absent; says whether it was. */
  public boolean insert(byte[] key, byte[] value) {
    return insert(key, value, WriteOptions.DEFAULT);
  }

  /** Stores the value if the key is absent; says whether it was. */
  public boolean insert(byte[] key, byte[] value, WriteOptions options) {
    if (Scratch.holds(Arguments.key(key).length, Arguments.value(value).length)) {
      long at = Scratch.fill(key, value);
      return done(Raw.insert_at(
          handle, at, key.length, at + key.length, value.length, options.number()));
    }
    return done(Raw.stave_store_insert(handle, key, value, options.number()));
  }

  /** Stores the value if the key is absent; says whether it was. */
  public boolean insert(ByteBuffer key, ByteBuffer value) {
    return insert(key, value, WriteOptions.DEFAULT);
  }

  /** Stores the value if the key is absent; says whether it was. */
  public boolean insert(ByteBuffer key, ByteBuffer value, WriteOptions options) {
    return done(Raw.insert_direct(
        handle, Arguments.direct(key), Arguments.direct(value), options.number()));
  }

  /** Stores the value if the key exists; says whether it did. */
  public boolean replace(byte[] key, byte[] value) {
    return replace(key, value, WriteOptions.DEFAULT);
  }

  /** Stores the value if the key exists; says whether it did. */
  public boolean replace(byte[] key, byte[] value, WriteOptions options) {
    if (Scratch.holds(Arguments.key(key).length, Arguments.value(value).length)) {
      long at = Scratch.fill(key, value);
      return done(Raw.replace_at(
          handle, at, key.length, at + key.length, value.length, options.number()));
    }
    return done(Raw.stave_store_replace(handle, key, value, options.number()));
  }

  /** Stores the value if the key exists; says whether it did. */
  public boolean replace(ByteBuffer key, ByteBuffer value) {
    return replace(key, value, WriteOptions.DEFAULT);
  }

  /** Stores the value if the key exists; says whether it did. */
  public boolean replace(ByteBuffer key, ByteBuffer value, WriteOptions options) {
    return done(Raw.replace_direct(
        handle, Arguments.direct(key), Arguments.direct(value), options.number()));
  }

  /** Removes the key; says whether it existed. On a full disk removals go on from a reserve. */
  public boolean remove(byte[] key) {
    return remove(key, WriteOptions.DEFAULT);
  }

  /** Removes the key; says whether it existed. On a full disk removals go on from a reserve. */
  public boolean remove(byte[] key, WriteOptions options) {
    if (Scratch.holds(Arguments.key(key).length, 0)) {
      return done(Raw.remove_at(handle, Scratch.fill(key), key.length, options.number()));
    }
    return done(Raw.stave_store_remove(handle, key, options.number()));
  }

  /** Removes the key; says whether it existed. On a full disk removals go on from a reserve. */
  public boolean remove(ByteBuffer key) {
    return remove(key, WriteOptions.DEFAULT);
  }

  /** Removes the key; says whether it existed. On a full disk removals go on from a reserve. */
  public boolean remove(ByteBuffer key, WriteOptions options) {
    return done(Raw.remove_direct(handle, Arguments.direct(key), options.number()));
  }

  // ---- Reading

  /** The value as a fresh array, or null if there is no such key. */
  public byte[] get(byte[] key) {
    if (Scratch.holds(Arguments.key(key).length, 0)) {
      ByteBuffer memory = Scratch.put(Scratch.memory(), key);
      int size = getFilled(memory, key.length);
      if (size != TOO_LARGE) {
        byte[] value = size == ABSENT ? null : new byte[size];
        if (value != null) {
          memory.get(value);
        }
        return value;
      }
    }
    return Raw.stave_java_get(handle, key);
  }

  /**
   * The value as a fresh array.
   *
   * @throws StaveException.NotFound there is no such key
   */
  public byte[] getOrThrow(byte[] key) {
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
  public int get(byte[] key, byte[] target) {
    if (Scratch.holds(Arguments.key(key).length, 0)) {
      ByteBuffer memory = Scratch.put(Scratch.memory(), key);
      int size = getFilled(memory, key.length);
      if (size != TOO_LARGE && size <= target.length) {
        if (size > 0) {
          memory.get(target, 0, size);
        }
        return size;
      }
    }
    return Raw.stave_java_get_into(handle, key, target, 0, target.length);
  }

  /** Reads the value behind the key at the memory's position: its size, ABSENT or TOO_LARGE. */
  private int getFilled(ByteBuffer memory, int keySize) {
    long key = Scratch.address(memory);
    return Raw.stave_java_get_at(handle, key, keySize, key + keySize, memory.remaining());
  }

  /**
   * Copies the value into the buffer at its position, which moves behind the value.
   *
   * @return the value's size in bytes, or -1 if there is no such key
   * @throws StaveException.BufferTooSmall the value has more bytes than remain; the buffer is as before
   * @throws java.nio.ReadOnlyBufferException the buffer is read-only
   */
  public int get(ByteBuffer key, ByteBuffer target) {
    if (target.isReadOnly()) {
      throw new java.nio.ReadOnlyBufferException();
    }
    if (Scratch.holds(key.remaining(), 0)) {
      ByteBuffer memory = Scratch.memory().put(key.duplicate());
      int small = getFilled(memory, key.remaining());
      if (small != TOO_LARGE && small <= target.remaining()) {
        if (small > 0) {
          memory.limit(memory.position() + small);
          target.put(memory);
        }
        return small;
      }
    }
    int size = target.isDirect()
        ? Raw.stave_java_get_direct(handle, Arguments.direct(key), Arguments.direct(target))
        : Raw.stave_java_get_into(handle, Arguments.array(key), target.array(),
            target.arrayOffset() + target.position(), target.remaining());
    if (size > 0) {
      target.position(target.position() + size);
    }
    return size;
  }

  /** The value as a pin, without a copy where that is possible; null if there is no such key. */
  public Pin getPin(byte[] key) {
    long pointer = Raw.stave_store_get_pin(handle, Arguments.key(key));
    return pointer == 0 ? null : new Pin(pointer);
  }

  /** Whether the key exists. */
  public boolean contains(byte[] key) {
    if (Scratch.holds(Arguments.key(key).length, 0)) {
      return done(Raw.contains_at(handle, Scratch.fill(key), key.length));
    }
    return done(Raw.stave_store_contains(handle, key));
  }

  /** Whether the key exists. */
  public boolean contains(ByteBuffer key) {
    return done(Raw.contains_direct(handle, Arguments.direct(key)));
  }

  /** The number of keys. Takes the same time however many there are. */
  public long size() {
    return Raw.stave_store_size(handle);
  }

  // ---- Many keys in one call

  /**
   * The values of many keys in their order, null for the absent ones. Each key is read atomically, the
   * whole is not one snapshot.
   */
  public List<byte[]> multiGet(Collection<byte[]> keys) {
    return Arrays.asList(MultiGet.read(handle, keys.toArray(new byte[0][])));
  }

  /**
   * The same without an array for each value: for programs that make such calls again and again.
   *
   * @param values takes the values in the order of the keys; what it held is gone. It is empty after an
   *     exception.
   * @throws StaveException.TooLarge the values have more bytes together than an array holds
   */
  public void multiGet(Collection<byte[]> keys, ValueList values) {
    values.clear();
    MultiGet.read(handle, keys.toArray(new byte[0][]), values);
  }

  /** Stores all entries or, on failure, none. See {@link #multiPut(Collection, WriteOptions)}. */
  public void multiPut(Collection<Entry> entries) {
    multiPut(entries, WriteOptions.DEFAULT);
  }

  /**
   * Stores all entries or, on failure, none, like a batch. A key that comes twice keeps the later value.
   *
   * @throws StaveException.TooLarge also when the keys or the values together have more bytes than an
   *     array holds (2 GiB); a {@link Batch} takes more
   */
  public void multiPut(Collection<Entry> entries, WriteOptions options) {
    byte[][] keys = entries.stream().map(Entry::key).toArray(byte[][]::new);
    byte[][] values = entries.stream().map(Entry::value).toArray(byte[][]::new);
    Raw.stave_store_multi_put(handle, new Joined(keys).bytes, Joined.keySizes(keys),
        new Joined(values).bytes, Joined.valueSizes(values), keys.length, options.number());
  }

  /** Removes all keys or, on failure, none. See {@link #multiRemove(Collection, WriteOptions)}. */
  public long multiRemove(Collection<byte[]> keys) {
    return multiRemove(keys, WriteOptions.DEFAULT);
  }

  /**
   * Removes all keys or, on failure, none; absent keys are no error.
   *
   * @return the number of keys that existed
   * @throws StaveException.TooLarge also when the keys together have more bytes than an array holds
   *     (2 GiB); a {@link Batch} takes more
   */
  public long multiRemove(Collection<byte[]> keys, WriteOptions options) {
    byte[][] all = keys.toArray(new byte[0][]);
    return Raw.stave_store_multi_remove(
        handle, new Joined(all).bytes, Joined.keySizes(all), all.length, options.number());
  }

  /** Applies the batch atomically. See {@link #write(Batch, WriteOptions)}. */
  public void write(Batch batch) {
    write(batch, WriteOptions.DEFAULT);
  }

  /**
   * Applies the batch atomically and leaves it as it is. An empty batch does nothing.
   *
   * @throws StaveException.Mismatch a condition does not hold, and nothing was written; the exception
   *     has its position
   */
  public void write(Batch batch, WriteOptions options) {
    batch.write(handle, options);
  }

  // ---- Cursors

  /** A cursor over all records. */
  public Cursor cursor() {
    return cursor(CursorOptions.ALL);
  }

  /** A cursor over the records that the options name. */
  public Cursor cursor(CursorOptions options) {
    return new Cursor(handle, options);
  }

  /**
   * All records, from a {@link Cursor} of its own, which is closed behind the last one, and else when the
   * iterator is garbage. A loop that ends early had better use {@link #cursor()} in a try statement.
   */
  @Override
  public Iterator<Entry> iterator() {
    return cursor().iterator();
  }

  /** All records, from a {@link Cursor} of its own, which closing the stream closes. */
  public Stream<Entry> stream() {
    return cursor().stream();
  }

  // ---- Keeping and checking

  /** Everything acknowledged so far survives the end of the process: {@link Durability#OS}. */
  public void flush() {
    Raw.stave_store_flush(handle);
  }

  /** Everything acknowledged so far survives power loss: {@link Durability#DEVICE}. */
  public void sync() {
    Raw.stave_store_sync(handle);
  }

  /** Syncs and saves a key directory on disk: an open after a crash reads what is logged later. */
  public void checkpoint() {
    Raw.stave_store_checkpoint(handle);
  }

  /** Counters and sizes. Takes time in proportion to the number of log files. */
  public StoreStats stats() {
    long[] members = new long[StoreStats.COUNT];
    Raw.stave_store_stats_get(handle, members);
    return new StoreStats(members);
  }

  /** Checks every byte of the store. See {@link #verify(VerifyProgress)}. */
  public void verify() {
    Raw.stave_java_verify(handle, null);
  }

  /**
   * Reads the whole log, checks every byte that a checksum covers, and proves that the index holds
   * exactly the newest record of every key. Runs beside any traffic. Takes time in proportion to the
   * bytes in the store, and native memory in proportion to the keys.
   *
   * @param progress is called on this thread; an exception that it throws comes out of this method
   *     unchanged
   * @throws StaveException.Corruption names the first damage
   * @throws StaveException.Cancelled the progress callback asked to stop
   */
  public void verify(VerifyProgress progress) {
    Raw.stave_java_verify(handle, Objects.requireNonNull(progress, "progress"));
  }

  private static boolean done(int status) {
    return status == RawConstants.STAVE_OK;
  }
}

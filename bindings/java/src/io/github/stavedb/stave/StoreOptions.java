package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Raw;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * How a store is opened. A new object has the defaults; the methods that set something return the
 * object. The library checks the values when the store is opened.
 *
 * <pre>{@code
 * new StoreOptions().durability(Durability.OS).segmentSize(64 << 20)
 * new StoreOptions().set("durability=os segment_size=64MiB")
 * }</pre>
 *
 * <p>Thread safety: one thread at a time.
 */
public final class StoreOptions {
  private static final int DURABILITY = 0;
  private static final int IO = 1;
  private static final int SHARDS = 2;
  private static final int SEGMENT_SIZE = 3;
  private static final int READ_ONLY = 4;
  private static final int CREATE_IF_MISSING = 5;
  private static final int ERROR_IF_EXISTS = 6;
  private static final int BACKGROUND = 7;
  private static final int KEYDIR = 8;
  private static final int CHECKPOINT_INTERVAL = 9;

  /** As the native code takes them. */
  final long[] members = new long[10];

  /** The defaults. */
  public StoreOptions() {
    Raw.stave_store_options_init(members);
  }

  /**
   * Sets options from text such as {@code "durability=os segment_size=64MiB"}, separated by spaces or
   * commas. {@link #describe} lists them.
   *
   * @throws StaveException.InvalidArgument names the option that is unknown or out of range; nothing
   *     is changed
   */
  public StoreOptions set(String text) {
    Raw.stave_store_options_set(members, Arguments.text(text, "text"));
    return this;
  }

  /** All options with type, default and meaning, one a line, for people. */
  public static String describe() {
    return new String(Raw.stave_store_options_describe(), StandardCharsets.UTF_8);
  }

  /** What a write survives unless it says otherwise; default {@link Durability#DEVICE}. */
  public StoreOptions durability(Durability durability) {
    members[DURABILITY] = Objects.requireNonNull(durability, "durability").number;
    return this;
  }

  /** How files are read; default {@link IoMode#MMAP}. */
  public StoreOptions io(IoMode mode) {
    members[IO] = Objects.requireNonNull(mode, "mode").number;
    return this;
  }

  /**
   * Independent locks, a power of two from 1 to 65536, fixed when the store is created. Default 0: the
   * stored number, for a new store 16.
   */
  public StoreOptions shards(int shards) {
    members[SHARDS] = shards;
    return this;
  }

  /** Bytes after which a new log file begins, 4 KiB to 64 GiB; default 256 MiB. */
  public StoreOptions segmentSize(long bytes) {
    members[SEGMENT_SIZE] = bytes;
    return this;
  }

  /** Whether writes are refused; default false. Any number of read-only objects may share a store. */
  public StoreOptions readOnly(boolean readOnly) {
    members[READ_ONLY] = readOnly ? 1 : 0;
    return this;
  }

  /** Whether a store that is not there is created; default true. */
  public StoreOptions createIfMissing(boolean create) {
    members[CREATE_IF_MISSING] = create ? 1 : 0;
    return this;
  }

  /** Whether a store that is there already is an error; default false. */
  public StoreOptions errorIfExists(boolean error) {
    members[ERROR_IF_EXISTS] = error ? 1 : 0;
    return this;
  }

  /** Where the key directory is; fixed when the store is created. Default {@link KeyDirectory#STORED}. */
  public StoreOptions keyDirectory(KeyDirectory directory) {
    members[KEYDIR] = Objects.requireNonNull(directory, "directory").number;
    return this;
  }

  /**
   * With {@link KeyDirectory#DISK}: bytes of log after which the directory is saved by itself, beside
   * traffic; an open after a crash reads about as much. 0: only when many changes have gathered.
   * Default 256 MiB.
   */
  public StoreOptions checkpointInterval(long bytes) {
    members[CHECKPOINT_INTERVAL] = bytes;
    return this;
  }

  /**
   * With {@link KeyDirectory#DISK}: whether a thread of the library merges changes into the directory,
   * or else writers do, in slices. Default true.
   */
  public StoreOptions background(boolean background) {
    members[BACKGROUND] = background ? 1 : 0;
    return this;
  }

  /** What a write survives unless it says otherwise. */
  public Durability durability() {
    return Durability.of(members[DURABILITY]);
  }

  /** How files are read. */
  public IoMode io() {
    return IoMode.of(members[IO]);
  }

  /** The number of independent locks. */
  public int shards() {
    return (int) members[SHARDS];
  }

  /** Bytes after which a new log file begins. */
  public long segmentSize() {
    return members[SEGMENT_SIZE];
  }

  /** Whether writes are refused. */
  public boolean readOnly() {
    return members[READ_ONLY] != 0;
  }

  /** Whether a store that is not there is created. */
  public boolean createIfMissing() {
    return members[CREATE_IF_MISSING] != 0;
  }

  /** Whether a store that is there already is an error. */
  public boolean errorIfExists() {
    return members[ERROR_IF_EXISTS] != 0;
  }

  /** Where the key directory is. */
  public KeyDirectory keyDirectory() {
    return KeyDirectory.of(members[KEYDIR]);
  }

  /** Bytes of log after which a key directory on disk is saved by itself. */
  public long checkpointInterval() {
    return members[CHECKPOINT_INTERVAL];
  }

  /** Whether a thread merges changes into a key directory on disk. */
  public boolean background() {
    return members[BACKGROUND] != 0;
  }

  /** All options as {@link #set} takes them. */
  @Override
  public String toString() {
    return "durability=" + durability() + " io=" + io() + " shards=" + shards()
        + " segment_size=" + segmentSize() + " read_only=" + members[READ_ONLY]
        + " create_if_missing=" + members[CREATE_IF_MISSING]
        + " error_if_exists=" + members[ERROR_IF_EXISTS] + " background=" + members[BACKGROUND]
        + " keydir=" + keyDirectory() + " checkpoint_interval=" + checkpointInterval();
  }
}

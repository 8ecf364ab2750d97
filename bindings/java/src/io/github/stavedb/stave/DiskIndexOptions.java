package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Raw;
import java.nio.charset.StandardCharsets;

/**
 * How a disk index is opened. A new object has the defaults; the methods that set something return the
 * object. The library checks the values when the index is opened.
 *
 * <pre>{@code
 * new DiskIndexOptions().recordSize(8).createParents(true)
 * new DiskIndexOptions().set("record_size=8 create_parents=1")
 * }</pre>
 *
 * <p>Thread safety: one thread at a time.
 */
public final class DiskIndexOptions {
  private static final int RECORD_SIZE = 0;
  private static final int DELTA_MEMORY = 1;
  private static final int BULK_MEMORY = 2;
  private static final int READ_ONLY = 3;
  private static final int CREATE_IF_MISSING = 4;
  private static final int CREATE_PARENTS = 5;
  private static final int ERROR_IF_EXISTS = 6;
  private static final int BACKGROUND = 7;

  /** As the native code takes them. */
  final long[] members = new long[8];

  /** The defaults. */
  public DiskIndexOptions() {
    Raw.stave_disk_index_options_init(members);
  }

  /**
   * Sets options from text such as {@code "record_size=8 delta_memory=1MiB"}, separated by spaces or
   * commas. {@link #describe} lists them.
   *
   * @throws StaveException.InvalidArgument names the option that is unknown or out of range; nothing
   *     is changed
   */
  public DiskIndexOptions set(String text) {
    Raw.stave_disk_index_options_set(members, Arguments.text(text, "text"));
    return this;
  }

  /** All options with type, default and meaning, one a line, for people. */
  public static String describe() {
    return new String(Raw.stave_disk_index_options_describe(), StandardCharsets.UTF_8);
  }

  /**
   * 1 to 256: opaque records. Default 0: payload records in a new file, whatever it holds in an old one.
   */
  public DiskIndexOptions recordSize(int bytes) {
    members[RECORD_SIZE] = bytes;
    return this;
  }

  /**
   * Bytes of the tables of changes that are not merged yet, 64 KiB to 64 GiB; default 64 MiB, and half
   * as much again while changes come faster than they are merged. More makes fewer, larger merges, and a
   * larger log in the file.
   */
  public DiskIndexOptions deltaMemory(long bytes) {
    members[DELTA_MEMORY] = bytes;
    return this;
  }

  /** Bytes that a load sorts at a time, from 64 KiB; default 256 MiB. */
  public DiskIndexOptions bulkMemory(long bytes) {
    members[BULK_MEMORY] = bytes;
    return this;
  }

  /** Default false. Any number of processes may read a file that nobody writes. */
  public DiskIndexOptions readOnly(boolean readOnly) {
    members[READ_ONLY] = readOnly ? 1 : 0;
    return this;
  }

  /** Default true. */
  public DiskIndexOptions createIfMissing(boolean create) {
    members[CREATE_IF_MISSING] = create ? 1 : 0;
    return this;
  }

  /** Whether to make the directories that lead to a new file; default false. */
  public DiskIndexOptions createParents(boolean create) {
    members[CREATE_PARENTS] = create ? 1 : 0;
    return this;
  }

  /** Default false. */
  public DiskIndexOptions errorIfExists(boolean error) {
    members[ERROR_IF_EXISTS] = error ? 1 : 0;
    return this;
  }

  /**
   * Default true: merge in a thread, started when one is near; else in slices of the writers'
   * calls.
   */
  public DiskIndexOptions background(boolean background) {
    members[BACKGROUND] = background ? 1 : 0;
    return this;
  }

  /** The size of records. */
  public int recordSize() {
    return (int) members[RECORD_SIZE];
  }

  /** Bytes of the tables of changes that are not merged yet. */
  public long deltaMemory() {
    return members[DELTA_MEMORY];
  }

  /** Bytes that a load sorts at a time. */
  public long bulkMemory() {
    return members[BULK_MEMORY];
  }

  /** Whether the index is only read. */
  public boolean readOnly() {
    return members[READ_ONLY] != 0;
  }

  /** Whether a missing file is made. */
  public boolean createIfMissing() {
    return members[CREATE_IF_MISSING] != 0;
  }

  /** Whether missing directories are made. */
  public boolean createParents() {
    return members[CREATE_PARENTS] != 0;
  }

  /** Whether a file that is there is an error. */
  public boolean errorIfExists() {
    return members[ERROR_IF_EXISTS] != 0;
  }

  /** Whether a thread merges. */
  public boolean background() {
    return members[BACKGROUND] != 0;
  }

  /** All options as {@link #set} takes them. */
  @Override
  public String toString() {
    return "record_size=" + members[RECORD_SIZE] + " delta_memory=" + members[DELTA_MEMORY]
        + " bulk_memory=" + members[BULK_MEMORY] + " read_only=" + members[READ_ONLY]
        + " create_if_missing=" + members[CREATE_IF_MISSING] + " create_parents="
        + members[CREATE_PARENTS] + " error_if_exists=" + members[ERROR_IF_EXISTS] + " background="
        + members[BACKGROUND];
  }
}

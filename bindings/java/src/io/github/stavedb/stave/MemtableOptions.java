package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Raw;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * How a memtable is made. A new object has the defaults; the methods that set something return the
 * object. The library checks the values when the table is created.
 *
 * <pre>{@code
 * new MemtableOptions().timestamps(Timestamps.EXPLICIT).capacity(1_000_000)
 * new MemtableOptions().set("timestamps=explicit capacity=1000000")
 * }</pre>
 *
 * <p>Thread safety: one thread at a time.
 */
public final class MemtableOptions {
  private static final int TIMESTAMPS = 0;
  private static final int CAPACITY = 1;
  private static final int BACKGROUND = 2;

  /** As the native code takes them. */
  final long[] members = new long[3];

  /** The defaults. */
  public MemtableOptions() {
    Raw.stave_memtable_options_init(members);
  }

  /**
   * Sets options from text such as {@code "timestamps=explicit capacity=1000000"}, separated by spaces
   * or commas. {@link #describe} lists them.
   *
   * @throws StaveException.InvalidArgument names the option that is unknown or out of range; nothing
   *     is changed
   */
  public MemtableOptions set(String text) {
    Raw.stave_memtable_options_set(members, Arguments.text(text, "text"));
    return this;
  }

  /** All options with type, default and meaning, one a line, for people. */
  public static String describe() {
    return new String(Raw.stave_memtable_options_describe(), StandardCharsets.UTF_8);
  }

  /** Who keeps the time; default {@link Timestamps#MANAGED}. */
  public MemtableOptions timestamps(Timestamps timestamps) {
    members[TIMESTAMPS] = Objects.requireNonNull(timestamps, "timestamps").number;
    return this;
  }

  /** Keys to make room for at once; default 0. No limit: tables grow piece by piece. */
  public MemtableOptions capacity(long keys) {
    members[CAPACITY] = keys;
    return this;
  }

  /**
   * Whether a thread of the library frees what commits leave to be freed, within a second, or else later
   * commits do, and {@link Memtable#prune}. Default true. Explicit tables never use the thread.
   */
  public MemtableOptions background(boolean background) {
    members[BACKGROUND] = background ? 1 : 0;
    return this;
  }

  /** Who keeps the time. */
  public Timestamps timestamps() {
    return Timestamps.of(members[TIMESTAMPS]);
  }

  /** Keys to make room for at once. */
  public long capacity() {
    return members[CAPACITY];
  }

  /** Whether a thread frees what commits leave. */
  public boolean background() {
    return members[BACKGROUND] != 0;
  }

  /** All options as {@link #set} takes them. */
  @Override
  public String toString() {
    return "timestamps=" + timestamps() + " capacity=" + Long.toUnsignedString(capacity())
        + " background=" + members[BACKGROUND];
  }
}

package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Raw;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * How a map is made. A new object has the defaults; the methods that set something return the object.
 * The library checks the values when the map is created.
 *
 * <pre>{@code
 * new CowMapOptions().values(ValueMode.FIXED).valueSize(8)
 * new CowMapOptions().set("values=fixed value_size=8")
 * }</pre>
 *
 * <p>Thread safety: one thread at a time.
 */
public final class CowMapOptions {
  private static final int VALUES = 0;
  private static final int VALUE_SIZE = 1;
  private static final int CAPACITY = 2;

  /** As the native code takes them. */
  final long[] members = new long[3];

  /** The defaults. */
  public CowMapOptions() {
    Raw.stave_cow_map_options_init(members);
  }

  /**
   * Sets options from text such as {@code "values=fixed value_size=8"}, separated by spaces or commas.
   * {@link #describe} lists them.
   *
   * @throws StaveException.InvalidArgument names the option that is unknown or out of range; nothing
   *     is changed
   */
  public CowMapOptions set(String text) {
    Raw.stave_cow_map_options_set(members, Arguments.text(text, "text"));
    return this;
  }

  /** All options with type, default and meaning, one a line, for people. */
  public static String describe() {
    return new String(Raw.stave_cow_map_options_describe(), StandardCharsets.UTF_8);
  }

  /**
   * Default {@link ValueMode#VARIABLE}. Values of one size, up to 8 bytes, lie beside their keys, without
   * memory of their own.
   */
  public CowMapOptions values(ValueMode mode) {
    members[VALUES] = Objects.requireNonNull(mode, "mode").number;
    return this;
  }

  /** The size of fixed values; default 0. Ignored for variable ones. */
  public CowMapOptions valueSize(int bytes) {
    members[VALUE_SIZE] = bytes;
    return this;
  }

  /**
   * Entries to prepare for, at most 2^32; default 0. A hint: it saves some rearranging while the map
   * fills up, at half a byte an entry or less.
   */
  public CowMapOptions capacity(long entries) {
    members[CAPACITY] = entries;
    return this;
  }

  /** Whether the values have one size. */
  public ValueMode values() {
    return ValueMode.of(members[VALUES]);
  }

  /** The size of fixed values. */
  public int valueSize() {
    return (int) members[VALUE_SIZE];
  }

  /** Entries to prepare for. */
  public long capacity() {
    return members[CAPACITY];
  }

  /** All options as {@link #set} takes them. */
  @Override
  public String toString() {
    return "values=" + values() + " value_size=" + Integer.toUnsignedString(valueSize())
        + " capacity=" + Long.toUnsignedString(capacity());
  }
}

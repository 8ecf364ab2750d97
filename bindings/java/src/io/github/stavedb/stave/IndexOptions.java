package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Raw;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * How an index is made. A new object has the defaults; the methods that set something return the
 * object. The library checks the values when the index is created.
 *
 * <pre>{@code
 * new IndexOptions().valueBits(44).capacity(1_000_000)
 * new IndexOptions().set("value_bits=44 capacity=1000000")
 * }</pre>
 *
 * <p>Thread safety: one thread at a time.
 */
public final class IndexOptions {
  private static final int KEY_MODE = 0;
  private static final int VALUE_BITS = 1;
  private static final int SHARDS = 2;
  private static final int CAPACITY = 3;
  private static final int SEED = 4;

  /** As the native code takes them. */
  final long[] members = new long[5];

  /** The defaults. */
  public IndexOptions() {
    Raw.stave_index_options_init(members);
  }

  /**
   * Sets options from text such as {@code "value_bits=44 capacity=1000000"}, separated by spaces or
   * commas. {@link #describe} lists them.
   *
   * @throws StaveException.InvalidArgument names the option that is unknown or out of range; nothing
   *     is changed
   */
  public IndexOptions set(String text) {
    Raw.stave_index_options_set(members, Arguments.text(text, "text"));
    return this;
  }

  /** All options with type, default and meaning, one a line, for people. */
  public static String describe() {
    return new String(Raw.stave_index_options_describe(), StandardCharsets.UTF_8);
  }

  /** Who knows the keys; default {@link KeyMode#OWNED}. It must be so that it fits the resolver. */
  public IndexOptions keyMode(KeyMode mode) {
    members[KEY_MODE] = Objects.requireNonNull(mode, "mode").number;
    return this;
  }

  /** 44: values below 2^44, in less memory when the keys are resolved; default 64. */
  public IndexOptions valueBits(int bits) {
    members[VALUE_BITS] = bits;
    return this;
  }

  /** Parts that grow by themselves, a power of two from 1 to 256; default 0: by the capacity. */
  public IndexOptions shards(int shards) {
    members[SHARDS] = shards;
    return this;
  }

  /** Entries that fit before the first growth; default 0. */
  public IndexOptions capacity(long entries) {
    members[CAPACITY] = entries;
    return this;
  }

  /** Of the hash; default 0: a random one, so that nobody can prepare keys that collide. */
  public IndexOptions seed(long seed) {
    members[SEED] = seed;
    return this;
  }

  /** Who knows the keys. */
  public KeyMode keyMode() {
    return KeyMode.of(members[KEY_MODE]);
  }

  /** The bits that values have at most. */
  public int valueBits() {
    return (int) members[VALUE_BITS];
  }

  /** The number of parts that grow by themselves. */
  public int shards() {
    return (int) members[SHARDS];
  }

  /** Entries that fit before the first growth. */
  public long capacity() {
    return members[CAPACITY];
  }

  /** The seed of the hash: 64 bits, negative from 2^63 on. */
  public long seed() {
    return members[SEED];
  }

  /** All options as {@link #set} takes them. */
  @Override
  public String toString() {
    return "key_mode=" + keyMode() + " value_bits=" + valueBits() + " shards=" + shards()
        + " capacity=" + Long.toUnsignedString(capacity()) + " seed="
        + Long.toUnsignedString(seed());
  }
}

package io.github.stavedb.stave;

/**
 * What a read at a timestamp has seen of a key: its value, its removal, or nothing.
 *
 * @param <T> what the value came as: an array, a {@link Pin}, or what a function made of it
 */
public final class Visible<T> {
  // A removed key's size among those of many values; the same in native/memtable.cc.
  private static final long TOMBSTONE = -2;

  private final KeyState state;
  private final T value;

  private Visible(KeyState state, T value) {
    this.state = state;
    this.value = value;
  }

  static <T> Visible<T> of(T value) {
    return new Visible<>(KeyState.EXISTS, value);
  }

  static <T> Visible<T> none(boolean deleted) {
    return new Visible<>(deleted ? KeyState.DELETED : KeyState.ABSENT, null);
  }

  /** The value, or if that is null, what stands instead. */
  static <T> Visible<T> ofNullable(T value, boolean deleted) {
    return value == null ? none(deleted) : of(value);
  }

  /** One of many values, whose size says what stands instead if it is null. */
  static Visible<byte[]> ofSized(byte[] value, long size) {
    return ofNullable(value, size == TOMBSTONE);
  }

  /** Whether there is a value, and if not, why. */
  public KeyState state() {
    return state;
  }

  /** Whether there is a value. */
  public boolean exists() {
    return state == KeyState.EXISTS;
  }

  /** The value; null when there is none. */
  public T value() {
    return value;
  }
}

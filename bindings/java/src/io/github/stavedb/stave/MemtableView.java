package io.github.stavedb.stave;

import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A managed {@link Memtable} at one moment: what a {@link MemtableSnapshot} and a {@link
 * MemtableTransaction} read.
 *
 * <p>An absent key is {@code null}, -1 or false, as in a {@link Store}, and never the same as an empty
 * value. Every method throws {@link StaveException.Closed} after a close of the object or of its table,
 * and {@link NullPointerException} for a {@code null} argument.
 */
public interface MemtableView extends AutoCloseable, Iterable<MemtableRecord> {
  /** The value as a fresh array, or null if there is no such key. */
  byte[] get(byte[] key);

  /**
   * The value as a fresh array.
   *
   * @throws StaveException.NotFound there is no such key
   */
  default byte[] getOrThrow(byte[] key) {
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
  int get(byte[] key, byte[] target);

  /**
   * Copies the value into the buffer at its position, which moves behind the value.
   *
   * @return the value's size in bytes, or -1 if there is no such key
   * @throws StaveException.BufferTooSmall the value has more bytes than remain; the buffer is as before
   * @throws java.nio.ReadOnlyBufferException the buffer is read-only
   */
  int get(ByteBuffer key, ByteBuffer target);

  /** The value as a pin, without a copy if it has more than 56 bytes; null if there is no such key. */
  Pin getPin(byte[] key);

  /** Whether the key exists. */
  boolean contains(byte[] key);

  /** The values of many keys in their order, all at the one moment; null for the absent ones. */
  List<byte[]> multiGet(Collection<byte[]> keys);

  /**
   * The same without an array for each value: for programs that make such calls again and again.
   *
   * @param values takes the values in the order of the keys; what it held is gone. It is empty after an
   *     exception.
   * @throws StaveException.TooLarge the values have more bytes together than an array holds
   */
  void multiGet(Collection<byte[]> keys, ValueList values);

  /** A cursor over all records at the moment. */
  default MemtableCursor cursor() {
    return cursor(MemtableCursorOptions.ALL);
  }

  /** A cursor at the moment. */
  MemtableCursor cursor(MemtableCursorOptions options);

  /**
   * All records at the moment, from a {@link MemtableCursor} of its own, which is closed behind the last
   * one, and else when the iterator is garbage.
   */
  @Override
  default Iterator<MemtableRecord> iterator() {
    return cursor().iterator();
  }

  /** All records at the moment, from a {@link MemtableCursor} that closing the stream closes. */
  default Stream<MemtableRecord> stream() {
    return cursor().stream();
  }

  /** Lets go of the moment. Any number of times. */
  @Override
  void close();
}

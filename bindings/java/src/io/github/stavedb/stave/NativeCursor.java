package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.RawConstants;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/** What cursors have in common: one call at a time, and the ways to all that is left. */
abstract class NativeCursor<E> implements AutoCloseable, Iterable<E> {
  /** What one nextMany may bring: far below what an array holds even with one largest value after it. */
  static final int BYTES_MAX = 1 << 28;

  private static final int COUNT_MAX = 1 << 16;

  final Handle handle;
  final Object lock;
  private final ToIntFunction<Handle> next;
  private final Consumer<Handle> close;

  /** Calls hold {@code lock}, or this object if it is null. */
  NativeCursor(Handle handle, Object lock, ToIntFunction<Handle> next, Consumer<Handle> close) {
    this.handle = handle;
    this.lock = lock == null ? this : lock;
    this.next = next;
    this.close = close;
  }

  /** The number of elements that a nextMany asks for. */
  static int room(int countMax, int bytesMax) {
    if (countMax < 0 || bytesMax < 0) {
      throw Errors.invalidArgument("countMax and bytesMax are 0 or more");
    }
    return Math.min(countMax, COUNT_MAX);
  }

  /** The next elements for an iterator; none at the end. */
  abstract List<E> fetch();

  /** Moves to the next element; false when there is none, then and ever after. */
  public boolean next() {
    synchronized (lock) {
      return next.applyAsInt(handle) == RawConstants.STAVE_OK;
    }
  }

  /** The remaining elements. Closes the cursor after the last one. */
  @Override
  public Iterator<E> iterator() {
    return new FetchingIterator<>(this::fetch, this::close);
  }

  /** The remaining elements; closing the stream closes the cursor. */
  public Stream<E> stream() {
    return new FetchingIterator<>(this::fetch, this::close).stream();
  }

  /** Gives up the cursor's view. Any number of times. */
  @Override
  public void close() {
    synchronized (lock) {
      close.accept(handle);
    }
  }
}

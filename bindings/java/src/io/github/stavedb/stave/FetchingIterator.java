package io.github.stavedb.stave;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** What a cursor has left, several elements for each crossing. Closes it behind the last one. */
final class FetchingIterator<E> implements Iterator<E> {
  /** Elements that one crossing brings at most. */
  static final int COUNT = 128;

  /** Bytes after which it ends early. */
  static final int BYTES = 1 << 16;

  private final Supplier<List<E>> fetch;
  private final Runnable close;
  private Queue<E> fetched = new ArrayDeque<>();
  private boolean done;

  /** {@code fetch} delivers an empty list when there is none left. */
  FetchingIterator(Supplier<List<E>> fetch, Runnable close) {
    this.fetch = fetch;
    this.close = close;
  }

  /** The same as a stream; closing it closes the cursor. */
  Stream<E> stream() {
    int traits = Spliterator.DISTINCT | Spliterator.NONNULL;
    return StreamSupport.stream(
        Spliterators.spliteratorUnknownSize(this, traits), false).onClose(close);
  }

  @Override
  public boolean hasNext() {
    if (fetched.isEmpty() && !done) {
      fetched = new ArrayDeque<>(fetch.get());
      done = fetched.isEmpty();
      if (done) {
        close.run();
      }
    }
    return !done;
  }

  @Override
  public E next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return fetched.remove();
  }
}

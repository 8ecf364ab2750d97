package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/**
 * What leads from one map to another, as both were when the diff was opened; each key once, in no
 * particular order.
 *
 * <pre>{@code
 * try (CowMapDiff diff = before.diff(after)) {
 *   for (CowMapChange change : diff) {
 *     use(change.kind(), change.key(), change.before(), change.after());
 *   }
 * }
 * }</pre>
 *
 * <p>Thread safety: calls from several threads wait for each other. Every call but {@code close} throws
 * {@link StaveException.Closed} after a close of the diff or of one of the maps.
 */
public final class CowMapDiff implements AutoCloseable, Iterable<CowMapChange> {
  private final Handle handle;
  // Maps that nobody refers to any more are closed by the collector, but not under a diff.
  private final CowMap before;
  private final CowMap after;
  private final long[] key = {0};
  private int kind;

  CowMapDiff(CowMap before, Handle beforeHandle, CowMap after, Handle afterHandle) {
    this.before = before;
    this.after = after;
    handle = new Handle(
        Raw.stave_cow_map_diff_open(beforeHandle, afterHandle), Raw::freeCowMapDiff);
  }

  /** The first of the two maps. */
  public CowMap beforeMap() {
    return before;
  }

  /** The second of the two maps. */
  public CowMap afterMap() {
    return after;
  }

  /**
   * Moves to the next key that differs; false when there is none, then and ever after.
   *
   * @throws StaveException.NoMemory the call may be repeated
   */
  public synchronized boolean next() {
    kind = Raw.stave_java_cow_map_diff_next(handle, key);
    return kind != 0;
  }

  /**
   * How the key differs that the diff stands on, with values in fresh arrays.
   *
   * @throws StaveException.InvalidArgument it stands on no key
   */
  public synchronized CowMapChange change() {
    byte[] old = Raw.stave_cow_map_diff_before(handle);
    byte[] present = Raw.stave_cow_map_diff_after(handle);
    return new CowMapChange(CowMapChange.Kind.values()[kind - 1], key[0], old, present);
  }

  /** The remaining changes. Closes the diff behind the last one. */
  @Override
  public Iterator<CowMapChange> iterator() {
    return fetching();
  }

  /** The remaining changes; closing the stream closes the diff. */
  public Stream<CowMapChange> stream() {
    return fetching().stream();
  }

  private FetchingIterator<CowMapChange> fetching() {
    return new FetchingIterator<>(this::take, this::close);
  }

  private synchronized List<CowMapChange> take() {
    return next() ? List.of(change()) : List.of();
  }

  /** Gives up the diff's view of the maps. Any number of times. */
  @Override
  public synchronized void close() {
    Raw.stave_cow_map_diff_close(handle);
  }
}

package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import java.util.List;

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
public final class CowMapDiff extends NativeCursor<CowMapChange> {
  // Maps that nobody refers to any more are closed by the collector, but not under a diff.
  private final CowMap before;
  private final CowMap after;
  private final long[] key = {0};
  private int kind;

  CowMapDiff(CowMap before, Handle beforeHandle, CowMap after, Handle afterHandle) {
    super(new Handle(
        Raw.stave_cow_map_diff_open(beforeHandle, afterHandle), Raw::freeCowMapDiff),
        null, null, Raw::stave_cow_map_diff_close);
    this.before = before;
    this.after = after;
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
  @Override
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

  @Override
  synchronized List<CowMapChange> fetch() {
    return next() ? List.of(change()) : List.of();
  }
}

package io.github.stavedb.stave;

/** What {@link Store#onWrite(StoreHook)} and {@link Store#onOpen} call for a change. */
@FunctionalInterface
public interface StoreHook {
  /**
   * Is shown a change, which is visible already. It may read from the store; what writes to it, or closes
   * it, throws {@link StaveException.Busy}. Other stores may be written.
   *
   * <p>What it throws undoes nothing: of {@link Store#onWrite(StoreHook)} the write then throws {@link
   * StaveException.HookFailed} with it as the cause, out of {@link Store#onOpen} it comes unchanged.
   */
  void onChange(StoreChange change);
}

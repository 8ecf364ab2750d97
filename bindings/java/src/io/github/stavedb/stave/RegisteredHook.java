package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.ChangeListener;
import io.github.stavedb.stave.internal.Scratch;

/**
 * A hook as native code calls it, in the thread that writes. What it throws waits until the write fails for
 * it, as the cause of that exception: other hooks, and other changes of the same commit, come before.
 */
final class RegisteredHook implements ChangeListener {
  // What the hooks of the innermost write of the thread have thrown first. Holds nothing between writes,
  // so that no thread of a pool keeps a program's classes alive.
  private static final ThreadLocal<Throwable> THROWN = new ThreadLocal<>();

  private final StoreHook hook;

  RegisteredHook(StoreHook hook) {
    this.hook = hook;
  }

  @Override
  public boolean onChange(
      byte[] key, byte[] value, byte[] oldValue, long expiresAt, long version) {
    // The write that calls may have its key and value in the scratch memory, for the next hook.
    byte[] room = Scratch.save();
    Throwable earlier = takeThrown(); // the hook may itself write to other stores
    try {
      hook.onChange(new StoreChange(key, value, oldValue, expiresAt, version));
      keepThrown(earlier);
      return true;
    } catch (Throwable e) {
      keepThrown(earlier == null ? e : earlier);
      return false;
    } finally {
      Scratch.restore(room);
    }
  }

  /** What hooks of the thread have thrown, or null; from then on there is nothing. */
  static Throwable takeThrown() {
    Throwable thrown = THROWN.get();
    THROWN.remove();
    return thrown;
  }

  /** Undoes a takeThrown, behind code of the user that ran meanwhile. */
  static void keepThrown(Throwable thrown) {
    if (thrown != null) {
      THROWN.set(thrown);
    }
  }
}

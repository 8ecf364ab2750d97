package io.github.stavedb.stave.internal;

import java.lang.ref.Cleaner;
import java.util.function.LongConsumer;

/**
 * A native object and the duty to free it: when told to, else once this is garbage. The methods of
 * {@link Raw} keep the Handle reachable while they run, so memory is never given back under a call.
 */
public final class Handle {
  private static final Cleaner CLEANER = Cleaner.create();

  final long pointer;
  private final Cleaner.Cleanable cleanable;
  private volatile Object kept;

  public Handle(long pointer, LongConsumer free) {
    this(pointer, free, null);
  }

  /** Keeps an object reachable that calls with the handle need, until {@link #release}. */
  public Handle(long pointer, LongConsumer free, Object kept) {
    this.pointer = pointer;
    this.kept = kept;
    cleanable = onGarbage(this, () -> free.accept(pointer));
  }

  /** Runs the action once: by {@code clean()} or when the object is garbage. It must not refer to it. */
  public static Cleaner.Cleanable onGarbage(Object object, Runnable action) {
    return CLEANER.register(object, action);
  }

  /** Lets go of the object that was kept: no call needs it any more. */
  public void release() {
    kept = null;
  }

  /** Frees the native object. The caller sees to it that no call is or will be made with it. */
  public void free() {
    cleanable.clean();
  }
}

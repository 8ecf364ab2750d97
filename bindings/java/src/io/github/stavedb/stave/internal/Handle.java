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

  public Handle(long pointer, LongConsumer free) {
    this.pointer = pointer;
    cleanable = onGarbage(this, () -> free.accept(pointer));
  }

  /** Runs the action once: by {@code clean()} or when the object is garbage. It must not refer to it. */
  public static Cleaner.Cleanable onGarbage(Object object, Runnable action) {
    return CLEANER.register(object, action);
  }

  /** Frees the native object. The caller sees to it that no call is or will be made with it. */
  public void free() {
    cleanable.clean();
  }
}

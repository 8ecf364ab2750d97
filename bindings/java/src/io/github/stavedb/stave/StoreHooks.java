package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongConsumer;

/**
 * A store's native object and its hooks. Native code refers to the hooks weakly: it is the Handle that keeps
 * them, so that a store to which its hooks refer is garbage together with them.
 */
final class StoreHooks {
  final Handle handle;
  private final Contexts contexts = new Contexts();
  private final List<RegisteredHook> kept = new CopyOnWriteArrayList<>();

  StoreHooks(long pointer) {
    handle = new Handle(pointer, contexts, kept);
  }

  void add(StoreHook hook, boolean wantsOldValues) {
    RegisteredHook registered = new RegisteredHook(hook);
    kept.add(registered); // first: it may be called from then on
    try {
      contexts.add(Raw.stave_java_on_write(handle, wantsOldValues, registered));
    } catch (Throwable e) {
      kept.remove(registered);
      throw e;
    } finally {
      Reference.reachabilityFence(handle);
    }
  }

  void release() {
    kept.clear();
  }

  /** Frees the store, and then what its hooks have in native memory. */
  private static final class Contexts implements LongConsumer {
    private final List<Long> pointers = new ArrayList<>();

    synchronized void add(long pointer) {
      pointers.add(pointer);
    }

    @Override
    public synchronized void accept(long store) {
      Raw.freeStore(store);
      pointers.forEach(Raw::stave_java_free_hook);
    }
  }
}

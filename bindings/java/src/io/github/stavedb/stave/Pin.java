package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A value that was read without copying it where that is possible. Its bytes stay as they are,
 * whatever happens to the key, also after the store is closed. A pin blocks nobody.
 *
 * <p>Thread safety: any number of threads may use a pin, and any of them may close it.
 */
public final class Pin implements AutoCloseable {
  private final Memory memory;
  private final Handle handle;
  private ByteBuffer view; // made when first asked for
  private boolean closed;

  Pin(long pointer) {
    Memory memory = new Memory(pointer);
    this.memory = memory;
    handle = new Handle(pointer, ignored -> memory.release());
  }

  /**
   * The bytes, without a copy: a read-only direct buffer, positioned at 0. Buffers that were handed
   * out stay valid, also after {@link #close}: the native memory is then given back when the last of
   * them is garbage instead.
   *
   * @throws StaveException.Closed after {@code close}
   */
  public synchronized ByteBuffer buffer() {
    check();
    if (view == null) {
      ByteBuffer whole = (ByteBuffer) Raw.stave_java_pin_view(handle);
      memory.retain();
      // Views of a direct buffer keep that buffer reachable, so it is the one to watch.
      Handle.onGarbage(whole, memory::release);
      view = whole.asReadOnlyBuffer();
    }
    return view.duplicate();
  }

  /**
   * A copy of the bytes.
   *
   * @throws StaveException.Closed after {@code close}
   */
  public synchronized byte[] toByteArray() {
    check();
    return Raw.stave_java_pin_bytes(handle);
  }

  /**
   * The number of bytes.
   *
   * @throws StaveException.Closed after {@code close}
   */
  public synchronized int size() {
    check();
    return (int) Raw.stave_pin_size(handle);
  }

  /** Gives the memory back, unless a {@link #buffer} is still in use. Any number of times. */
  @Override
  public synchronized void close() {
    closed = true;
    view = null;
    handle.free();
  }

  private void check() {
    if (closed) {
      throw Errors.closed("pin");
    }
  }

  /** Freed by the last of its owners: the pin and the view. */
  private static final class Memory {
    private final long pointer;
    private final AtomicInteger owners = new AtomicInteger(1);

    Memory(long pointer) {
      this.pointer = pointer;
    }

    void retain() {
      owners.incrementAndGet();
    }

    void release() {
      if (owners.decrementAndGet() == 0) {
        Raw.freePin(pointer);
      }
    }
  }
}

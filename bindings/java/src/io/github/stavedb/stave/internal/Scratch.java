package io.github.stavedb.stave.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The calling thread's piece of native memory, through which small keys and values travel. Java fills
 * and empties it in place, so that native code gets an address and makes no calls back into the Java
 * machine, each of which costs as much as the crossing itself.
 *
 * <p>What is in it lasts until the thread's next call that uses it: no callback runs in between.
 */
public final class Scratch {
  /** Bytes for one call. */
  public static final int ROOM = 16 << 10;

  // Before the room: the memory's own address. The thread's map holds nothing but a class of the
  // platform, so that no thread of a pool keeps the loader of this class alive.
  private static final int START = Long.BYTES;
  private static final ThreadLocal<ByteBuffer> OF_THREAD = ThreadLocal.withInitial(Scratch::make);

  private Scratch() {}

  private static ByteBuffer make() {
    ByteBuffer memory = ByteBuffer.allocateDirect(START + ROOM).order(ByteOrder.nativeOrder());
    return memory.putLong(0, Raw.stave_java_address(memory));
  }

  /** Whether so many bytes fit, neither number being negative. */
  public static boolean holds(int first, int second) {
    return first <= ROOM && second <= ROOM - first;
  }

  /** The memory, positioned at the start of the room, its limit at the end. */
  public static ByteBuffer memory() {
    ByteBuffer memory = OF_THREAD.get();
    memory.clear().position(START);
    return memory;
  }

  /** The address of the room of {@code memory}. */
  public static long address(ByteBuffer memory) {
    return memory.getLong(0) + START;
  }
}

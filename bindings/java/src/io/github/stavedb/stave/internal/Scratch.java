package io.github.stavedb.stave.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The calling thread's piece of native memory, through which small keys and values travel. Java fills
 * and empties it in place, so that native code gets an address and makes no calls back into the Java
 * machine, each of which costs as much as the crossing itself.
 *
 * <p>What is in it lasts until the thread's next call that uses it. A callback that may run while a call has
 * its bytes there saves and restores them.
 */
public final class Scratch {
  /** Bytes for one call. */
  public static final int ROOM = 16 << 10;

  /** The position of the room. The memory's own address is before it. */
  public static final int START = Long.BYTES;

  // The thread's map holds nothing but a class of the platform, so that no thread of a pool keeps the
  // loader of this class alive.
  private static final ThreadLocal<ByteBuffer> OF_THREAD =
      ThreadLocal.withInitial(() -> make(ROOM));

  // Below this size a copy by hand is quicker than what ByteBuffer does before and behind its own.
  private static final int COPIED_BY_HAND = 64;
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

  private Scratch() {}

  private static ByteBuffer make(int room) {
    ByteBuffer memory = ByteBuffer.allocateDirect(START + room).order(ByteOrder.nativeOrder());
    return memory.putLong(0, Raw.stave_java_address(memory)).position(START);
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

  /**
   * The memory, with a room of so many bytes at least. If the thread's own is too small it is memory of
   * its own, which the caller keeps reachable during the call.
   */
  public static ByteBuffer memory(int room) {
    return room <= ROOM ? memory() : make(room);
  }

  /** Puts the bytes at the memory's position, which moves behind them. */
  public static ByteBuffer put(ByteBuffer memory, byte[] bytes) {
    if (bytes.length > COPIED_BY_HAND) {
      return memory.put(bytes);
    }
    int at = memory.position();
    int i = 0;
    for (; i <= bytes.length - Long.BYTES; i += Long.BYTES) {
      memory.putLong(at + i, (long) LONGS.get(bytes, i));
    }
    for (; i < bytes.length; i++) {
      memory.put(at + i, bytes[i]);
    }
    return memory.position(at + i);
  }

  /** The bytes in the room, up to the memory's position. */
  public static byte[] save() {
    ByteBuffer memory = OF_THREAD.get();
    byte[] bytes = new byte[memory.position() - START];
    memory.duplicate().position(START).get(bytes);
    return bytes;
  }

  /** Undoes what has happened to the room since the bytes were saved. */
  public static void restore(byte[] bytes) {
    memory().put(bytes);
  }

  /** The address of the key, which is in the room now. */
  public static long fill(byte[] key) {
    return address(put(memory(), key));
  }

  /** The address of the key, which is in the room now, the value behind it. */
  public static long fill(byte[] key, byte[] value) {
    return address(put(put(memory(), key), value));
  }

  /** The address of the room of {@code memory}. */
  public static long address(ByteBuffer memory) {
    return memory.getLong(0) + START;
  }
}

package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Scratch;
import java.nio.ByteBuffer;

/** The memory of a call on one key of an index: the number that it yields, and behind it the key. */
final class KeyMemory {
  private static final int RESULT = Scratch.START;

  /** The position of the key. */
  static final int KEY = RESULT + Long.BYTES;

  private KeyMemory() {}

  /** Memory for one call with the key in it, at whose end it is positioned. */
  static ByteBuffer with(byte[] key) {
    ByteBuffer memory = Scratch.memory(Arguments.key(key).length + Long.BYTES);
    return Scratch.put(memory.position(KEY), key);
  }

  static ByteBuffer with(ByteBuffer key) {
    ByteBuffer memory = Scratch.memory(Math.addExact(key.remaining(), Long.BYTES));
    return memory.position(KEY).put(key.duplicate());
  }

  /** The number that the call has yielded. */
  static long number(ByteBuffer memory) {
    return memory.getLong(RESULT);
  }
}

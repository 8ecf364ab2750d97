package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Raw;
import io.github.stavedb.stave.internal.RawConstants;

/**
 * The keys of one shard, inside of {@link Store#atomic(byte[], java.util.function.Consumer)}: as no other
 * write can change them, and with what has been written inside.
 *
 * <p>The calls do what the store's methods of the same names do. They throw {@link
 * StaveException.ShardMismatch} for a key of another shard; what went before an exception still counts, if
 * the body catches it.
 *
 * <p>Thread safety: for the thread of the body alone; in others every call throws {@link
 * IllegalStateException}. When the body has ended every call throws {@link StaveException.Closed}.
 */
public final class StoreAtomic {
  private final Thread thread = Thread.currentThread();
  private volatile long pointer;

  StoreAtomic(long pointer) {
    this.pointer = pointer;
  }

  /** The body has ended: the address leads nowhere. */
  void end() {
    pointer = 0;
  }

  private long pointer() {
    long inside = pointer;
    if (inside == 0) {
      throw Errors.closed("inside of atomic");
    }
    if (Thread.currentThread() != thread) {
      throw new IllegalStateException("the inside of atomic is for the thread of its body");
    }
    return inside;
  }

  /** The value as a fresh array, or null if there is no such key. */
  public byte[] get(byte[] key) {
    return Raw.stave_atomic_get(pointer(), Arguments.key(key));
  }

  /** Whether the key exists. */
  public boolean contains(byte[] key) {
    return done(Raw.stave_atomic_contains(pointer(), Arguments.key(key)));
  }

  /** Stores the value, whether or not the key exists. */
  public void put(byte[] key, byte[] value) {
    Raw.stave_atomic_put(pointer(), Arguments.key(key), Arguments.value(value));
  }

  /** Stores the value if the key is absent; says whether it was. */
  public boolean insert(byte[] key, byte[] value) {
    return done(Raw.stave_atomic_insert(pointer(), Arguments.key(key), Arguments.value(value)));
  }

  /** Stores the value if the key exists; says whether it did. */
  public boolean replace(byte[] key, byte[] value) {
    return done(Raw.stave_atomic_replace(pointer(), Arguments.key(key), Arguments.value(value)));
  }

  /** Removes the key; says whether it existed. */
  public boolean remove(byte[] key) {
    return done(Raw.stave_atomic_remove(pointer(), Arguments.key(key)));
  }

  private static boolean done(int status) {
    return status == RawConstants.STAVE_OK;
  }
}

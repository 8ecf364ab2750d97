package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import io.github.stavedb.stave.internal.Scratch;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/**
 * Reads a managed {@link Memtable} at the moment of its begin, sees its own writes, and makes them
 * visible all at once when it commits.
 *
 * <pre>{@code
 * try (MemtableTransaction transaction = table.begin()) {
 *   transaction.put(key, value);
 *   transaction.commit();
 * } // without the commit it is rolled back here
 * }</pre>
 *
 * <p>{@link #commit} and {@link #rollback} end it: all later calls but {@code close} throw {@link
 * StaveException.Closed}, those on its cursors too. One that is never ended is rolled back once it is
 * garbage.
 *
 * <p>A write throws {@link StaveException.Conflict}, and changes nothing, while another transaction has an
 * uncommitted write of the key, or if a version of the key was committed after this one began. It is never
 * too late to write other keys. To try again, roll back and begin anew. Beyond a limit of {@link
 * Memtable} it throws {@link StaveException.TooLarge}.
 *
 * <p>Thread safety: calls from several threads wait for each other, those on its cursors included.
 */
public final class MemtableTransaction implements MemtableView {
  // Native code wants the transaction and its cursors used by one thread at a time.
  private final Object lock = new Object();
  private final Handle handle;
  private final MemtableReads reads;

  MemtableTransaction(long pointer) {
    handle = new Handle(pointer, Raw::freeMemtableTransaction);
    reads = new MemtableReads(handle, false);
  }

  /** Its number, which no other transaction of the table has or had. */
  public long id() {
    synchronized (lock) {
      return Raw.stave_memtable_transaction_id(handle);
    }
  }

  /** The timestamp that it reads at: it sees the commits with lower ones. */
  public long snapshot() {
    synchronized (lock) {
      return Raw.stave_memtable_transaction_snapshot(handle);
    }
  }

  // ---- Writing

  /** Writes the key, whether or not it exists. */
  public void put(byte[] key, byte[] value) {
    synchronized (lock) {
      if (Scratch.holds(Arguments.key(key).length, Arguments.value(value).length)) {
        long at = Scratch.fill(key, value);
        Raw.transaction_put_at(handle, at, key.length, at + key.length, value.length);
      } else {
        Raw.stave_java_transaction_put(handle, key, value);
      }
    }
  }

  /** Writes the key, whether or not it exists. The buffers' positions stay as they are. */
  public void put(ByteBuffer key, ByteBuffer value) {
    put(Arguments.array(key), Arguments.array(value));
  }

  /** Removes the key; an absent one too, which is a write like any other. */
  public void remove(byte[] key) {
    synchronized (lock) {
      Raw.stave_java_transaction_remove(handle, Arguments.key(key));
    }
  }

  /**
   * Writes many keys, one after the other. Stops at the first that fails; those before it stay.
   *
   * @throws StaveException.Conflict says how many were written before it
   */
  public void multiWrite(Collection<MemtableRecord> records) {
    MemtableWrites writes = new MemtableWrites(records);
    synchronized (lock) {
      Raw.stave_java_transaction_multi_write(
          handle, writes.keys, writes.keySizes, writes.values, writes.valueSizes, writes.count);
    }
  }

  /**
   * Makes all writes visible at once. It cannot conflict: conflicts show at the write.
   *
   * @return the commit's timestamp, 0 when nothing was written
   */
  public long commit() {
    synchronized (lock) {
      return Raw.stave_memtable_transaction_commit(handle);
    }
  }

  /** Takes all writes back. */
  public void rollback() {
    synchronized (lock) {
      Raw.stave_memtable_transaction_rollback(handle);
    }
  }

  /** Rolls back what is not committed. Any number of times. */
  @Override
  public void close() {
    synchronized (lock) {
      Raw.stave_memtable_transaction_close(handle);
    }
  }

  // ---- Reading

  @Override
  public byte[] get(byte[] key) {
    synchronized (lock) {
      return reads.get(key);
    }
  }

  @Override
  public int get(byte[] key, byte[] target) {
    synchronized (lock) {
      return reads.get(key, target);
    }
  }

  @Override
  public int get(ByteBuffer key, ByteBuffer target) {
    synchronized (lock) {
      return reads.get(key, target);
    }
  }

  @Override
  public Pin getPin(byte[] key) {
    synchronized (lock) {
      return reads.getPin(key);
    }
  }

  @Override
  public boolean contains(byte[] key) {
    synchronized (lock) {
      return reads.contains(key);
    }
  }

  @Override
  public List<byte[]> multiGet(Collection<byte[]> keys) {
    byte[][] array = keys.toArray(new byte[0][]);
    synchronized (lock) {
      return Arrays.asList(reads.multiGet(array));
    }
  }

  @Override
  public void multiGet(Collection<byte[]> keys, ValueList values) {
    byte[][] array = keys.toArray(new byte[0][]);
    synchronized (lock) {
      reads.multiGet(array, values);
    }
  }

  /** A cursor at the moment, with the transaction's own writes; later ones may or may not be seen. */
  @Override
  public MemtableCursor cursor(MemtableCursorOptions options) {
    synchronized (lock) {
      return reads.cursor(options, lock, this);
    }
  }
}

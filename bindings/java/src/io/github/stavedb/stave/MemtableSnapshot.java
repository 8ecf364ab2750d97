package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Handle;
import io.github.stavedb.stave.internal.Raw;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/**
 * Reads a managed {@link Memtable} at one moment, for as long as it is open. It costs at most one
 * version more of each key that changes, and blocks nobody.
 *
 * <p>Any number of threads may use it at the same time, and any of them may close it. One that is never
 * closed is closed and freed once it is garbage.
 */
public final class MemtableSnapshot implements MemtableView {
  private final MemtableReads reads;

  MemtableSnapshot(long pointer) {
    reads = new MemtableReads(new Handle(pointer, Raw::freeMemtableSnapshot), true);
  }

  /** The timestamp that it reads at: it sees the commits with lower ones. */
  public long timestamp() {
    return Raw.stave_memtable_snapshot_timestamp(reads.handle);
  }

  @Override
  public byte[] get(byte[] key) {
    return reads.get(key);
  }

  @Override
  public int get(byte[] key, byte[] target) {
    return reads.get(key, target);
  }

  @Override
  public int get(ByteBuffer key, ByteBuffer target) {
    return reads.get(key, target);
  }

  @Override
  public Pin getPin(byte[] key) {
    return reads.getPin(key);
  }

  @Override
  public boolean contains(byte[] key) {
    return reads.contains(key);
  }

  @Override
  public List<byte[]> multiGet(Collection<byte[]> keys) {
    return Arrays.asList(reads.multiGet(keys.toArray(new byte[0][])));
  }

  @Override
  public void multiGet(Collection<byte[]> keys, ValueList values) {
    reads.multiGet(keys.toArray(new byte[0][]), values);
  }

  @Override
  public MemtableCursor cursor(MemtableCursorOptions options) {
    return reads.cursor(options, new Object(), this);
  }

  /** Lets go of the moment. Its cursors are closed with it. Any number of times. */
  @Override
  public void close() {
    Raw.stave_memtable_snapshot_close(reads.handle);
  }
}

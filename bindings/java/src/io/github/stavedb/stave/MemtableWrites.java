package io.github.stavedb.stave;

import java.util.Collection;

/** Records of a memtable as the native code takes them. */
final class MemtableWrites {
  // A removed key's size; the same in native/memtable.cc.
  private static final long TOMBSTONE = -2;

  final byte[] keys;
  final int[] keySizes;
  final byte[] values;
  final long[] valueSizes;
  final int count;

  MemtableWrites(Collection<MemtableRecord> records) {
    MemtableRecord[] all = records.toArray(new MemtableRecord[0]);
    count = all.length;
    byte[][] keyParts = new byte[count][];
    byte[][] valueParts = new byte[count][];
    for (int i = 0; i < count; i++) {
      keyParts[i] = all[i].key();
      valueParts[i] = all[i].deleted() ? Arguments.EMPTY : all[i].value();
    }
    keys = new Joined(keyParts).bytes;
    keySizes = Joined.keySizes(keyParts);
    values = new Joined(valueParts).bytes;
    valueSizes = Joined.valueSizes(valueParts);
    for (int i = 0; i < count; i++) {
      if (all[i].deleted()) {
        valueSizes[i] = TOMBSTONE;
      }
    }
  }
}

package io.github.stavedb.stave.internal;

import java.nio.ByteBuffer;

/** Where native code takes the records of a load from. */
public interface RecordSource {
  /**
   * Puts keys and records into the buffers, one behind the other, up to their ends, and answers how many;
   * 0 ends the load. The buffers are native memory that is gone when the method returns.
   */
  int fill(ByteBuffer keys, ByteBuffer records);
}

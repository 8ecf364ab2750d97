package io.github.stavedb.stave;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/** The default record of a {@link DiskIndex}: where bytes lie. */
public final class Payload {
  /** The number of bytes of a payload as a record. */
  public static final int SIZE = 24;

  private static final int LENGTH = 8;
  private static final int UNCOMPRESSED_LENGTH = 12;
  private static final int CODEC = 16;

  private final long offset;
  private final int length;
  private final int uncompressedLength;
  private final Codec codec;

  /** A payload; all numbers have no sign: their bits count. */
  public Payload(long offset, int length, int uncompressedLength, Codec codec) {
    this.offset = offset;
    this.length = length;
    this.uncompressedLength = uncompressedLength;
    this.codec = Objects.requireNonNull(codec, "codec");
  }

  /**
   * The payload that is in a record.
   *
   * @throws StaveException.InvalidArgument the record has another size, or an unknown codec
   */
  public static Payload ofRecord(byte[] record) {
    if (record.length != SIZE || record[CODEC] < 0 || record[CODEC] >= Codec.values().length) {
      throw Errors.invalidArgument("the record is no payload");
    }
    ByteBuffer bytes = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
    return new Payload(bytes.getLong(0), bytes.getInt(LENGTH), bytes.getInt(UNCOMPRESSED_LENGTH),
        Codec.values()[record[CODEC]]);
  }

  /** The payload as a record. */
  public byte[] toRecord() {
    return ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN).putLong(offset).putInt(length)
        .putInt(uncompressedLength).put((byte) codec.ordinal()).array();
  }

  /** Where the bytes lie. */
  public long offset() {
    return offset;
  }

  /** Stored bytes: 32 bits without a sign. */
  public int length() {
    return length;
  }

  /** Bytes once unpacked: 32 bits without a sign. */
  public int uncompressedLength() {
    return uncompressedLength;
  }

  /** How the bytes are packed. */
  public Codec codec() {
    return codec;
  }
}

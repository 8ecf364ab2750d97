package io.github.stavedb.stave;

/** How the bytes that a {@link Payload} points to are packed. Stave does not read them. */
public enum Codec {
  /** As they are. */
  NONE,
  /** By LZ4. */
  LZ4,
  /** By Zstandard. */
  ZSTANDARD
}

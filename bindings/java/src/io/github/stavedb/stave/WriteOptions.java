package io.github.stavedb.stave;

import java.util.Objects;

/** Options of one write. Immutable; made once and used for many writes. */
public final class WriteOptions {
  /** As the store was opened. */
  public static final WriteOptions DEFAULT = new WriteOptions(Durability.DEFAULT);

  private final Durability durability;

  private WriteOptions(Durability durability) {
    this.durability = durability;
  }

  /** This write has the durability {@code durability} instead of the store's. */
  public static WriteOptions of(Durability durability) {
    return new WriteOptions(Objects.requireNonNull(durability, "durability"));
  }

  /** The durability of the write. */
  public Durability durability() {
    return durability;
  }

  int number() {
    return durability.number;
  }
}

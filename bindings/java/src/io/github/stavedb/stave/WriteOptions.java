package io.github.stavedb.stave;

import java.time.Instant;
import java.util.Objects;

/**
 * Options of one write. Immutable; made once and used for many writes.
 *
 * <pre>{@code
 * WriteOptions.of(Durability.OS)
 * WriteOptions.DEFAULT.expiresAt(Instant.now().plus(Duration.ofHours(1)))
 * }</pre>
 */
public final class WriteOptions {
  /** As the store was opened. */
  public static final WriteOptions DEFAULT = new WriteOptions(Durability.DEFAULT, null);

  private final Durability durability;
  private final Instant expiresAt;
  private final long number;

  private WriteOptions(Durability durability, Instant expiresAt) {
    this.durability = durability;
    this.expiresAt = expiresAt;
    number = (expiresAt == null ? 0 : Expiry.millis(expiresAt) << 2) | durability.number;
  }

  /** This write has the durability {@code durability} instead of the store's. */
  public static WriteOptions of(Durability durability) {
    return new WriteOptions(Objects.requireNonNull(durability, "durability"), null);
  }

  /** The same options, but with the durability {@code durability}. */
  public WriteOptions durability(Durability durability) {
    return new WriteOptions(Objects.requireNonNull(durability, "durability"), expiresAt);
  }

  /**
   * The same options, but the keys that are put count as absent from {@code expiresAt} on, instead of by
   * {@link StoreOptions#defaultTtl()}, or in {@code update} as before.
   *
   * @param expiresAt counts in whole milliseconds; {@link Instant#MAX}: never
   */
  public WriteOptions expiresAt(Instant expiresAt) {
    return new WriteOptions(durability, Objects.requireNonNull(expiresAt, "expiresAt"));
  }

  /** The durability of the write. */
  public Durability durability() {
    return durability;
  }

  /** What {@link #expiresAt(Instant)} was given, or null. */
  public Instant expiresAt() {
    return expiresAt;
  }

  /** As the native code takes them. */
  long number() {
    return number;
  }
}

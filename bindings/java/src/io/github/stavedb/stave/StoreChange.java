package io.github.stavedb.stave;

import java.time.Instant;

/** One key's part in a commit, as a {@link StoreHook} sees it. The arrays are the hook's. Immutable. */
public final class StoreChange {
  private final byte[] key;
  private final byte[] value;
  private final byte[] oldValue;
  private final long expiresAt;
  private final long version;

  StoreChange(byte[] key, byte[] value, byte[] oldValue, long expiresAt, long version) {
    this.key = key;
    this.value = value;
    this.oldValue = oldValue;
    this.expiresAt = expiresAt;
    this.version = version;
  }

  /** The key. */
  public byte[] key() {
    return key;
  }

  /** Whether the key was removed. */
  public boolean removed() {
    return value == null;
  }

  /** The new value; null when the key was removed. */
  public byte[] value() {
    return value;
  }

  /**
   * The value that the key had; null when it was absent, and always unless the hook asked for old values
   * ({@link Store#onWrite(StoreHook, boolean)}).
   */
  public byte[] oldValue() {
    return oldValue;
  }

  /** From when on the key counts as absent, in whole milliseconds; {@link Instant#MAX}: never. */
  public Instant expiresAt() {
    return Expiry.ofMillis(expiresAt);
  }

  /** The version of the commit, which all of its changes share. Later commits have larger ones. */
  public long version() {
    return version;
  }
}

package io.github.stavedb.stave;

/** What a call has done that stores a value in a {@link CowMap} unless there is one. */
public final class CowMapOutcome {
  private final boolean inserted;
  private final byte[] value;

  CowMapOutcome(boolean inserted, byte[] value) {
    this.inserted = inserted;
    this.value = value;
  }

  /** Whether the key was absent, and the new value was stored. */
  public boolean inserted() {
    return inserted;
  }

  /** The value that the key has now, in an array of its own. */
  public byte[] value() {
    return value;
  }
}

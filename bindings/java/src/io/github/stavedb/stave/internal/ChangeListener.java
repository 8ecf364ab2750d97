package io.github.stavedb.stave.internal;

/** What native code calls for a change of a store. */
public interface ChangeListener {
  /**
   * Is shown a change. The arrays are its own.
   *
   * @param value null: the key was removed
   * @param oldValue null: there was none, or it was not asked for
   * @param expiresAt Unix time in milliseconds; 0: never
   * @return false when it has failed
   */
  boolean onChange(byte[] key, byte[] value, byte[] oldValue, long expiresAt, long version);
}

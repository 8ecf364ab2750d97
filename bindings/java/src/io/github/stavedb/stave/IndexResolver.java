package io.github.stavedb.stave;

/**
 * Knows the keys of an {@link Index} that keeps none: they are in the records that the values lead to.
 *
 * <pre>{@code
 * Index index = Index.create(new IndexOptions(), offset -> log.keyAt(offset));
 * }</pre>
 *
 * <p>The record at a value must be there before the value is given to a write. Once another thread has
 * removed or replaced the value, calls that began before may still ask about it: the answer is then
 * null, and no other key's record may take its place as long as such calls run.
 *
 * <p>Thread safety: the methods run on the threads that call the index, several at the same time, once
 * or more for a call, and while no entry is locked. From inside them the methods of the same index
 * that only read are allowed; those that change it, its cursors and close throw {@link
 * StaveException.Busy}. They should be short: while one waits, memory that is no longer needed is not
 * given back, by anything of Stave in the whole process. When hashes are asked for, the index may be
 * growing, which one thread at a time does: do not wait then for a thread that calls {@link
 * Index#reserve} or {@link Index#shrinkToFit} of the same index.
 *
 * <p>What a method throws comes out of the call of the index unchanged, and the call changes nothing.
 * An exception while the index grows only puts that off, without a word, unless the call was to do
 * just that ({@link Index#reserve}).
 */
@FunctionalInterface
public interface IndexResolver {
  /** The key of the record at the value; null when there is no record any more. */
  byte[] keyOf(long value);

  /**
   * The hash of that key, for programs that bring their own to the methods of {@link Index} with
   * {@code Hashed} in their names. Asked when an index of 44-bit values has grown by a factor of 2^19.
   *
   * @return null, which is the default, for what {@link Index#hash} says of {@link #keyOf}, and when
   *     there is no record any more
   */
  default Long hashOf(long value) {
    return null;
  }
}

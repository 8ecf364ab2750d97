/**
 * Stave, an embedded hash storage engine: a durable key-value store in a directory, and a concurrent
 * hash index in memory.
 */
module io.github.stavedb.stave {
  exports io.github.stavedb.stave;
}

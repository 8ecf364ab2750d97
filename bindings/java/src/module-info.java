/** Stave, an embedded hash storage engine: a durable key-value store in a directory. */
module io.github.stavedb.stave {
  exports io.github.stavedb.stave;
}

namespace Stave
{
    /// <summary>How a store reads its files.</summary>
    public enum IOMode
    {
        /// <summary>With system calls: a device that fails is an exception.</summary>
        Buffered = Constants.STAVE_IO_BUFFERED,
        /// <summary>
        /// Mapped into memory: pins copy nothing, and a device that fails ends the process (SIGBUS).
        /// </summary>
        Mapped = Constants.STAVE_IO_MMAP,
    }
}

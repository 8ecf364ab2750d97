namespace Stave
{
    /// <summary>Where a store keeps which record is a key's newest.</summary>
    public enum KeyDirectory
    {
        /// <summary>As the store was made; a new one in memory.</summary>
        Stored = Constants.STAVE_KEYDIR_STORED,
        /// <summary>In memory: about 14 bytes a key. Opening reads the whole log.</summary>
        Memory = Constants.STAVE_KEYDIR_MEMORY,
        /// <summary>
        /// In a file, about 40 bytes a key: for more keys than fit in memory, and for opening at once.
        /// </summary>
        Disk = Constants.STAVE_KEYDIR_DISK,
    }
}

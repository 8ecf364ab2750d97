namespace Stave
{
    /// <summary>Where the keys of an index are.</summary>
    public enum KeyMode
    {
        /// <summary>The index keeps their bytes.</summary>
        Owned = Constants.STAVE_KEYS_OWNED,

        /// <summary>A resolver knows them.</summary>
        Resolved = Constants.STAVE_KEYS_RESOLVED,

        /// <summary>As <see cref="Owned"/>, with up to 16 bytes in the entry instead of 8.</summary>
        Owned16 = Constants.STAVE_KEYS_OWNED16,
    }
}

namespace Stave
{
    /// <summary>Where the keys of an index are.</summary>
    public enum KeyMode
    {
        /// <summary>The index keeps their bytes.</summary>
        Owned = Constants.STAVE_KEYS_OWNED,

        /// <summary>A resolver knows them.</summary>
        Resolved = Constants.STAVE_KEYS_RESOLVED,
    }
}

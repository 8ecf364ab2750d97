namespace Stave
{
    /// <summary>Which records a cursor visits. The default value: all, with their values.</summary>
    public struct CursorOptions
    {
        /// <summary>Only keys that begin with these bytes; null and empty stand for all keys.</summary>
        public byte[] Prefix { get; set; }

        /// <summary>Where to begin, from <see cref="Cursor.GetToken"/>; null and empty stand for the
        /// beginning.</summary>
        public byte[] Token { get; set; }

        /// <summary>Whether values are left out; they look empty then, and none is read.</summary>
        public bool KeysOnly { get; set; }
    }
}

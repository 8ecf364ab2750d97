namespace Stave
{
    /// <summary>Which records a cursor of a memtable visits. The default value: all keys that have a value,
    /// with their values.</summary>
    public struct MemtableCursorOptions
    {
        /// <summary>Only keys that begin with these bytes; null and empty stand for all keys.</summary>
        public byte[] Prefix { get; set; }

        /// <summary>Whether values are left out; they look empty then.</summary>
        public bool KeysOnly { get; set; }

        /// <summary>Whether removed keys are visited too. With explicit timestamps only.</summary>
        public bool Tombstones { get; set; }
    }
}

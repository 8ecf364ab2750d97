namespace Stave
{
    /// <summary>A key of a memtable with its value, or with the tombstone that removes it.</summary>
    public readonly struct MemtableRecord
    {
        /// <summary>A key and its value.</summary>
        public MemtableRecord(byte[] key, byte[] value)
        {
            Bytes.RefuseNull(key, nameof(key));
            Bytes.RefuseNull(value, nameof(value));
            Key = key;
            Value = value;
        }

        private MemtableRecord(byte[] key)
        {
            Bytes.RefuseNull(key, nameof(key));
            Key = key;
            Value = null;
        }

        /// <summary>The key.</summary>
        public byte[] Key { get; }

        /// <summary>The value; null for a tombstone.</summary>
        public byte[] Value { get; }

        /// <summary>Whether this is a tombstone.</summary>
        public bool IsDeleted => Value == null;

        /// <summary>The removal of a key.</summary>
        public static MemtableRecord Tombstone(byte[] key)
        {
            return new MemtableRecord(key);
        }
    }
}

namespace Stave
{
    /// <summary>Figures of a memtable.</summary>
    public sealed class MemtableStats
    {
        private readonly MemtableStatsData data;

        internal MemtableStats(MemtableStatsData data)
        {
            this.data = data;
        }

        /// <summary>Keys whose newest committed version is a value.</summary>
        public long Keys => (long)data.Keys;

        /// <summary>Keys with any version.</summary>
        public long Rows => (long)data.Rows;

        /// <summary>Versions of all keys, tombstones and uncommitted ones included.</summary>
        public long Versions => (long)data.Versions;

        /// <summary>Bytes of memory of keys, versions and values.</summary>
        public long SizeBytes => (long)data.SizeBytes;

        /// <summary>Moments that transactions, snapshots and cursors hold open (managed).</summary>
        public long Snapshots => (long)data.Snapshots;

        /// <summary>Transactions that have written and not ended (explicit).</summary>
        public long Transactions => (long)data.Transactions;

        /// <summary>What a snapshot opened now would read at (managed).</summary>
        public ulong Timestamp => data.Timestamp;
    }
}

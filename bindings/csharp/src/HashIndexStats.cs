namespace Stave
{
    /// <summary>Figures of an index. Beside writes they are close, but not all of one moment.</summary>
    public sealed class HashIndexStats
    {
        private readonly HashIndexStatsData data;

        internal HashIndexStats(HashIndexStatsData data)
        {
            this.data = data;
        }

        /// <summary>Parts that grow by themselves.</summary>
        public int Shards => (int)data.Shards;

        /// <summary>Entries.</summary>
        public long Entries => (long)data.Entries;

        /// <summary>As <see cref="HashIndex.Capacity"/>.</summary>
        public long Capacity => (long)data.Capacity;

        /// <summary>All memory, keys included.</summary>
        public long Bytes => (long)data.Bytes;

        /// <summary>Of these, what holds the bytes of longer keys, free space included.</summary>
        public long KeyBytes => (long)data.KeyBytes;

        /// <summary>Buckets.</summary>
        public long Buckets => (long)data.Buckets;

        /// <summary>Entries that fit into the buckets.</summary>
        public long Slots => (long)data.Slots;

        /// <summary>Nodes for entries whose bucket is full.</summary>
        public long OverflowNodes => (long)data.OverflowNodes;

        /// <summary>Splits of buckets since the index was made or cleared: its growth.</summary>
        public long Splits => (long)data.Splits;

        /// <summary>By any one write: never more than 2.</summary>
        public long SplitsMax => (long)data.SplitsMax;

        /// <summary>Buckets that were looked at for the next two.</summary>
        public long ProbeSamples => (long)data.ProbeSamples;

        /// <summary>Groups of slots that lookups in them read, all together.</summary>
        public long ProbeSum => (long)data.ProbeSum;

        /// <summary>The most that one lookup reads.</summary>
        public long ProbeMax => (long)data.ProbeMax;
    }

    /// <summary>Figures of one shard of an index.</summary>
    public sealed class HashIndexShardStats
    {
        private readonly HashIndexShardStatsData data;

        internal HashIndexShardStats(HashIndexShardStatsData data)
        {
            this.data = data;
        }

        /// <summary>Entries.</summary>
        public long Entries => (long)data.Entries;

        /// <summary>Buckets.</summary>
        public long Buckets => (long)data.Buckets;

        /// <summary>All memory of the shard.</summary>
        public long Bytes => (long)data.Bytes;
    }
}

namespace Stave
{
    /// <summary>Figures of a disk index.</summary>
    public sealed class DiskIndexStats
    {
        private readonly DiskIndexStatsData data;

        internal DiskIndexStats(DiskIndexStatsData data)
        {
            this.data = data;
        }

        /// <summary>A sync has failed: writes are refused.</summary>
        public bool WritesRefused => data.WritesRefused != 0;

        /// <summary>Keys.</summary>
        public long Entries => (long)data.Entries;

        /// <summary>Size of the file.</summary>
        public long FileBytes => (long)data.FileBytes;

        /// <summary>Of these, ready for use; unknown (0) before the first write.</summary>
        public long FreeBytes => (long)data.FreeBytes;

        /// <summary>Units of merging.</summary>
        public long Segments => (long)data.Segments;

        /// <summary>Bytes of their pages.</summary>
        public long SegmentBytes => (long)data.SegmentBytes;

        /// <summary>Bytes of the redo log.</summary>
        public long LogBytes => (long)data.LogBytes;

        /// <summary>Keys with changes that are not merged yet.</summary>
        public long DeltaEntries => (long)data.DeltaEntries;

        /// <summary>Of the newest durable superblock.</summary>
        public long Generation => (long)data.Generation;

        /// <summary>Of the last save or checkpoint.</summary>
        public ulong Lsn => data.Lsn;

        /// <summary>Segments rewritten since the open.</summary>
        public long Merges => (long)data.Merges;

        /// <summary>Calls of fdatasync since the open.</summary>
        public long Syncs => (long)data.Syncs;

        /// <summary>Changes that the open found in the log.</summary>
        public long RecoveredOperations => (long)data.RecoveredOperations;
    }
}

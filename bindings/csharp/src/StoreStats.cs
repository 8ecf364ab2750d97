namespace Stave
{
    /// <summary>Counters and sizes of a store at one moment.</summary>
    public sealed class StoreStats
    {
        private readonly StoreStatsData data;

        internal StoreStats(StoreStatsData data)
        {
            this.data = data;
        }

        /// <summary>Whether the store had not been closed cleanly before it was opened.</summary>
        public bool Recovered => data.Recovered != 0;

        /// <summary>Whether a sync has failed: the store refuses writes until it is opened again.</summary>
        public bool WritesRefused => data.WritesRefused != 0;

        /// <summary>Live keys.</summary>
        public long Keys => (long)data.Keys;

        /// <summary>Log files.</summary>
        public long Segments => (long)data.Segments;

        /// <summary>Bytes of frames in the log files, live and dead.</summary>
        public long LogBytes => (long)data.LogBytes;

        /// <summary>Of these, bytes of the newest record of each live key.</summary>
        public long LiveBytes => (long)data.LiveBytes;

        /// <summary>Size of the log files, preallocated space included.</summary>
        public long DiskBytes => (long)data.DiskBytes;

        /// <summary>The position in the log of the newest visible commit; 0 in an empty store.</summary>
        public long Version => (long)data.Version;

        /// <summary>The position up to which the device is known to hold the log.</summary>
        public long DurableVersion => (long)data.DurableVersion;

        /// <summary>Commits since the store was opened.</summary>
        public long Commits => (long)data.Commits;

        /// <summary>Bytes of frames written since the store was opened.</summary>
        public long BytesWritten => (long)data.BytesWritten;

        /// <summary>
        /// Syncs since the store was opened: far fewer than commits when writers share them.
        /// </summary>
        public long Syncs => (long)data.Syncs;

        /// <summary>
        /// Point reads since the store was opened. A value of more than 512 bytes takes two to get into a
        /// fresh array.
        /// </summary>
        public long Reads => (long)data.Reads;

        /// <summary>Commits that were read from the log when the store was opened.</summary>
        public long RecoveredCommits => (long)data.RecoveredCommits;

        /// <summary>
        /// Bytes of unfinished commits that were cut off the log's end when the store was opened.
        /// </summary>
        public long RecoveredCutBytes => (long)data.RecoveredCutBytes;
    }
}

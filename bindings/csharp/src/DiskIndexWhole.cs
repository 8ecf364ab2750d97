using System;
using System.Collections.Generic;

namespace Stave
{
    /// <content>Loading, keeping and checking.</content>
    public sealed unsafe partial class DiskIndex
    {
        /// <summary>
        /// Adds all records, far faster than puts. Of a key that comes twice, or is there already, the later
        /// record counts. It is one change: readers, and an open after a crash, see all of it or nothing;
        /// on return it is durable. Other writers wait.
        /// </summary>
        /// <param name="records">Keys and records. The enumerator may not use this index
        /// (<see cref="BusyException"/>). An exception that it throws comes out of this call unchanged, and
        /// nothing is added.</param>
        public void BulkLoad(IEnumerable<KeyValuePair<byte[], byte[]>> records)
        {
            Arguments.RefuseNull(records, nameof(records));
            using (IEnumerator<KeyValuePair<byte[], byte[]>> each = records.GetEnumerator())
            using (var call = new SourceCall(each, recordSize))
            {
                int status = Raw.stave_disk_index_bulk_load(
                    handle.Pointer, SourceCall.Function, call.Context, out IntPtr failure);
                GC.KeepAlive(handle);
                call.Check(status, failure);
            }
        }

        /// <summary>Allocates space for so many keys in all, so that puts up to there do not meet a full
        /// disk while merges keep pace.</summary>
        /// <exception cref="TooLargeException">No file can have so many.</exception>
        public void Reserve(long entries)
        {
            Arguments.RefuseNegative(entries, nameof(entries));
            int status = Raw.stave_disk_index_reserve(
                handle.Pointer, (ulong)entries, out IntPtr failure);
            Check(status, failure);
        }

        /// <summary>Everything written so far survives a power loss when this returns. Two syncs, and
        /// nothing is rewritten.</summary>
        /// <param name="lsn">A number of yours that stays in the file: a caller with a log of its own stores
        /// here up to where the index follows it, and replays the rest after an open
        /// (<see cref="DiskIndexStats.Lsn"/>).</param>
        public void Save(ulong lsn)
        {
            int status = Raw.stave_disk_index_save(handle.Pointer, lsn, out IntPtr failure);
            Check(status, failure);
        }

        /// <summary>The same, and merges all changes first, so that the log is empty. Rewrites up to the
        /// whole file. Writers wait.</summary>
        public void Checkpoint(ulong lsn)
        {
            int status = Raw.stave_disk_index_checkpoint(handle.Pointer, lsn, out IntPtr failure);
            Check(status, failure);
        }

        /// <summary>Writes the file anew as small as it can be, under the name FILE.new, and puts it in the
        /// old one's place. Writers wait, readers do not.</summary>
        public void ShrinkToFit()
        {
            int status = Raw.stave_disk_index_shrink_to_fit(handle.Pointer, out IntPtr failure);
            Check(status, failure);
        }

        /// <summary>Counters and sizes. Waits for a running merge step.</summary>
        public DiskIndexStats GetStats()
        {
            DiskIndexStatsData stats;
            Raw.stave_disk_index_stats_init(&stats);
            int status = Raw.stave_disk_index_stats_get(handle.Pointer, &stats, out IntPtr failure);
            Check(status, failure);
            return new DiskIndexStats(stats);
        }

        /// <summary>Reads everything and checks it; see <see cref="Verify(VerifyProgress)"/>.</summary>
        public void Verify()
        {
            int status = Raw.stave_disk_index_verify(
                handle.Pointer, null, IntPtr.Zero, out IntPtr failure);
            Check(status, failure);
        }

        /// <summary>Reads everything and checks it. Runs beside readers and writers. Takes time in
        /// proportion to the bytes of the file.</summary>
        /// <param name="progress">As that of <see cref="Store.Verify(VerifyProgress)"/>, with segments done
        /// and in all.</param>
        /// <exception cref="CorruptionException">The message names the first damage.</exception>
        /// <exception cref="CancelledException">The progress callback asked to stop.</exception>
        public void Verify(VerifyProgress progress)
        {
            Arguments.RefuseNull(progress, nameof(progress));
            using (var call = new ProgressCall(progress))
            {
                int status = Raw.stave_disk_index_verify(
                    handle.Pointer, ProgressCall.Function, call.Context, out IntPtr failure);
                GC.KeepAlive(handle);
                call.Check(status, failure);
            }
        }
    }
}

using System;
using System.Collections.Generic;

namespace Stave
{
    /// <content>Many keys in one call, and the index as a whole.</content>
    public sealed unsafe partial class HashIndex
    {
        /// <summary>
        /// The values of many keys in their order, null for the absent ones. Each key is one operation,
        /// the whole is not one snapshot. Costs much less than the keys one by one.
        /// </summary>
        /// <exception cref="ArgumentException">A key is null.</exception>
        public ulong?[] MultiGet(IEnumerable<byte[]> keys)
        {
            using (Scratch joined = Scratch.Take())
            {
                joined.Join(keys, nameof(keys));
                var values = new ulong[joined.Count];
                var found = new byte[joined.Count];
                fixed (byte* keysData = joined.Data)
                fixed (uint* keySizes = joined.Sizes)
                fixed (ulong* valuesData = values)
                fixed (byte* foundData = found)
                {
                    int status = Raw.stave_index_multi_get(
                        handle.Pointer, keysData, keySizes, (UIntPtr)(uint)joined.Count, valuesData,
                        foundData, out IntPtr failure);
                    Check(status, failure);
                }
                return Optional(values, found);
            }
        }

        /// <summary>
        /// Stores values under keys, one after the other. A failure ends the call; what was stored before
        /// it stays.
        /// </summary>
        /// <returns>The values that were replaced, null for keys that were absent.</returns>
        /// <exception cref="ArgumentException">A key is null.</exception>
        public ulong?[] MultiPut(IEnumerable<KeyValuePair<byte[], ulong>> entries)
        {
            Arguments.RefuseNull(entries, nameof(entries));
            var keys = new List<byte[]>();
            var list = new List<ulong>();
            foreach (KeyValuePair<byte[], ulong> entry in entries)
            {
                keys.Add(entry.Key);
                list.Add(entry.Value);
            }
            using (Scratch joined = Scratch.Take())
            {
                joined.Join(keys, nameof(entries));
                ulong[] values = list.ToArray();
                var previous = new ulong[joined.Count];
                var existed = new byte[joined.Count];
                fixed (byte* keysData = joined.Data)
                fixed (uint* keySizes = joined.Sizes)
                fixed (ulong* valuesData = values)
                fixed (ulong* previousData = previous)
                fixed (byte* existedData = existed)
                {
                    int status = Raw.stave_index_multi_put(
                        handle.Pointer, keysData, keySizes, (UIntPtr)(uint)joined.Count, valuesData,
                        previousData, existedData, null, out IntPtr failure);
                    Check(status, failure);
                }
                return Optional(previous, existed);
            }
        }

        /// <summary>The number of entries: exact when no write is running.</summary>
        public long Count
        {
            get
            {
                ulong count;
                int status = Raw.stave_index_size(handle.Pointer, &count, out IntPtr failure);
                Check(status, failure);
                return (long)count;
            }
        }

        /// <summary>Whether there is no entry.</summary>
        public bool IsEmpty
        {
            get
            {
                byte isEmpty;
                int status = Raw.stave_index_is_empty(
                    handle.Pointer, &isEmpty, out IntPtr failure);
                Check(status, failure);
                return isEmpty != 0;
            }
        }

        /// <summary>The number of entries that the present memory is made for.</summary>
        public long Capacity
        {
            get
            {
                ulong capacity;
                int status = Raw.stave_index_capacity(
                    handle.Pointer, &capacity, out IntPtr failure);
                Check(status, failure);
                return (long)capacity;
            }
        }

        /// <summary>Removes all entries, at one point in time. (Calls with many keys, and cursors, are
        /// many operations.)</summary>
        public void Clear()
        {
            int status = Raw.stave_index_clear(handle.Pointer, out IntPtr failure);
            Check(status, failure);
        }

        /// <summary>Makes room for so many entries in all. Other calls go on meanwhile. After a
        /// failure the room that was made so far stays.</summary>
        /// <exception cref="ArgumentOutOfRangeException">The capacity is negative.</exception>
        public void Reserve(long capacity)
        {
            if (capacity < 0)
            {
                throw new ArgumentOutOfRangeException(nameof(capacity));
            }
            int status = Raw.stave_index_reserve(
                handle.Pointer, (ulong)capacity, out IntPtr failure);
            Check(status, failure);
        }

        /// <summary>Gives back the memory that the entries do not need, shard by shard. Reads go on
        /// meanwhile; writes wait while the shard of their key is built anew.</summary>
        public void ShrinkToFit()
        {
            int status = Raw.stave_index_shrink_to_fit(handle.Pointer, out IntPtr failure);
            Check(status, failure);
        }

        /// <summary>Figures of the whole index.</summary>
        public HashIndexStats GetStats()
        {
            HashIndexStatsData stats;
            Raw.stave_index_stats_init(&stats);
            int status = Raw.stave_index_stats_get(handle.Pointer, &stats, out IntPtr failure);
            Check(status, failure);
            return new HashIndexStats(stats);
        }

        /// <summary>Figures of one shard, numbered from 0; null when there is none of that
        /// number.</summary>
        /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
        public HashIndexShardStats GetShardStats(int shard)
        {
            if (shard < 0)
            {
                throw new ArgumentOutOfRangeException(nameof(shard));
            }
            HashIndexShardStatsData stats;
            Raw.stave_index_shard_stats_init(&stats);
            int status = Raw.stave_index_shard_stats_get(
                handle.Pointer, (uint)shard, &stats, out IntPtr failure);
            return Check(status, failure) ? new HashIndexShardStats(stats) : null;
        }

        /// <summary>All values, in no particular order, in a fresh array.</summary>
        /// <exception cref="OverflowException">They do not fit an array.</exception>
        public ulong[] Values()
        {
            using (Scratch scratch = Scratch.Take())
            {
                ulong count;
                int status = Raw.stave_index_collect_values(
                    handle.Pointer, scratch.Result, &count, out IntPtr failure);
                Check(status, failure);
                var values = new ulong[checked((int)count)];
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = ((ulong*)scratch.Result->Data)[i];
                }
                return values;
            }
        }

        private static ulong?[] Optional(ulong[] values, byte[] present)
        {
            var optional = new ulong?[values.Length];
            for (int i = 0; i < values.Length; i++)
            {
                optional[i] = present[i] != 0 ? values[i] : (ulong?)null;
            }
            return optional;
        }
    }
}

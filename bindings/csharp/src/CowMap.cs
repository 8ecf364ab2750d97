using System;
using System.Collections;
using System.Collections.Generic;

namespace Stave
{
    /// <summary>
    /// A map from 64-bit integers to bytes, in memory, that is copied in constant time: copy on write.
    /// Nothing is written to disk.
    /// </summary>
    /// <example>
    /// <code>
    /// using (var map = new CowMap())
    /// {
    ///     map.Put(42, value);
    ///     using (CowMap copy = map.Clone())
    ///     {
    ///         map.Remove(42);
    ///         byte[] old = copy[42];
    ///     }
    /// }
    /// </code>
    /// </example>
    /// <remarks>
    /// <para>A clone is a full map of its own: either side may be written, cloned and closed, at any time
    /// and from any thread, and neither ever sees what is written to the other. Both refer to the same
    /// memory until one of them writes; a write then copies the page of some dozens of entries that it
    /// changes, never the map.</para>
    /// <para>Every long is a key. A value has 0 to 2^31-1 bytes; beyond, <see cref="TooLargeException"/>,
    /// and with values of a fixed size any other is an <see cref="InvalidArgumentException"/>. A call that
    /// fails has changed nothing.</para>
    /// <para>Thread safety: any number of threads may use a map, also while one of them closes it. Reads
    /// take no lock and wait for nobody. Writes to one map, and copies of it (clones, cursors, diffs),
    /// wait for each other; different maps do not. Calls on one key take the same time in a map of any
    /// size. After <see cref="Close"/> every other method throws <see cref="ClosedException"/>. A map that
    /// nobody closes is closed when it is garbage.</para>
    /// <para>Enumerations show the map as it was when they began.</para>
    /// </remarks>
    public sealed unsafe partial class CowMap : IDisposable, IReadOnlyDictionary<long, byte[]>
    {
        private readonly Handle handle = new Handle(Handle.CowMap);

        /// <summary>An empty map with the defaults.</summary>
        public CowMap() : this(new CowMapOptions())
        {
        }

        /// <summary>An empty map. Takes time in proportion to the capacity.</summary>
        /// <exception cref="InvalidArgumentException">An option is out of range.</exception>
        public CowMap(CowMapOptions options)
        {
            Arguments.RefuseNull(options, nameof(options));
            CowMapOptionsData data = options.Data;
            int status = Raw.stave_cow_map_create(&data, out handle.Pointer, out IntPtr failure);
            Check(status, failure);
        }

        private CowMap(CowMap original)
        {
            int status = Raw.stave_cow_map_clone(
                original.handle.Pointer, out handle.Pointer, out IntPtr failure);
            GC.KeepAlive(original.handle);
            Check(status, failure);
        }

        /// <summary>A copy, which has the same options and is no child of this map. Takes the same time
        /// however large the map is.</summary>
        public CowMap Clone()
        {
            return new CowMap(this);
        }

        /// <summary>The options that the map was made with.</summary>
        public CowMapOptions Options
        {
            get
            {
                CowMapOptionsData inForce;
                Raw.stave_cow_map_options_init(&inForce);
                int status = Raw.stave_cow_map_options_get(
                    handle.Pointer, &inForce, out IntPtr failure);
                Check(status, failure);
                return new CowMapOptions(inForce);
            }
        }

        /// <summary>
        /// Lets go of all entries; clones go on, and pins keep their bytes. Any number of times, from any
        /// thread, in no time.
        /// </summary>
        /// <exception cref="BusyException">Called from inside a callback of this map.</exception>
        public void Close()
        {
            int status = Raw.stave_cow_map_close(handle.Pointer, out IntPtr failure);
            Check(status, failure);
        }

        /// <summary>Does what <see cref="Close"/> does, with the same exceptions.</summary>
        public void Dispose()
        {
            Close();
        }

        /// <summary>The number of entries.</summary>
        public long Count
        {
            get
            {
                ulong count;
                int status = Raw.stave_cow_map_size(handle.Pointer, &count, out IntPtr failure);
                Check(status, failure);
                return (long)count;
            }
        }

        int IReadOnlyCollection<KeyValuePair<long, byte[]>>.Count => checked((int)Count);

        /// <summary>Whether there is no entry.</summary>
        public bool IsEmpty
        {
            get
            {
                byte isEmpty;
                int status = Raw.stave_cow_map_is_empty(handle.Pointer, &isEmpty, out IntPtr failure);
                Check(status, failure);
                return isEmpty != 0;
            }
        }

        /// <summary>Removes all entries, in no time.</summary>
        public void Clear()
        {
            int status = Raw.stave_cow_map_clear(handle.Pointer, out IntPtr failure);
            Check(status, failure);
        }

        /// <summary>Gives back the room for growth, of memory that this map does not share. Takes time in
        /// proportion to the entries.</summary>
        public void ShrinkToFit()
        {
            int status = Raw.stave_cow_map_shrink_to_fit(handle.Pointer, out IntPtr failure);
            Check(status, failure);
        }

        /// <summary>Entries, and memory shared and own.</summary>
        public CowMapStats GetStats()
        {
            CowMapStatsData stats;
            Raw.stave_cow_map_stats_init(&stats);
            int status = Raw.stave_cow_map_stats_get(handle.Pointer, &stats, out IntPtr failure);
            Check(status, failure);
            return new CowMapStats(stats);
        }

        /// <summary>A cursor over the map as it is now, which stands before the first entry.</summary>
        public CowMapCursor OpenCursor()
        {
            return new CowMapCursor(handle);
        }

        /// <summary>What leads from this map to another, as both are now.</summary>
        /// <param name="after">Any map, also this one. Where one was cloned from the other, or both from a
        /// third, the walk takes time in proportion to what was written to them since; for others in
        /// proportion to their entries.</param>
        public CowMapDiff Diff(CowMap after)
        {
            Arguments.RefuseNull(after, nameof(after));
            return new CowMapDiff(handle, after.handle);
        }

        /// <summary>The keys, from a cursor for each enumeration.</summary>
        public IEnumerable<long> Keys
        {
            get
            {
                _ = Count; // closed maps say so at once, and not at the first step
                return EnumerateKeys();
            }
        }

        /// <summary>The values, from a cursor for each enumeration.</summary>
        public IEnumerable<byte[]> Values
        {
            get
            {
                _ = Count;
                return EnumerateValues();
            }
        }

        /// <summary>All entries, from a cursor of their own.</summary>
        public IEnumerator<KeyValuePair<long, byte[]>> GetEnumerator()
        {
            return OpenCursor().GetEnumerator();
        }

        IEnumerator IEnumerable.GetEnumerator()
        {
            return GetEnumerator();
        }

        private IEnumerable<long> EnumerateKeys()
        {
            using (CowMapCursor cursor = OpenCursor())
            {
                for (long[] some = cursor.NextKeys(Fetching.Count); some.Length > 0;
                    some = cursor.NextKeys(Fetching.Count))
                {
                    foreach (long key in some)
                    {
                        yield return key;
                    }
                }
            }
        }

        private IEnumerable<byte[]> EnumerateValues()
        {
            using (CowMapCursor cursor = OpenCursor())
            {
                for (byte[][] some = cursor.NextValues(Fetching.Count, Fetching.Bytes);
                    some.Length > 0; some = cursor.NextValues(Fetching.Count, Fetching.Bytes))
                {
                    foreach (byte[] value in some)
                    {
                        yield return value;
                    }
                }
            }
        }

        // At the end of every call: keeps the map alive until here.
        private bool Check(int status, IntPtr failure)
        {
            GC.KeepAlive(handle);
            return Failures.Check(status, failure);
        }
    }
}

using System;
using System.Collections;
using System.Collections.Generic;

namespace Stave
{
    /// <summary>
    /// Visits the entries of a map as it was when the cursor was opened, each once, in no particular order.
    /// Writes meanwhile do not disturb it. It holds on to the memory of that moment until it is disposed
    /// of.
    /// </summary>
    /// <remarks>
    /// <para>The ways through a cursor share its place: <see cref="Next"/>, <see cref="NextMany"/>,
    /// <see cref="NextKeys"/>, <see cref="NextValues"/>, and <c>foreach</c>, which fetches ahead.</para>
    /// <para>Thread safety: calls from several threads wait for each other. Every method but
    /// <see cref="Dispose"/> throws <see cref="ClosedException"/> after the cursor is disposed of or the
    /// map is closed.</para>
    /// </remarks>
    public sealed unsafe class CowMapCursor : IDisposable, IEnumerable<KeyValuePair<long, byte[]>>
    {
        private readonly Handle handle = new Handle(Handle.CowMapCursor);

        internal CowMapCursor(Handle map)
        {
            int status = Raw.stave_cow_map_cursor_open(
                map.Pointer, out handle.Pointer, out IntPtr failure);
            GC.KeepAlive(map);
            GC.KeepAlive(handle);
            Failures.Check(status, failure);
        }

        /// <summary>Moves to the next entry.</summary>
        /// <returns>False when there is none, then and ever after.</returns>
        public bool Next()
        {
            lock (handle)
            {
                int status = Raw.stave_cow_map_cursor_next(handle.Pointer, out IntPtr failure);
                return Failures.Check(status, failure);
            }
        }

        /// <summary>The key of the entry the cursor stands on.</summary>
        /// <exception cref="InvalidArgumentException">It stands on no entry.</exception>
        public long GetKey()
        {
            lock (handle)
            {
                long key;
                int status = Raw.stave_cow_map_cursor_key(handle.Pointer, &key, out IntPtr failure);
                Failures.Check(status, failure);
                return key;
            }
        }

        /// <summary>The value of the entry the cursor stands on, in a fresh array.</summary>
        /// <exception cref="InvalidArgumentException">It stands on no entry.</exception>
        public byte[] GetValue()
        {
            lock (handle)
            {
                byte* data;
                UIntPtr size;
                int status = Raw.stave_cow_map_cursor_value(
                    handle.Pointer, &data, &size, out IntPtr failure);
                Failures.Check(status, failure);
                return Bytes.Copy(data, (long)size);
            }
        }

        /// <summary>
        /// Moves over several entries and returns them, in one crossing into native code. The cursor
        /// stands on no entry afterwards.
        /// </summary>
        /// <param name="countMax">At most so many entries.</param>
        /// <param name="bytesMax">Stops early once the values have so many bytes.</param>
        /// <returns>At least one entry; an empty list when there is none left.</returns>
        public IReadOnlyList<KeyValuePair<long, byte[]>> NextMany(int countMax, int bytesMax)
        {
            Arguments.RefuseNegative(countMax, nameof(countMax));
            Arguments.RefuseNegative(bytesMax, nameof(bytesMax));
            var keys = new long[Math.Min(countMax, Fetching.CountMax)];
            using (Scratch scratch = Scratch.Take())
            {
                int count = Fetch(keys.Length, bytesMax, keys, scratch);
                byte[][] values = Bytes.Split(scratch.Result->Data, scratch.ResultSizes, count);
                var entries = new KeyValuePair<long, byte[]>[count];
                for (int i = 0; i < count; i++)
                {
                    entries[i] = new KeyValuePair<long, byte[]>(keys[i], values[i]);
                }
                return entries;
            }
        }

        /// <summary>The same for the keys alone.</summary>
        /// <param name="countMax">At most so many.</param>
        /// <returns>At least one; an empty array when there is none left.</returns>
        public long[] NextKeys(int countMax)
        {
            Arguments.RefuseNegative(countMax, nameof(countMax));
            var keys = new long[Math.Min(countMax, Fetching.CountMax)];
            int count = Fetch(keys.Length, 0, keys, null);
            Array.Resize(ref keys, count);
            return keys;
        }

        /// <summary>The same for the values alone.</summary>
        /// <param name="countMax">At most so many.</param>
        /// <param name="bytesMax">Stops early once they have so many bytes.</param>
        /// <returns>At least one; an empty array when there is none left.</returns>
        public byte[][] NextValues(int countMax, int bytesMax)
        {
            Arguments.RefuseNegative(countMax, nameof(countMax));
            Arguments.RefuseNegative(bytesMax, nameof(bytesMax));
            using (Scratch scratch = Scratch.Take())
            {
                int count = Fetch(Math.Min(countMax, Fetching.CountMax), bytesMax, null, scratch);
                return Bytes.Split(scratch.Result->Data, scratch.ResultSizes, count);
            }
        }

        /// <summary>The remaining entries. The cursor is disposed of with the enumerator.</summary>
        public IEnumerator<KeyValuePair<long, byte[]>> GetEnumerator()
        {
            return Fetching.Enumerate(this, () => NextMany(Fetching.Count, Fetching.Bytes));
        }

        IEnumerator IEnumerable.GetEnumerator()
        {
            return GetEnumerator();
        }

        /// <summary>Gives up the cursor's view of the map, after waiting for a call that is running. Any
        /// number of times.</summary>
        public void Dispose()
        {
            lock (handle)
            {
                int status = Raw.stave_cow_map_cursor_close(handle.Pointer, out IntPtr failure);
                Failures.Check(status, failure);
            }
        }

        // Into the keys, if there are any, and the values into the scratch, if there is one.
        private int Fetch(int room, int bytesMax, long[] keys, Scratch scratch)
        {
            UIntPtr count = UIntPtr.Zero;
            NativeBuffer* values = null;
            ulong[] sizes = null;
            if (scratch != null)
            {
                scratch.ReserveResultSizes(room);
                values = scratch.Result;
                sizes = scratch.ResultSizes;
            }
            lock (handle)
            {
                fixed (long* keysData = keys)
                fixed (ulong* sizesData = sizes)
                {
                    int status = Raw.stave_cow_map_cursor_next_many(
                        handle.Pointer, (UIntPtr)(uint)room,
                        (UIntPtr)(uint)Math.Min(bytesMax, Fetching.BytesMax), keysData, values,
                        sizesData, &count, out IntPtr failure);
                    Failures.Check(status, failure);
                }
            }
            return (int)count;
        }
    }
}

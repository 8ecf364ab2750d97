using System;
using System.Collections;
using System.Collections.Generic;

namespace Stave
{
    /// <summary>
    /// Visits the entries of an index in no particular order, beside any traffic. An entry that is there
    /// during the cursor's whole life is visited exactly once, whatever grows meanwhile; one that is put
    /// or removed meanwhile may or may not be.
    /// </summary>
    /// <remarks>
    /// <para>There are four ways through a cursor, which share its place: <see cref="Next"/>,
    /// <see cref="NextMany"/>, <see cref="NextValues"/>, and <c>foreach</c>, which fetches ahead.</para>
    /// <para>Thread safety: calls from several threads wait for each other. Every method but
    /// <see cref="Dispose"/> throws <see cref="ClosedException"/> after the cursor is disposed of or the
    /// index is closed.</para>
    /// </remarks>
    public sealed unsafe class HashIndexCursor : IDisposable, IEnumerable<KeyValuePair<byte[], ulong>>
    {
        private readonly Handle handle = new Handle(Handle.HashIndexCursor);
        private readonly HashIndex index; // keeps the resolver alive

        internal HashIndexCursor(HashIndex index)
        {
            this.index = index;
            int status = Raw.stave_index_cursor_open(
                index.Handle.Pointer, out handle.Pointer, out IntPtr failure);
            Check(status, failure);
        }

        /// <summary>Moves to the next entry.</summary>
        /// <returns>False when there is none, then and ever after.</returns>
        public bool Next()
        {
            lock (handle)
            {
                int status = Raw.stave_index_cursor_next(handle.Pointer, out IntPtr failure);
                return Check(status, failure);
            }
        }

        /// <summary>The key of the entry the cursor stands on, in a fresh array.</summary>
        /// <exception cref="InvalidArgumentException">It stands on no entry, or the index keeps no
        /// keys.</exception>
        public byte[] GetKey()
        {
            lock (handle)
            {
                byte* data;
                UIntPtr size;
                int status = Raw.stave_index_cursor_key(
                    handle.Pointer, &data, &size, out IntPtr failure);
                Check(status, failure);
                return Bytes.Copy(data, (long)size);
            }
        }

        /// <summary>The value of the entry the cursor stands on.</summary>
        /// <exception cref="InvalidArgumentException">It stands on no entry.</exception>
        public ulong GetValue()
        {
            lock (handle)
            {
                ulong value;
                int status = Raw.stave_index_cursor_value(
                    handle.Pointer, &value, out IntPtr failure);
                Check(status, failure);
                return value;
            }
        }

        /// <summary>
        /// Moves over several entries and returns them, in one crossing into native code. The cursor
        /// stands on no entry afterwards.
        /// </summary>
        /// <param name="countMax">At most so many entries.</param>
        /// <param name="bytesMax">Stops early once the keys have so many bytes.</param>
        /// <returns>At least one entry; an empty list when there is none left.</returns>
        /// <exception cref="InvalidArgumentException">The index keeps no keys.</exception>
        public IReadOnlyList<KeyValuePair<byte[], ulong>> NextMany(int countMax, int bytesMax)
        {
            Arguments.RefuseNegative(countMax, nameof(countMax));
            Arguments.RefuseNegative(bytesMax, nameof(bytesMax));
            int room = Math.Min(countMax, Fetching.CountMax);
            var sizes = new uint[room];
            var values = new ulong[room];
            using (Scratch scratch = Scratch.Take())
            {
                int count;
                fixed (ulong* valuesData = values)
                fixed (uint* sizesData = sizes)
                {
                    count = Fetch(room, valuesData, Math.Min(bytesMax, Fetching.BytesMax), scratch.Result,
                        sizesData);
                }
                var entries = new List<KeyValuePair<byte[], ulong>>(count);
                byte* data = scratch.Result->Data;
                for (int i = 0; i < count; i++)
                {
                    byte[] key = Bytes.Copy(data, sizes[i]);
                    data += key.Length;
                    entries.Add(new KeyValuePair<byte[], ulong>(key, values[i]));
                }
                return entries;
            }
        }

        /// <summary>The same for the values alone, which every index has.</summary>
        /// <param name="countMax">At most so many.</param>
        /// <returns>At least one; an empty array when there is none left.</returns>
        public ulong[] NextValues(int countMax)
        {
            Arguments.RefuseNegative(countMax, nameof(countMax));
            var values = new ulong[Math.Min(countMax, Fetching.CountMax)];
            fixed (ulong* valuesData = values)
            {
                int count = Fetch(values.Length, valuesData, 0, null, null);
                Array.Resize(ref values, count);
                return values;
            }
        }

        /// <summary>The remaining entries. The cursor is disposed of with the enumerator.</summary>
        public IEnumerator<KeyValuePair<byte[], ulong>> GetEnumerator()
        {
            return Fetching.Enumerate(this, () => NextMany(Fetching.Count, Fetching.Bytes));
        }

        IEnumerator IEnumerable.GetEnumerator()
        {
            return GetEnumerator();
        }

        /// <summary>Gives up the cursor's place, after waiting for a call that is running. Any number of
        /// times.</summary>
        public void Dispose()
        {
            lock (handle)
            {
                int status = Raw.stave_index_cursor_close(handle.Pointer, out IntPtr failure);
                Check(status, failure);
            }
        }

        private int Fetch(
            int room, ulong* values, int bytesMax, NativeBuffer* keys, uint* keySizes)
        {
            UIntPtr count = UIntPtr.Zero;
            lock (handle)
            {
                int status = Raw.stave_index_cursor_next_many(
                    handle.Pointer, (UIntPtr)(uint)room, values, (UIntPtr)(uint)bytesMax, keys,
                    keySizes, &count, out IntPtr failure);
                Check(status, failure);
            }
            return (int)count;
        }

        private bool Check(int status, IntPtr failure)
        {
            GC.KeepAlive(this);
            GC.KeepAlive(index);
            if (status == HashIndexResolver.ThrownStatus)
            {
                HashIndexResolver.Rethrow(failure);
            }
            return Failures.Check(status, failure);
        }
    }
}

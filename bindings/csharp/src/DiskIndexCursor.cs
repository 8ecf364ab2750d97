using System;
using System.Collections;
using System.Collections.Generic;

namespace Stave
{
    /// <summary>
    /// Visits every key of a disk index exactly once, in no particular order, beside any traffic. A key that
    /// exists during the cursor's whole life is visited; one that is written or removed meanwhile may or may
    /// not be, with the record of some moment in between.
    /// </summary>
    /// <remarks>
    /// <para>There are three ways through a cursor, which share its place: <see cref="Next"/>,
    /// <see cref="NextMany"/>, and <c>foreach</c>, which fetches ahead.</para>
    /// <para>Thread safety: calls from several threads wait for each other. Every method but
    /// <see cref="Dispose"/> throws <see cref="ClosedException"/> after the cursor is disposed of or the
    /// index is closed.</para>
    /// </remarks>
    public sealed unsafe class DiskIndexCursor : IDisposable,
        IEnumerable<KeyValuePair<byte[], byte[]>>
    {
        private readonly Handle handle = new Handle(Handle.DiskIndexCursor);
        private readonly int recordSize;

        internal DiskIndexCursor(Handle index, int recordSize)
        {
            this.recordSize = recordSize;
            int status = Raw.stave_disk_index_cursor_open(
                index.Pointer, out handle.Pointer, out IntPtr failure);
            GC.KeepAlive(index);
            GC.KeepAlive(handle);
            Failures.Check(status, failure);
        }

        /// <summary>Moves to the next record.</summary>
        /// <returns>False when there is none, then and ever after.</returns>
        /// <exception cref="CorruptionException">Pages are damaged. Thrown once for each segment that has
        /// some; the next call goes on.</exception>
        public bool Next()
        {
            lock (handle)
            {
                int status = Raw.stave_disk_index_cursor_next(handle.Pointer, out IntPtr failure);
                return Failures.Check(status, failure);
            }
        }

        /// <summary>The key of the record the cursor stands on, in a fresh array.</summary>
        /// <exception cref="InvalidArgumentException">It stands on no record.</exception>
        public byte[] GetKey()
        {
            lock (handle)
            {
                byte* data;
                UIntPtr size;
                int status = Raw.stave_disk_index_cursor_key(
                    handle.Pointer, &data, &size, out IntPtr failure);
                Failures.Check(status, failure);
                return Bytes.Copy(data, (long)size);
            }
        }

        /// <summary>The record the cursor stands on, in a fresh array.</summary>
        /// <exception cref="InvalidArgumentException">It stands on no record.</exception>
        public byte[] GetRecord()
        {
            lock (handle)
            {
                byte* data;
                UIntPtr size;
                int status = Raw.stave_disk_index_cursor_record(
                    handle.Pointer, &data, &size, out IntPtr failure);
                Failures.Check(status, failure);
                return Bytes.Copy(data, (long)size);
            }
        }

        /// <summary>
        /// Moves over several records and returns them, in one crossing into native code. The cursor stands
        /// on no record afterwards. An error behind records that were read is thrown by the next call.
        /// </summary>
        /// <param name="countMax">At most so many records.</param>
        /// <returns>At least one record; an empty list when there is none left.</returns>
        public IReadOnlyList<KeyValuePair<byte[], byte[]>> NextMany(int countMax)
        {
            Arguments.RefuseNegative(countMax, nameof(countMax));
            int room = Math.Min(countMax, Fetching.CountMax);
            // One more, so that there is an address also without records.
            var keys = new byte[room * DiskIndex.KeySize + 1];
            var records = new byte[room * recordSize + 1];
            fixed (byte* keysData = keys)
            fixed (byte* recordsData = records)
            {
                UIntPtr count = UIntPtr.Zero;
                lock (handle)
                {
                    int status = Raw.stave_disk_index_cursor_next_many(handle.Pointer,
                        (UIntPtr)(uint)room, keysData, recordsData, (UIntPtr)(uint)recordSize, &count,
                        out IntPtr failure);
                    Failures.Check(status, failure);
                }
                var all = new KeyValuePair<byte[], byte[]>[(int)count];
                for (int i = 0; i < all.Length; i++)
                {
                    all[i] = new KeyValuePair<byte[], byte[]>(
                        Bytes.Copy(keysData + i * DiskIndex.KeySize, DiskIndex.KeySize),
                        Bytes.Copy(recordsData + i * recordSize, recordSize));
                }
                return all;
            }
        }

        /// <summary>The remaining records. The cursor is disposed of with the enumerator.</summary>
        public IEnumerator<KeyValuePair<byte[], byte[]>> GetEnumerator()
        {
            return Fetching.Enumerate(this, () => NextMany(Fetching.Count));
        }

        IEnumerator IEnumerable.GetEnumerator()
        {
            return GetEnumerator();
        }

        /// <summary>Gives up the cursor's view of the index, after waiting for a call that is running. Any
        /// number of times.</summary>
        public void Dispose()
        {
            lock (handle)
            {
                int status = Raw.stave_disk_index_cursor_close(handle.Pointer, out IntPtr failure);
                Failures.Check(status, failure);
            }
        }
    }
}

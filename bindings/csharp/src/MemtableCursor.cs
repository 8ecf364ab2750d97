using System;
using System.Collections;
using System.Collections.Generic;

namespace Stave
{
    /// <summary>
    /// Visits every key that is visible at one moment exactly once, in no particular order, beside any
    /// traffic. A transaction's cursor sees the transaction's own writes too; those made after it was opened
    /// may or may not be seen.
    /// </summary>
    /// <remarks>
    /// <para>The ways through a cursor share its place: <see cref="Next"/>, <see cref="NextMany"/>, and
    /// <c>foreach</c>, which fetches ahead.</para>
    /// <para>Thread safety: calls from several threads wait for each other, and those of a transaction's
    /// cursor for those of the transaction. Every method but <see cref="Dispose"/> throws
    /// <see cref="ClosedException"/> after the cursor is disposed of, its transaction has ended, its snapshot
    /// is disposed of, or the table is closed. It keeps its moment until it is disposed of itself.</para>
    /// </remarks>
    public sealed unsafe class MemtableCursor : IDisposable, IEnumerable<MemtableRecord>
    {
        private readonly Handle handle = new Handle(Handle.MemtableCursor);
        // What calls hold: a transaction and its cursors serve one call at a time, all together. It is the
        // transaction's Handle, which is therefore not finalized before the cursor is garbage.
        private readonly Handle turn;

        internal delegate int Opening(
            MemtableCursorOptionsData* options, Handle cursor, out IntPtr failure);

        // Where `turn` is null, the cursor has turns of its own.
        internal MemtableCursor(Handle turn, MemtableCursorOptions options, Opening open)
        {
            this.turn = turn ?? handle;
            MemtableCursorOptionsData data;
            Raw.stave_memtable_cursor_options_init(&data);
            ReadOnlySpan<byte> prefix = options.Prefix;
            fixed (byte* prefixData = prefix)
            {
                data.KeysOnly = options.KeysOnly ? (byte)1 : (byte)0;
                data.Tombstones = options.Tombstones ? (byte)1 : (byte)0;
                data.Prefix = prefixData;
                data.PrefixSize = (UIntPtr)(uint)prefix.Length;
                int status = open(&data, handle, out IntPtr failure);
                GC.KeepAlive(handle);
                Failures.Check(status, failure);
            }
        }

        /// <summary>Moves to the next record.</summary>
        /// <returns>False when there is none, then and ever after.</returns>
        /// <exception cref="TooOldException">The moment has been pruned.</exception>
        public bool Next()
        {
            lock (turn)
            {
                int status = Raw.stave_memtable_cursor_next(handle.Pointer, out IntPtr failure);
                return Check(status, failure);
            }
        }

        /// <summary>The key of the record the cursor stands on, in a fresh array.</summary>
        /// <exception cref="InvalidArgumentException">It stands on no record.</exception>
        public byte[] GetKey()
        {
            lock (turn)
            {
                byte* data;
                UIntPtr size;
                int status = Raw.stave_memtable_cursor_key(
                    handle.Pointer, &data, &size, out IntPtr failure);
                Failures.Check(status, failure);
                return Copy(data, size);
            }
        }

        /// <summary>The value of the record the cursor stands on, in a fresh array; empty when the key is
        /// removed.</summary>
        /// <exception cref="InvalidArgumentException">It stands on no record.</exception>
        public byte[] GetValue()
        {
            lock (turn)
            {
                byte* data;
                UIntPtr size;
                int status = Raw.stave_memtable_cursor_value(
                    handle.Pointer, &data, &size, out IntPtr failure);
                Failures.Check(status, failure);
                return Copy(data, size);
            }
        }

        /// <summary>Whether the cursor stands on a removed key.</summary>
        /// <exception cref="InvalidArgumentException">It stands on no record.</exception>
        public bool IsDeleted
        {
            get
            {
                lock (turn)
                {
                    byte deleted = 0;
                    int status = Raw.stave_memtable_cursor_deleted(
                        handle.Pointer, &deleted, out IntPtr failure);
                    Check(status, failure);
                    return deleted != 0;
                }
            }
        }

        /// <summary>
        /// Moves over several records and returns them, in one crossing into native code. The cursor stands
        /// on no record afterwards.
        /// </summary>
        /// <param name="countMax">At most so many records.</param>
        /// <param name="bytesMax">Stops early once the keys and values have so many bytes.</param>
        /// <returns>At least one record; an empty list when there is none left.</returns>
        /// <exception cref="TooOldException">The moment has been pruned.</exception>
        public IReadOnlyList<MemtableRecord> NextMany(int countMax, int bytesMax)
        {
            Arguments.RefuseNegative(countMax, nameof(countMax));
            Arguments.RefuseNegative(bytesMax, nameof(bytesMax));
            int room = Math.Min(countMax, Fetching.CountMax);
            using (Scratch scratch = Scratch.Take())
            {
                scratch.ReserveResultSizes(2 * room);
                UIntPtr count = UIntPtr.Zero;
                lock (turn)
                {
                    fixed (ulong* sizes = scratch.ResultSizes)
                    {
                        int status = Raw.stave_memtable_cursor_next_many(
                            handle.Pointer, (UIntPtr)(uint)room,
                            (UIntPtr)(uint)Math.Min(bytesMax, Fetching.BytesMax), scratch.Result,
                            sizes, &count, out IntPtr failure);
                        Check(status, failure);
                    }
                }
                return Split(scratch.Result->Data, scratch.ResultSizes, (int)count);
            }
        }

        /// <summary>The remaining records. The cursor is disposed of with the enumerator.</summary>
        public IEnumerator<MemtableRecord> GetEnumerator()
        {
            return Fetching.Enumerate(this, () => NextMany(Fetching.Count, Fetching.Bytes));
        }

        IEnumerator IEnumerable.GetEnumerator()
        {
            return GetEnumerator();
        }

        /// <summary>Gives up the cursor's moment, after waiting for a call that is running. Any number of
        /// times.</summary>
        public void Dispose()
        {
            lock (turn)
            {
                int status = Raw.stave_memtable_cursor_close(handle.Pointer, out IntPtr failure);
                Check(status, failure);
            }
        }

        private static MemtableRecord[] Split(byte* data, ulong[] sizes, int count)
        {
            var records = new MemtableRecord[count];
            for (int i = 0; i < count; i++)
            {
                byte[] key = Bytes.Copy(data, (long)sizes[2 * i]);
                data += key.Length;
                ulong valueSize = sizes[2 * i + 1];
                if (valueSize == Bytes.Tombstone)
                {
                    records[i] = MemtableRecord.Tombstone(key);
                    continue;
                }
                byte[] value = Bytes.Copy(data, (long)valueSize);
                data += value.Length;
                records[i] = new MemtableRecord(key, value);
            }
            return records;
        }

        private byte[] Copy(byte* data, UIntPtr size)
        {
            byte[] copy = Bytes.Copy(data, (long)size);
            GC.KeepAlive(handle);
            return copy;
        }

        // At the end of a call: `turn` may be another's, and keeps nothing of this cursor alive.
        private bool Check(int status, IntPtr failure)
        {
            GC.KeepAlive(handle);
            return Failures.Check(status, failure);
        }
    }
}

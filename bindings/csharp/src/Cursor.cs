using System;
using System.Collections;
using System.Collections.Generic;

namespace Stave
{
    /// <summary>
    /// Visits every key of a store exactly once, in no particular order, beside any traffic. A key that
    /// exists during the cursor's whole life is visited; one that is written or removed meanwhile may or
    /// may not be, with the value of some moment in between.
    /// </summary>
    /// <example>
    /// <code>
    /// using (Cursor cursor = store.OpenCursor())
    /// {
    ///     while (cursor.Next()) { Use(cursor.GetKey(), cursor.GetValue()); }
    /// }
    /// </code>
    /// </example>
    /// <remarks>
    /// <para>There are three ways through a cursor, which share its place in the store:
    /// <see cref="Next"/>, <see cref="NextMany"/>, and <c>foreach</c>, which fetches ahead.</para>
    /// <para>Thread safety: calls from several threads wait for each other. Every method but
    /// <see cref="Dispose"/> throws <see cref="ClosedException"/> after the cursor is disposed of or the
    /// store is closed.</para>
    /// </remarks>
    public sealed unsafe class Cursor : IDisposable, IEnumerable<KeyValuePair<byte[], byte[]>>
    {
        private readonly Handle handle = new Handle(Handle.Cursor);

        internal Cursor(Handle store, CursorOptions options)
        {
            StoreCursorOptionsData data;
            Raw.stave_store_cursor_options_init(&data);
            ReadOnlySpan<byte> prefix = options.Prefix;
            ReadOnlySpan<byte> token = options.Token;
            fixed (byte* prefixData = prefix)
            fixed (byte* tokenData = token)
            {
                data.KeysOnly = options.KeysOnly ? (byte)1 : (byte)0;
                data.Prefix = prefixData;
                data.PrefixSize = (UIntPtr)(uint)prefix.Length;
                data.Token = tokenData;
                data.TokenSize = (UIntPtr)(uint)token.Length;
                int status = Raw.stave_store_cursor_open(
                    store.Pointer, &data, out handle.Pointer, out IntPtr failure);
                GC.KeepAlive(store);
                GC.KeepAlive(handle);
                Failures.Check(status, failure);
            }
        }

        /// <summary>Moves to the next record.</summary>
        /// <returns>False when there is none, then and ever after.</returns>
        /// <exception cref="StaveException">Corruption or InputOutput: the record cannot be read; the next
        /// call goes on behind it.</exception>
        public bool Next()
        {
            lock (handle)
            {
                int status = Raw.stave_store_cursor_next(handle.Pointer, out IntPtr failure);
                return Failures.Check(status, failure);
            }
        }

        /// <summary>The key of the record the cursor stands on, in a fresh array.</summary>
        /// <exception cref="InvalidArgumentException">It stands before the first or after the last
        /// record.</exception>
        public byte[] GetKey()
        {
            lock (handle)
            {
                byte* data;
                UIntPtr size;
                int status = Raw.stave_store_cursor_key(
                    handle.Pointer, &data, &size, out IntPtr failure);
                Failures.Check(status, failure);
                return Bytes.Copy(data, (long)size);
            }
        }

        /// <summary>The value of the record the cursor stands on, in a fresh array.</summary>
        /// <exception cref="InvalidArgumentException">It stands before the first or after the last
        /// record.</exception>
        public byte[] GetValue()
        {
            lock (handle)
            {
                byte* data;
                UIntPtr size;
                int status = Raw.stave_store_cursor_value(
                    handle.Pointer, &data, &size, out IntPtr failure);
                Failures.Check(status, failure);
                return Bytes.Copy(data, (long)size);
            }
        }

        /// <summary>
        /// Moves over several records and returns them, in one crossing into native code. The cursor
        /// stands on no record afterwards.
        /// </summary>
        /// <param name="countMax">At most so many records.</param>
        /// <param name="bytesMax">Stops early once the keys and values have so many bytes.</param>
        /// <returns>At least one record; an empty list when there is none left.</returns>
        public IReadOnlyList<KeyValuePair<byte[], byte[]>> NextMany(int countMax, int bytesMax)
        {
            Arguments.RefuseNegative(countMax, nameof(countMax));
            Arguments.RefuseNegative(bytesMax, nameof(bytesMax));
            int room = Math.Min(countMax, Fetching.CountMax);
            using (Scratch scratch = Scratch.Take())
            {
                scratch.ReserveResultSizes(2 * room);
                UIntPtr count = UIntPtr.Zero;
                lock (handle)
                {
                    fixed (ulong* sizes = scratch.ResultSizes)
                    {
                        int status = Raw.stave_store_cursor_next_many(
                            handle.Pointer, (UIntPtr)(uint)room,
                            (UIntPtr)(uint)Math.Min(bytesMax, Fetching.BytesMax), scratch.Result, sizes,
                            &count, out IntPtr failure);
                        Failures.Check(status, failure);
                    }
                }
                return Split(scratch.Result->Data, scratch.ResultSizes, (int)count);
            }
        }

        /// <summary>
        /// The cursor's position: a cursor that is opened with it (<see cref="CursorOptions.Token"/>) goes on
        /// after the record that this one stands on, or with the first, also when the store was closed
        /// meanwhile. A key that is present from the first cursor's opening to the last one's end is visited
        /// once. After <see cref="NextMany"/> and inside <c>foreach</c> the position is that of what was
        /// fetched.
        /// </summary>
        /// <returns>At most some KiB without any keys. They are good for this store alone: another one, or
        /// damaged bytes, make the opening an <see cref="InvalidArgumentException"/>; so does a store with
        /// its key directory on disk whose file KEYS was lost.</returns>
        public byte[] GetToken()
        {
            using (Scratch scratch = Scratch.Take())
            {
                lock (handle)
                {
                    int status = Raw.stave_store_cursor_token(
                        handle.Pointer, scratch.Result, out IntPtr failure);
                    Failures.Check(status, failure);
                }
                return Bytes.Copy(scratch.Result);
            }
        }

        /// <summary>The remaining records. The cursor is disposed of with the enumerator.</summary>
        public IEnumerator<KeyValuePair<byte[], byte[]>> GetEnumerator()
        {
            return Fetching.Enumerate(this, () => NextMany(Fetching.Count, Fetching.Bytes));
        }

        IEnumerator IEnumerable.GetEnumerator()
        {
            return GetEnumerator();
        }

        /// <summary>
        /// Gives up the cursor's view of the store, after waiting for a call that is running. Any number
        /// of times.
        /// </summary>
        public void Dispose()
        {
            lock (handle)
            {
                int status = Raw.stave_store_cursor_close(handle.Pointer, out IntPtr failure);
                Failures.Check(status, failure);
            }
        }

        private static List<KeyValuePair<byte[], byte[]>> Split(
            byte* data, ulong[] sizes, int count)
        {
            var records = new List<KeyValuePair<byte[], byte[]>>(count);
            for (int i = 0; i < count; i++)
            {
                byte[] key = Bytes.Copy(data, (long)sizes[2 * i]);
                data += key.Length;
                byte[] value = Bytes.Copy(data, (long)sizes[2 * i + 1]);
                data += value.Length;
                records.Add(new KeyValuePair<byte[], byte[]>(key, value));
            }
            return records;
        }
    }
}

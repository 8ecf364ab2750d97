using System;
using System.Collections;
using System.Collections.Generic;

namespace Stave
{
    /// <content>Many keys in one call, and cursors.</content>
    public sealed unsafe partial class Store
    {
        /// <summary>
        /// The values of many keys in their order, null for the absent ones. Each key is read atomically,
        /// the whole is not one snapshot.
        /// </summary>
        /// <exception cref="ArgumentException">A key is null.</exception>
        public byte[][] MultiGet(IEnumerable<byte[]> keys)
        {
            using (Scratch scratch = Scratch.Take())
            {
                MultiGet(keys, scratch);
                return Bytes.Split(scratch.Result->Data, scratch.ResultSizes, scratch.Count);
            }
        }

        /// <summary>
        /// The same without an array for each value: for programs that make such calls again and again.
        /// </summary>
        /// <param name="keys">The keys.</param>
        /// <param name="values">Takes the values in the order of the keys; what it held is gone. It is
        /// empty after an exception.</param>
        /// <exception cref="ArgumentException">A key is null.</exception>
        /// <exception cref="OverflowException">The values together have more bytes than an array
        /// holds.</exception>
        public void MultiGet(IEnumerable<byte[]> keys, ValueList values)
        {
            Arguments.RefuseNull(values, nameof(values));
            values.Clear();
            using (Scratch scratch = Scratch.Take())
            {
                MultiGet(keys, scratch);
                values.Fill(scratch.Result, scratch.ResultSizes, scratch.Count);
            }
        }

        /// <summary>
        /// Stores all values or, on failure, none, like a batch. A key that comes twice keeps the later
        /// value.
        /// </summary>
        /// <exception cref="ArgumentException">A key or a value is null.</exception>
        /// <exception cref="TooLargeException">Also when the keys or the values together have more bytes
        /// than an array holds; a <see cref="Batch"/> takes more.</exception>
        public void MultiPut(
            IEnumerable<KeyValuePair<byte[], byte[]>> records,
            WriteOptions options = default(WriteOptions))
        {
            Arguments.RefuseNull(records, nameof(records));
            var keys = new List<byte[]>();
            var values = new List<byte[]>();
            foreach (KeyValuePair<byte[], byte[]> record in records)
            {
                keys.Add(record.Key);
                values.Add(record.Value);
            }
            using (Scratch joinedKeys = Scratch.Take())
            using (Scratch joinedValues = Scratch.Take())
            {
                joinedKeys.Join(keys, nameof(records));
                joinedValues.Join(values, nameof(records));
                ulong[] wideSizes = Array.ConvertAll(joinedValues.Sizes, size => (ulong)size);
                fixed (byte* keysData = joinedKeys.Data)
                fixed (uint* keySizes = joinedKeys.Sizes)
                fixed (byte* valuesData = joinedValues.Data)
                fixed (ulong* valueSizes = wideSizes)
                {
                    int status = Raw.stave_store_multi_put(
                        handle.Pointer, keysData, keySizes, valuesData, valueSizes,
                        (UIntPtr)(uint)joinedKeys.Count, WriteOptions.Native(&options), out IntPtr failure);
                    GC.KeepAlive(handle);
                    Failures.Check(status, failure);
                }
            }
        }

        /// <summary>Removes all keys or, on failure, none; absent keys are no error.</summary>
        /// <returns>The number of keys that existed.</returns>
        /// <exception cref="ArgumentException">A key is null.</exception>
        /// <exception cref="TooLargeException">Also when the keys together have more bytes than an array
        /// holds; a <see cref="Batch"/> takes more.</exception>
        public long MultiRemove(
            IEnumerable<byte[]> keys, WriteOptions options = default(WriteOptions))
        {
            using (Scratch joined = Scratch.Take())
            {
                joined.Join(keys, nameof(keys));
                ulong deleted = 0;
                fixed (byte* keysData = joined.Data)
                fixed (uint* keySizes = joined.Sizes)
                {
                    int status = Raw.stave_store_multi_remove(
                        handle.Pointer, keysData, keySizes, (UIntPtr)(uint)joined.Count, &deleted,
                        WriteOptions.Native(&options), out IntPtr failure);
                    GC.KeepAlive(handle);
                    Failures.Check(status, failure);
                }
                return (long)deleted;
            }
        }

        /// <summary>A cursor over the records that the options name; by default all.</summary>
        /// <exception cref="InvalidArgumentException">The token is damaged, or of another
        /// store.</exception>
        public Cursor OpenCursor(CursorOptions options = default(CursorOptions))
        {
            return new Cursor(handle, options);
        }

        /// <summary>All records, from a cursor of its own.</summary>
        public IEnumerator<KeyValuePair<byte[], byte[]>> GetEnumerator()
        {
            return OpenCursor().GetEnumerator();
        }

        IEnumerator IEnumerable.GetEnumerator()
        {
            return GetEnumerator();
        }

        private void MultiGet(IEnumerable<byte[]> keys, Scratch scratch)
        {
            scratch.Join(keys, nameof(keys));
            scratch.ReserveResultSizes(scratch.Count);
            fixed (byte* keysData = scratch.Data)
            fixed (uint* keySizes = scratch.Sizes)
            fixed (ulong* valueSizes = scratch.ResultSizes)
            {
                int status = Raw.stave_store_multi_get(
                    handle.Pointer, keysData, keySizes, (UIntPtr)(uint)scratch.Count, scratch.Result,
                    valueSizes, out IntPtr failure);
                GC.KeepAlive(handle);
                Failures.Check(status, failure);
            }
        }
    }
}

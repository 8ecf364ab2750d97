using System;
using System.Collections.Generic;

namespace Stave
{
    /// <content>Records. The overloads that take arrays differ in one thing: a null array is an
    /// <see cref="ArgumentNullException"/> there, and an empty span here.</content>
    public sealed unsafe partial class DiskIndex
    {
        /// <inheritdoc cref="Put(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
        public void Put(byte[] key, byte[] record)
        {
            Put(Bytes.Of(key, nameof(key)), Bytes.Of(record, nameof(record)));
        }

        /// <summary>Stores the record, whether or not the key exists.</summary>
        /// <exception cref="StaveException">ReadOnly, NoSpace (nothing is written), InputOutput, as all
        /// writes.</exception>
        public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> record)
        {
            fixed (byte* keyData = key)
            fixed (byte* recordData = record)
            {
                int status = Raw.stave_disk_index_put(handle.Pointer, keyData,
                    (UIntPtr)(uint)key.Length, recordData, (UIntPtr)(uint)record.Length,
                    out IntPtr failure);
                Check(status, failure);
            }
        }

        /// <inheritdoc cref="Insert(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
        public bool Insert(byte[] key, byte[] record)
        {
            return Insert(Bytes.Of(key, nameof(key)), Bytes.Of(record, nameof(record)));
        }

        /// <summary>Stores the record if the key is absent.</summary>
        /// <returns>Whether it was.</returns>
        public bool Insert(ReadOnlySpan<byte> key, ReadOnlySpan<byte> record)
        {
            fixed (byte* keyData = key)
            fixed (byte* recordData = record)
            {
                int status = Raw.stave_disk_index_insert(handle.Pointer, keyData,
                    (UIntPtr)(uint)key.Length, recordData, (UIntPtr)(uint)record.Length,
                    out IntPtr failure);
                return Check(status, failure);
            }
        }

        /// <inheritdoc cref="Remove(ReadOnlySpan{byte})"/>
        public bool Remove(byte[] key)
        {
            return Remove(Bytes.Of(key, nameof(key)));
        }

        /// <summary>Removes the key.</summary>
        /// <returns>Whether it existed.</returns>
        public bool Remove(ReadOnlySpan<byte> key)
        {
            fixed (byte* keyData = key)
            {
                int status = Raw.stave_disk_index_remove(
                    handle.Pointer, keyData, (UIntPtr)(uint)key.Length, out IntPtr failure);
                return Check(status, failure);
            }
        }

        /// <inheritdoc cref="TryGet(ReadOnlySpan{byte}, out byte[])"/>
        public bool TryGet(byte[] key, out byte[] record)
        {
            return TryGet(Bytes.Of(key, nameof(key)), out record);
        }

        /// <summary>Reads the record into a fresh array.</summary>
        /// <param name="key">The key.</param>
        /// <param name="record">The record; null when there is no such key.</param>
        /// <returns>Whether the key exists.</returns>
        public bool TryGet(ReadOnlySpan<byte> key, out byte[] record)
        {
            record = new byte[recordSize];
            bool exists = TryGet(key, record.AsSpan());
            if (!exists)
            {
                record = null;
            }
            return exists;
        }

        /// <inheritdoc cref="TryGet(ReadOnlySpan{byte}, Span{byte})"/>
        public bool TryGet(byte[] key, Span<byte> record)
        {
            return TryGet(Bytes.Of(key, nameof(key)), record);
        }

        /// <summary>Reads the record into the caller's memory, which has exactly its size.</summary>
        /// <returns>Whether the key exists.</returns>
        public bool TryGet(ReadOnlySpan<byte> key, Span<byte> record)
        {
            fixed (byte* keyData = key)
            fixed (byte* recordData = record)
            {
                int status = Raw.stave_disk_index_get(handle.Pointer, keyData,
                    (UIntPtr)(uint)key.Length, recordData, (UIntPtr)(uint)record.Length,
                    out IntPtr failure);
                return Check(status, failure);
            }
        }

        /// <inheritdoc cref="Contains(ReadOnlySpan{byte})"/>
        public bool Contains(byte[] key)
        {
            return Contains(Bytes.Of(key, nameof(key)));
        }

        /// <summary>Whether the key exists.</summary>
        public bool Contains(ReadOnlySpan<byte> key)
        {
            fixed (byte* keyData = key)
            {
                int status = Raw.stave_disk_index_contains(
                    handle.Pointer, keyData, (UIntPtr)(uint)key.Length, out IntPtr failure);
                return Check(status, failure);
            }
        }

        /// <summary>Stores many records in one crossing, each as a put of its own: a failure leaves those
        /// before it stored.</summary>
        /// <exception cref="ArgumentException">A key or a record is null.</exception>
        public void MultiPut(IEnumerable<KeyValuePair<byte[], byte[]>> records)
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
                RefuseOthers(joinedKeys, KeySize);
                RefuseOthers(joinedValues, recordSize);
                UIntPtr done;
                fixed (byte* keysData = joinedKeys.Data)
                fixed (byte* valuesData = joinedValues.Data)
                {
                    int status = Raw.stave_disk_index_multi_put(handle.Pointer, keysData, valuesData,
                        (UIntPtr)(uint)recordSize, (UIntPtr)(uint)keys.Count, &done,
                        out IntPtr failure);
                    Check(status, failure);
                }
            }
        }

        /// <summary>The records of many keys in their order, null for the absent ones. Each key is read
        /// atomically, the whole is not one snapshot.</summary>
        /// <exception cref="ArgumentException">A key is null.</exception>
        public byte[][] MultiGet(IEnumerable<byte[]> keys)
        {
            using (Scratch joined = Scratch.Take())
            {
                joined.Join(keys, nameof(keys));
                RefuseOthers(joined, KeySize);
                // One more, so that there is an address also without keys.
                var all = new byte[checked(joined.Count * recordSize) + 1];
                var found = new byte[joined.Count + 1];
                fixed (byte* keysData = joined.Data)
                fixed (byte* allData = all)
                fixed (byte* foundData = found)
                {
                    int status = Raw.stave_disk_index_multi_get(handle.Pointer, keysData,
                        (UIntPtr)(uint)joined.Count, allData, (UIntPtr)(uint)recordSize, foundData,
                        out IntPtr failure);
                    Check(status, failure);
                    var records = new byte[joined.Count][];
                    for (int i = 0; i < records.Length; i++)
                    {
                        records[i] = found[i] == 0
                            ? null : Bytes.Copy(allData + i * recordSize, recordSize);
                    }
                    return records;
                }
            }
        }

        // One of another size would shift all that follow.
        private static void RefuseOthers(Scratch joined, int size)
        {
            for (int i = 0; i < joined.Count; i++)
            {
                if (joined.Sizes[i] != size)
                {
                    throw StaveException.Create(
                        StaveStatus.InvalidArgument, "element " + i + " has a wrong size", 0);
                }
            }
        }
    }
}

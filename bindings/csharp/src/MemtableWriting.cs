using System;
using System.Collections.Generic;

namespace Stave
{
    /// <content>Writes and commits at timestamps that the caller brings. A transaction is a number that is
    /// not 0: it exists from its first write to its commit, or to the abort of its last key; then the number
    /// is free again. Several threads may write for one. Commits may come in any order of
    /// timestamps.</content>
    public sealed unsafe partial class Memtable
    {
        /// <inheritdoc cref="Write(ReadOnlySpan{byte}, ReadOnlySpan{byte}, ulong)"/>
        public void Write(byte[] key, byte[] value, ulong transaction)
        {
            Write(Bytes.Of(key, nameof(key)), Bytes.Of(value, nameof(value)), transaction);
        }

        /// <summary>Writes for the transaction; replaces what it wrote to the key before.</summary>
        /// <exception cref="ConflictException">Another transaction has an uncommitted write of the key;
        /// nothing is changed.</exception>
        public void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong transaction)
        {
            fixed (byte* keyData = key)
            fixed (byte* valueData = value)
            {
                int status = Raw.stave_memtable_write(
                    handle.Pointer, keyData, (UIntPtr)(uint)key.Length, valueData,
                    (UIntPtr)(uint)value.Length, transaction, out IntPtr failure);
                GC.KeepAlive(handle);
                Failures.Require(status, failure);
            }
        }

        /// <inheritdoc cref="WriteTombstone(ReadOnlySpan{byte}, ulong)"/>
        public void WriteTombstone(byte[] key, ulong transaction)
        {
            WriteTombstone(Bytes.Of(key, nameof(key)), transaction);
        }

        /// <summary>Writes the removal of the key.</summary>
        /// <exception cref="ConflictException">Another transaction has an uncommitted write of the key;
        /// nothing is changed.</exception>
        public void WriteTombstone(ReadOnlySpan<byte> key, ulong transaction)
        {
            fixed (byte* keyData = key)
            {
                int status = Raw.stave_memtable_write_tombstone(
                    handle.Pointer, keyData, (UIntPtr)(uint)key.Length, transaction,
                    out IntPtr failure);
                GC.KeepAlive(handle);
                Failures.Require(status, failure);
            }
        }

        /// <summary>Writes one key after the other: values, and tombstones for keys to be removed.</summary>
        /// <returns>The number of writes.</returns>
        /// <exception cref="StaveException">A write failed, for example with a conflict.
        /// <see cref="StaveException.Written"/> says how many were made before, which stay.</exception>
        /// <exception cref="ArgumentException">A key is null.</exception>
        /// <exception cref="TooLargeException">Also when the keys or the values together have more bytes
        /// than an array holds; nothing is written then.</exception>
        public long MultiWrite(IEnumerable<MemtableRecord> records, ulong transaction)
        {
            MultiWriting.Call write = (byte* keys, uint* keySizes, byte* values, ulong* valueSizes,
                UIntPtr count, UIntPtr* written, out IntPtr failure) =>
            {
                int status = Raw.stave_memtable_multi_write(
                    handle.Pointer, keys, keySizes, values, valueSizes, count, transaction, written,
                    out failure);
                GC.KeepAlive(handle);
                return status;
            };
            return MultiWriting.Run(records, write);
        }

        /// <summary>Makes the transaction's writes visible at once.</summary>
        /// <param name="transaction">The transaction, whose number is free again.</param>
        /// <param name="timestamp">The commit timestamp.</param>
        /// <param name="keys">All keys that it wrote and no others; one may come twice.</param>
        /// <exception cref="InvalidArgumentException">The keys are not those, the timestamp is 0 or above
        /// 2^63-1, or one of the keys has a version with this timestamp already; nothing is
        /// changed.</exception>
        /// <exception cref="ArgumentException">A key is null.</exception>
        public void Commit(ulong transaction, ulong timestamp, IEnumerable<byte[]> keys)
        {
            using (Scratch joined = Scratch.Take())
            {
                joined.Join(keys, nameof(keys));
                fixed (byte* keysData = joined.Data)
                fixed (uint* keySizes = joined.Sizes)
                {
                    int status = Raw.stave_memtable_commit(
                        handle.Pointer, transaction, timestamp, keysData, keySizes,
                        (UIntPtr)(uint)joined.Count, out IntPtr failure);
                    Check(status, failure);
                }
            }
        }

        /// <summary>Takes back the transaction's writes to these keys; others stay. Keys that it has not
        /// written are ignored.</summary>
        /// <exception cref="ArgumentException">A key is null.</exception>
        public void Abort(ulong transaction, IEnumerable<byte[]> keys)
        {
            using (Scratch joined = Scratch.Take())
            {
                joined.Join(keys, nameof(keys));
                fixed (byte* keysData = joined.Data)
                fixed (uint* keySizes = joined.Sizes)
                {
                    int status = Raw.stave_memtable_abort(
                        handle.Pointer, transaction, keysData, keySizes, (UIntPtr)(uint)joined.Count,
                        out IntPtr failure);
                    Check(status, failure);
                }
            }
        }

        /// <inheritdoc cref="HasWriteConflict(ReadOnlySpan{byte}, ulong)"/>
        public bool HasWriteConflict(byte[] key, ulong transaction)
        {
            return HasWriteConflict(Bytes.Of(key, nameof(key)), transaction);
        }

        /// <summary>Whether a write of the key for this transaction would be a conflict now.</summary>
        public bool HasWriteConflict(ReadOnlySpan<byte> key, ulong transaction)
        {
            fixed (byte* keyData = key)
            {
                byte conflict = 0;
                int status = Raw.stave_memtable_has_write_conflict(
                    handle.Pointer, keyData, (UIntPtr)(uint)key.Length, transaction, &conflict,
                    out IntPtr failure);
                Check(status, failure);
                return conflict != 0;
            }
        }

        /// <summary>A cursor at a timestamp, which stands before the first record.</summary>
        /// <param name="snapshot">The timestamp to read at.</param>
        /// <param name="transaction">Whose uncommitted writes it sees too; 0 for nobody's.</param>
        /// <param name="options">Which records it visits; by default all values.</param>
        public MemtableCursor OpenCursor(
            ulong snapshot, ulong transaction = 0,
            MemtableCursorOptions options = default(MemtableCursorOptions))
        {
            MemtableCursor.Opening open = (MemtableCursorOptionsData* data,
                Handle cursor, out IntPtr failure) =>
            {
                int status = Raw.stave_memtable_cursor_open(
                    handle.Pointer, snapshot, transaction, data, out cursor.Pointer, out failure);
                GC.KeepAlive(handle);
                return status;
            };
            return new MemtableCursor(null, options, open);
        }
    }
}

using System;
using System.Collections.Generic;

namespace Stave
{
    /// <summary>
    /// Reads at the moment of its begin, with its own writes, and writes that become visible to others all at
    /// once: <see cref="Memtable.Begin"/>. One that is disposed of, or garbage, without
    /// <see cref="Commit"/> is rolled back.
    /// </summary>
    /// <example>
    /// <code>
    /// using (MemtableTransaction transaction = table.Begin())
    /// {
    ///     transaction.Put(key, value);
    ///     transaction.Commit();
    /// }
    /// </code>
    /// </example>
    /// <remarks>
    /// <para>The first writer of a key wins: a write throws <see cref="ConflictException"/>, and changes
    /// nothing, while another transaction has an uncommitted write of the key, and when a version of it was
    /// committed after this one began. To try again, roll back and begin anew; other keys can still be
    /// written. This is snapshot isolation: two transactions that each write what the other only reads can
    /// both commit.</para>
    /// <para>Limits: see <see cref="Memtable"/>; <see cref="TooLargeException"/> beyond.</para>
    /// <para>Thread safety: calls from several threads wait for each other, and for those of the
    /// transaction's cursors. After <see cref="Commit"/> and <see cref="Rollback"/>, too, every method but
    /// <see cref="Dispose"/> throws <see cref="ClosedException"/>.</para>
    /// </remarks>
    public sealed unsafe class MemtableTransaction : MemtableView
    {
        private readonly Handle handle = new Handle(Handle.MemtableTransaction);

        internal MemtableTransaction(Handle table)
        {
            int status = Raw.stave_memtable_begin(
                table.Pointer, out handle.Pointer, out IntPtr failure);
            GC.KeepAlive(table);
            GC.KeepAlive(handle);
            Failures.Check(status, failure);
        }

        /// <summary>Its number, which no other transaction of the table has or had.</summary>
        public ulong Id
        {
            get
            {
                lock (handle)
                {
                    ulong id = 0;
                    int status = Raw.stave_memtable_transaction_id(Open, &id, out IntPtr failure);
                    Failures.Check(status, failure);
                    return id;
                }
            }
        }

        /// <inheritdoc/>
        public override ulong Timestamp
        {
            get
            {
                lock (handle)
                {
                    ulong timestamp = 0;
                    int status = Raw.stave_memtable_transaction_snapshot(
                        Open, &timestamp, out IntPtr failure);
                    Failures.Check(status, failure);
                    return timestamp;
                }
            }
        }

        /// <inheritdoc cref="Put(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
        public void Put(byte[] key, byte[] value)
        {
            Bytes.RefuseNull(key, nameof(key));
            Bytes.RefuseNull(value, nameof(value));
            fixed (byte* keyData = key)
            fixed (byte* valueData = value)
            {
                Put(keyData, key.Length, valueData, value.Length);
            }
        }

        /// <summary>Stores the value, whether or not the key exists.</summary>
        /// <exception cref="ConflictException">Another transaction wrote the key first.</exception>
        public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            fixed (byte* keyData = key)
            fixed (byte* valueData = value)
            {
                Put(keyData, key.Length, valueData, value.Length);
            }
        }

        /// <inheritdoc cref="Remove(ReadOnlySpan{byte})"/>
        public void Remove(byte[] key)
        {
            Remove(Bytes.Of(key, nameof(key)));
        }

        /// <summary>Removes the key; an absent one too, which is a write like any other.</summary>
        /// <exception cref="ConflictException">Another transaction wrote the key first.</exception>
        public void Remove(ReadOnlySpan<byte> key)
        {
            fixed (byte* keyData = key)
            {
                lock (handle)
                {
                    int status = Raw.stave_memtable_transaction_remove(
                        Open, keyData, (UIntPtr)(uint)key.Length, out IntPtr failure);
                    Failures.Require(status, failure);
                }
            }
        }

        /// <summary>Writes one key after the other: values, and tombstones for keys to be removed.</summary>
        /// <returns>The number of writes.</returns>
        /// <exception cref="StaveException">A write failed, for example with a conflict.
        /// <see cref="StaveException.Written"/> says how many were made before, which stay.</exception>
        /// <exception cref="ArgumentException">A key is null.</exception>
        /// <exception cref="TooLargeException">Also when the keys or the values together have more bytes
        /// than an array holds; nothing is written then.</exception>
        public long MultiWrite(IEnumerable<MemtableRecord> records)
        {
            return MultiWriting.Run(records, WriteMany);
        }

        /// <summary>Makes all writes visible at once, and ends the transaction. It cannot conflict:
        /// conflicts show at the write.</summary>
        /// <returns>The commit timestamp; 0 when nothing was written.</returns>
        public ulong Commit()
        {
            lock (handle)
            {
                ulong timestamp = 0;
                int status = Raw.stave_memtable_transaction_commit(
                    Open, &timestamp, out IntPtr failure);
                Failures.Check(status, failure);
                return timestamp;
            }
        }

        /// <summary>Takes all writes back, and ends the transaction.</summary>
        public void Rollback()
        {
            lock (handle)
            {
                int status = Raw.stave_memtable_transaction_rollback(Open, out IntPtr failure);
                Failures.Check(status, failure);
            }
        }

        /// <inheritdoc/>
        public override MemtableCursor OpenCursor(
            MemtableCursorOptions options = default(MemtableCursorOptions))
        {
            return new MemtableCursor(handle, options, OpenNative);
        }

        /// <summary>Rolls back what is not committed, and gives the memory back, after waiting for a call
        /// that is running. Any number of times.</summary>
        public override void Dispose()
        {
            lock (handle)
            {
                handle.Free();
            }
        }

        internal override int Read(
            byte* key, UIntPtr keySize, byte* data, UIntPtr capacity, UIntPtr* size,
            out IntPtr failure)
        {
            lock (handle)
            {
                return Raw.stave_memtable_transaction_get(
                    Open, key, keySize, data, capacity, size, out failure);
            }
        }

        internal override int ReadPin(
            byte* key, UIntPtr keySize, Handle pin, out IntPtr failure)
        {
            lock (handle)
            {
                return Raw.stave_memtable_transaction_get_pin(
                    Open, key, keySize, out pin.Pointer, out failure);
            }
        }

        internal override int Find(byte* key, UIntPtr keySize, out IntPtr failure)
        {
            lock (handle)
            {
                return Raw.stave_memtable_transaction_contains(Open, key, keySize, out failure);
            }
        }

        internal override int ReadMany(
            byte* keys, uint* keySizes, UIntPtr count, NativeBuffer* values, ulong* valueSizes,
            out IntPtr failure)
        {
            lock (handle)
            {
                return Raw.stave_memtable_transaction_multi_get(
                    Open, keys, keySizes, count, values, valueSizes, out failure);
            }
        }

        private void Put(byte* key, int keySize, byte* value, int valueSize)
        {
            lock (handle)
            {
                int status = Raw.stave_memtable_transaction_put(
                    Open, key, (UIntPtr)(uint)keySize, value, (UIntPtr)(uint)valueSize,
                    out IntPtr failure);
                Failures.Require(status, failure);
            }
        }

        private int WriteMany(
            byte* keys, uint* keySizes, byte* values, ulong* valueSizes, UIntPtr count,
            UIntPtr* written, out IntPtr failure)
        {
            lock (handle)
            {
                return Raw.stave_memtable_transaction_multi_write(
                    Open, keys, keySizes, values, valueSizes, count, written, out failure);
            }
        }

        private int OpenNative(
            MemtableCursorOptionsData* options, Handle cursor, out IntPtr failure)
        {
            lock (handle)
            {
                return Raw.stave_memtable_transaction_cursor(
                    Open, options, out cursor.Pointer, out failure);
            }
        }

        // The native object, under the lock of its Handle; throws when it has been given back.
        private IntPtr Open
        {
            get
            {
                if (handle.Pointer == IntPtr.Zero)
                {
                    throw Failures.Closed("transaction");
                }
                return handle.Pointer;
            }
        }
    }
}

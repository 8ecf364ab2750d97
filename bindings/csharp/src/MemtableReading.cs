using System;
using System.Buffers;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace Stave
{
    /// <content>Reads at timestamps that the caller brings: the value visible at a snapshot, which may be any
    /// number, or the write of a transaction; transaction 0 stands for none. Reads below what
    /// <see cref="Prune"/> was told to keep throw <see cref="TooOldException"/>. The overloads that take
    /// arrays differ in one thing: a null array is an <see cref="ArgumentNullException"/> there, and an
    /// empty span here.</content>
    public sealed unsafe partial class Memtable
    {
        private readonly struct ValueSource : IValueSource
        {
            private readonly Handle handle;
            private readonly byte* key;
            private readonly int keySize;
            private readonly ulong snapshot;
            private readonly ulong transaction;
            private readonly byte* deleted;

            internal ValueSource(
                Handle handle, byte* key, int keySize, ulong snapshot, ulong transaction,
                byte* deleted)
            {
                this.handle = handle;
                this.key = key;
                this.keySize = keySize;
                this.snapshot = snapshot;
                this.transaction = transaction;
                this.deleted = deleted;
            }

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public int Read(byte* data, int capacity, out long size, out IntPtr failure)
            {
                UIntPtr needed = UIntPtr.Zero;
                int status = Raw.stave_memtable_read(
                    handle.Pointer, key, (UIntPtr)(uint)keySize, snapshot, transaction, data,
                    (UIntPtr)(uint)capacity, &needed, deleted, out failure);
                GC.KeepAlive(handle);
                size = (long)needed;
                return status;
            }
        }

        /// <inheritdoc cref="Read(ReadOnlySpan{byte}, ulong, out byte[], ulong)"/>
        public ReadOutcome Read(
            byte[] key, ulong snapshot, out byte[] value, ulong transaction = 0)
        {
            return Read(Bytes.Of(key, nameof(key)), snapshot, out value, transaction);
        }

        /// <summary>Reads the value into a fresh array.</summary>
        /// <param name="key">The key.</param>
        /// <param name="snapshot">The timestamp to read at.</param>
        /// <param name="value">The value; null when there is none.</param>
        /// <param name="transaction">Whose uncommitted write counts; 0 for nobody's.</param>
        public ReadOutcome Read(
            ReadOnlySpan<byte> key, ulong snapshot, out byte[] value, ulong transaction = 0)
        {
            fixed (byte* keyData = key)
            {
                byte deleted = 0;
                bool exists = Reading.TryGet(new ValueSource(
                    handle, keyData, key.Length, snapshot, transaction, &deleted), out value);
                return Outcome(exists, deleted);
            }
        }

        /// <inheritdoc cref="Read(ReadOnlySpan{byte}, ulong, Span{byte}, out int, ulong)"/>
        public ReadOutcome Read(
            byte[] key, ulong snapshot, byte[] destination, out int size, ulong transaction = 0)
        {
            Bytes.RefuseNull(destination, nameof(destination));
            return Read(Bytes.Of(key, nameof(key)), snapshot, new Span<byte>(destination), out size,
                transaction);
        }

        /// <inheritdoc cref="Read(ReadOnlySpan{byte}, ulong, Span{byte}, out int, ulong)"/>
        public ReadOutcome Read(
            byte[] key, ulong snapshot, Span<byte> destination, out int size, ulong transaction = 0)
        {
            return Read(Bytes.Of(key, nameof(key)), snapshot, destination, out size, transaction);
        }

        /// <summary>Copies the value into the caller's memory.</summary>
        /// <param name="key">The key.</param>
        /// <param name="snapshot">The timestamp to read at.</param>
        /// <param name="destination">Where the value goes, from the beginning.</param>
        /// <param name="size">The value's size; 0 when there is none.</param>
        /// <param name="transaction">Whose uncommitted write counts; 0 for nobody's.</param>
        /// <exception cref="BufferTooSmallException">The value does not fit; nothing was
        /// copied.</exception>
        public ReadOutcome Read(
            ReadOnlySpan<byte> key, ulong snapshot, Span<byte> destination, out int size,
            ulong transaction = 0)
        {
            fixed (byte* keyData = key)
            fixed (byte* data = destination)
            {
                byte deleted = 0;
                bool exists = Reading.TryGet(
                    new ValueSource(
                        handle, keyData, key.Length, snapshot, transaction, &deleted),
                    data, destination.Length, out size);
                return Outcome(exists, deleted);
            }
        }

        /// <inheritdoc cref="Read(ReadOnlySpan{byte}, ulong, IBufferWriter{byte}, ulong)"/>
        public ReadOutcome Read(
            byte[] key, ulong snapshot, IBufferWriter<byte> writer, ulong transaction = 0)
        {
            return Read(Bytes.Of(key, nameof(key)), snapshot, writer, transaction);
        }

        /// <summary>Writes the value to a writer, without an array in between.</summary>
        /// <param name="key">The key.</param>
        /// <param name="snapshot">The timestamp to read at.</param>
        /// <param name="writer">Nothing is written to it when there is no value.</param>
        /// <param name="transaction">Whose uncommitted write counts; 0 for nobody's.</param>
        public ReadOutcome Read(
            ReadOnlySpan<byte> key, ulong snapshot, IBufferWriter<byte> writer,
            ulong transaction = 0)
        {
            fixed (byte* keyData = key)
            {
                byte deleted = 0;
                bool exists = Reading.TryGet(new ValueSource(
                    handle, keyData, key.Length, snapshot, transaction, &deleted), writer);
                return Outcome(exists, deleted);
            }
        }

        /// <inheritdoc cref="ReadPin(ReadOnlySpan{byte}, ulong, out Pin, ulong)"/>
        public ReadOutcome ReadPin(
            byte[] key, ulong snapshot, out Pin pin, ulong transaction = 0)
        {
            return ReadPin(Bytes.Of(key, nameof(key)), snapshot, out pin, transaction);
        }

        /// <summary>Hands out the value without copying it, unless it has 56 bytes or less.</summary>
        /// <param name="key">The key.</param>
        /// <param name="snapshot">The timestamp to read at.</param>
        /// <param name="pin">The value, to be disposed of; null when there is none. It outlives the
        /// table.</param>
        /// <param name="transaction">Whose uncommitted write counts; 0 for nobody's.</param>
        public ReadOutcome ReadPin(
            ReadOnlySpan<byte> key, ulong snapshot, out Pin pin, ulong transaction = 0)
        {
            var pinHandle = new Handle(Handle.Pin);
            fixed (byte* keyData = key)
            {
                byte deleted = 0;
                int status = Raw.stave_memtable_read_pin(
                    handle.Pointer, keyData, (UIntPtr)(uint)key.Length, snapshot, transaction,
                    out pinHandle.Pointer, &deleted, out IntPtr failure);
                bool exists = Check(status, failure);
                pin = exists ? new Pin(pinHandle) : null;
                return Outcome(exists, deleted);
            }
        }

        /// <inheritdoc cref="ReadWith(ReadOnlySpan{byte}, ulong, ValueReader, ulong)"/>
        public ReadOutcome ReadWith(
            byte[] key, ulong snapshot, ValueReader reader, ulong transaction = 0)
        {
            return ReadWith(Bytes.Of(key, nameof(key)), snapshot, reader, transaction);
        }

        /// <summary>Hands the value to a callback in place.</summary>
        /// <param name="key">The key.</param>
        /// <param name="snapshot">The timestamp to read at.</param>
        /// <param name="reader">Not called when there is no value. No lock is held while it runs: it may use
        /// the table, this method too, and take its time; only <see cref="Close"/> throws
        /// <see cref="BusyException"/>. An exception that it throws comes out of this call
        /// unchanged.</param>
        /// <param name="transaction">Whose uncommitted write counts; 0 for nobody's.</param>
        public ReadOutcome ReadWith(
            ReadOnlySpan<byte> key, ulong snapshot, ValueReader reader, ulong transaction = 0)
        {
            Arguments.RefuseNull(reader, nameof(reader));
            using (var call = new ReaderCall(reader))
            {
                fixed (byte* keyData = key)
                {
                    byte deleted = 0;
                    int status = Raw.stave_memtable_read_with(
                        handle.Pointer, keyData, (UIntPtr)(uint)key.Length, snapshot, transaction,
                        ReaderCall.Function, call.Context, &deleted, out IntPtr failure);
                    GC.KeepAlive(handle);
                    return Outcome(call.Check(status, failure), deleted);
                }
            }
        }

        /// <summary>Reads many keys at one timestamp.</summary>
        /// <param name="keys">The keys.</param>
        /// <param name="snapshot">The timestamp to read at.</param>
        /// <param name="values">The values in the order of the keys; null where there is none.</param>
        /// <param name="transaction">Whose uncommitted writes count; 0 for nobody's.</param>
        /// <returns>What was found, in the order of the keys.</returns>
        /// <exception cref="ArgumentException">A key is null.</exception>
        public ReadOutcome[] MultiRead(
            IEnumerable<byte[]> keys, ulong snapshot, out byte[][] values, ulong transaction = 0)
        {
            using (Scratch scratch = Scratch.Take())
            {
                MultiRead(keys, snapshot, transaction, scratch);
                values = Bytes.Split(scratch.Result->Data, scratch.ResultSizes, scratch.Count);
                var outcomes = new ReadOutcome[scratch.Count];
                for (int i = 0; i < outcomes.Length; i++)
                {
                    outcomes[i] = Outcome(
                        values[i] != null, scratch.ResultSizes[i] == Bytes.Tombstone ? 1 : 0);
                }
                return outcomes;
            }
        }

        /// <summary>
        /// The same without an array for each value: for programs that make such calls again and again.
        /// </summary>
        /// <param name="keys">The keys.</param>
        /// <param name="snapshot">The timestamp to read at.</param>
        /// <param name="values">Takes the values in the order of the keys, see
        /// <see cref="ValueList.Exists"/> and <see cref="ValueList.IsDeleted"/>; what it held is gone. It is
        /// empty after an exception.</param>
        /// <param name="transaction">Whose uncommitted writes count; 0 for nobody's.</param>
        /// <exception cref="ArgumentException">A key is null.</exception>
        /// <exception cref="OverflowException">The values together have more bytes than an array
        /// holds.</exception>
        public void MultiRead(
            IEnumerable<byte[]> keys, ulong snapshot, ValueList values, ulong transaction = 0)
        {
            Arguments.RefuseNull(values, nameof(values));
            values.Clear();
            using (Scratch scratch = Scratch.Take())
            {
                MultiRead(keys, snapshot, transaction, scratch);
                values.Fill(scratch.Result, scratch.ResultSizes, scratch.Count);
            }
        }

        private void MultiRead(
            IEnumerable<byte[]> keys, ulong snapshot, ulong transaction, Scratch scratch)
        {
            scratch.Join(keys, nameof(keys));
            scratch.ReserveResultSizes(scratch.Count);
            fixed (byte* keysData = scratch.Data)
            fixed (uint* keySizes = scratch.Sizes)
            fixed (ulong* valueSizes = scratch.ResultSizes)
            {
                int status = Raw.stave_memtable_multi_read(
                    handle.Pointer, keysData, keySizes, (UIntPtr)(uint)scratch.Count, snapshot,
                    transaction, scratch.Result, valueSizes, out IntPtr failure);
                Check(status, failure);
            }
        }

        private static ReadOutcome Outcome(bool exists, int deleted)
        {
            return exists ? ReadOutcome.Found
                : deleted != 0 ? ReadOutcome.Deleted : ReadOutcome.Absent;
        }
    }
}

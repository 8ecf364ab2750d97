using System;
using System.Buffers;
using System.Collections;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace Stave
{
    /// <summary>
    /// Reads of a memtable at one moment: a <see cref="MemtableSnapshot"/>, or a
    /// <see cref="MemtableTransaction"/>, which sees its own writes too.
    /// </summary>
    /// <remarks>
    /// <para>Enumerating visits every key that has a value then, in no particular order.</para>
    /// <para>Reads take no lock of the table and wait for no writer. The overloads that take arrays differ
    /// in one thing: a null array is an <see cref="ArgumentNullException"/> there, and an empty span
    /// here. After <see cref="Dispose"/>, or when the table is closed, every other method throws
    /// <see cref="ClosedException"/>.</para>
    /// </remarks>
    public abstract unsafe class MemtableView : IDisposable, IEnumerable<MemtableRecord>
    {
        private readonly struct ValueSource : IValueSource
        {
            private readonly MemtableView view;
            private readonly byte* key;
            private readonly int keySize;

            internal ValueSource(MemtableView view, byte* key, int keySize)
            {
                this.view = view;
                this.key = key;
                this.keySize = keySize;
            }

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public int Read(byte* data, int capacity, out long size, out IntPtr failure)
            {
                UIntPtr needed = UIntPtr.Zero;
                int status = view.Read(
                    key, (UIntPtr)(uint)keySize, data, (UIntPtr)(uint)capacity, &needed, out failure);
                size = (long)needed;
                return status;
            }
        }

        internal MemtableView()
        {
        }

        /// <summary>The timestamp it reads at: it sees the commits with lower ones.</summary>
        public abstract ulong Timestamp { get; }

        /// <inheritdoc cref="TryGet(ReadOnlySpan{byte}, out byte[])"/>
        public bool TryGet(byte[] key, out byte[] value)
        {
            Bytes.RefuseNull(key, nameof(key));
            fixed (byte* keyData = key)
            {
                return Reading.TryGet(new ValueSource(this, keyData, key.Length), out value);
            }
        }

        /// <summary>Reads the value into a fresh array.</summary>
        /// <param name="key">The key.</param>
        /// <param name="value">The value; null when there is no such key.</param>
        /// <returns>Whether the key exists.</returns>
        public bool TryGet(ReadOnlySpan<byte> key, out byte[] value)
        {
            fixed (byte* keyData = key)
            {
                return Reading.TryGet(new ValueSource(this, keyData, key.Length), out value);
            }
        }

        /// <inheritdoc cref="Get(ReadOnlySpan{byte})"/>
        public byte[] Get(byte[] key)
        {
            return Get(Bytes.Of(key, nameof(key)));
        }

        /// <summary>The value of a key that must exist, in a fresh array.</summary>
        /// <exception cref="NotFoundException">There is no such key.</exception>
        public byte[] Get(ReadOnlySpan<byte> key)
        {
            if (!TryGet(key, out byte[] value))
            {
                Reading.ThrowNotFound();
            }
            return value;
        }

        /// <inheritdoc cref="TryGet(ReadOnlySpan{byte}, Span{byte}, out int)"/>
        public bool TryGet(byte[] key, byte[] destination, out int size)
        {
            Bytes.RefuseNull(key, nameof(key));
            Bytes.RefuseNull(destination, nameof(destination));
            fixed (byte* keyData = key)
            fixed (byte* data = destination)
            {
                return Reading.TryGet(
                    new ValueSource(this, keyData, key.Length), data, destination.Length, out size);
            }
        }

        /// <inheritdoc cref="TryGet(ReadOnlySpan{byte}, Span{byte}, out int)"/>
        public bool TryGet(byte[] key, Span<byte> destination, out int size)
        {
            return TryGet(Bytes.Of(key, nameof(key)), destination, out size);
        }

        /// <summary>Copies the value into the caller's memory.</summary>
        /// <param name="key">The key.</param>
        /// <param name="destination">Where the value goes, from the beginning.</param>
        /// <param name="size">The value's size; 0 when there is no such key.</param>
        /// <returns>Whether the key exists.</returns>
        /// <exception cref="BufferTooSmallException">The value does not fit; nothing was
        /// copied.</exception>
        public bool TryGet(ReadOnlySpan<byte> key, Span<byte> destination, out int size)
        {
            fixed (byte* keyData = key)
            fixed (byte* data = destination)
            {
                return Reading.TryGet(
                    new ValueSource(this, keyData, key.Length), data, destination.Length, out size);
            }
        }

        /// <inheritdoc cref="TryGet(ReadOnlySpan{byte}, IBufferWriter{byte})"/>
        public bool TryGet(byte[] key, IBufferWriter<byte> writer)
        {
            return TryGet(Bytes.Of(key, nameof(key)), writer);
        }

        /// <summary>Writes the value to a writer, without an array in between.</summary>
        /// <returns>Whether the key exists; nothing is written if not.</returns>
        public bool TryGet(ReadOnlySpan<byte> key, IBufferWriter<byte> writer)
        {
            fixed (byte* keyData = key)
            {
                return Reading.TryGet(new ValueSource(this, keyData, key.Length), writer);
            }
        }

        /// <inheritdoc cref="TryGetPin(ReadOnlySpan{byte}, out Pin)"/>
        public bool TryGetPin(byte[] key, out Pin pin)
        {
            return TryGetPin(Bytes.Of(key, nameof(key)), out pin);
        }

        /// <summary>Hands out the value without copying it, unless it has 56 bytes or less.</summary>
        /// <param name="key">The key.</param>
        /// <param name="pin">The value, to be disposed of; null when there is no such key. It outlives the
        /// table.</param>
        /// <returns>Whether the key exists.</returns>
        public bool TryGetPin(ReadOnlySpan<byte> key, out Pin pin)
        {
            var pinHandle = new Handle(Handle.Pin);
            fixed (byte* keyData = key)
            {
                int status = ReadPin(
                    keyData, (UIntPtr)(uint)key.Length, pinHandle, out IntPtr failure);
                bool exists = Failures.Check(status, failure);
                pin = exists ? new Pin(pinHandle) : null;
                return exists;
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
                int status = Find(keyData, (UIntPtr)(uint)key.Length, out IntPtr failure);
                return Failures.Check(status, failure);
            }
        }

        /// <summary>The values of many keys in their order, null for the absent ones.</summary>
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

        /// <summary>A cursor over the keys that the options name, by default all, which stands before the
        /// first record.</summary>
        public abstract MemtableCursor OpenCursor(
            MemtableCursorOptions options = default(MemtableCursorOptions));

        /// <summary>All records, from a cursor of their own.</summary>
        public IEnumerator<MemtableRecord> GetEnumerator()
        {
            return OpenCursor().GetEnumerator();
        }

        IEnumerator IEnumerable.GetEnumerator()
        {
            return GetEnumerator();
        }

        /// <summary>Gives up the moment. Any number of times.</summary>
        public abstract void Dispose();

        // One native call each, which keep the native object alive until it has returned.

        internal abstract int Read(
            byte* key, UIntPtr keySize, byte* data, UIntPtr capacity, UIntPtr* size,
            out IntPtr failure);

        internal abstract int ReadPin(
            byte* key, UIntPtr keySize, Handle pin, out IntPtr failure);

        internal abstract int Find(byte* key, UIntPtr keySize, out IntPtr failure);

        internal abstract int ReadMany(
            byte* keys, uint* keySizes, UIntPtr count, NativeBuffer* values, ulong* valueSizes,
            out IntPtr failure);

        private void MultiGet(IEnumerable<byte[]> keys, Scratch scratch)
        {
            scratch.Join(keys, nameof(keys));
            scratch.ReserveResultSizes(scratch.Count);
            fixed (byte* keysData = scratch.Data)
            fixed (uint* keySizes = scratch.Sizes)
            fixed (ulong* valueSizes = scratch.ResultSizes)
            {
                int status = ReadMany(
                    keysData, keySizes, (UIntPtr)(uint)scratch.Count, scratch.Result, valueSizes,
                    out IntPtr failure);
                Failures.Check(status, failure);
            }
        }
    }
}

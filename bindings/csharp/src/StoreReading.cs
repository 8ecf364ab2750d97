using System;
using System.Buffers;
using System.Runtime.CompilerServices;

namespace Stave
{
    /// <content>Single reads, which never wait for the syncs of writers. The overloads that take arrays
    /// differ in one thing: a null array is an <see cref="ArgumentNullException"/> there, and an empty
    /// span here.</content>
    public sealed unsafe partial class Store
    {
        private readonly struct ValueSource : IValueSource
        {
            private readonly Handle handle;
            private readonly byte* key;
            private readonly int keySize;

            internal ValueSource(Handle handle, byte* key, int keySize)
            {
                this.handle = handle;
                this.key = key;
                this.keySize = keySize;
            }

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public int Read(byte* data, int capacity, out long size, out IntPtr failure)
            {
                UIntPtr needed = UIntPtr.Zero;
                int status = Raw.stave_store_get(
                    handle.Pointer, key, (UIntPtr)(uint)keySize, data, (UIntPtr)(uint)capacity,
                    &needed, out failure);
                GC.KeepAlive(handle);
                size = (long)needed;
                return status;
            }
        }

        /// <inheritdoc cref="TryGet(ReadOnlySpan{byte}, out byte[])"/>
        public bool TryGet(byte[] key, out byte[] value)
        {
            Bytes.RefuseNull(key, nameof(key));
            fixed (byte* keyData = key)
            {
                return Reading.TryGet(
                    new ValueSource(handle, keyData, key.Length), out value);
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
                return Reading.TryGet(
                    new ValueSource(handle, keyData, key.Length), out value);
            }
        }

        /// <inheritdoc cref="Get(ReadOnlySpan{byte})"/>
        public byte[] Get(byte[] key)
        {
            if (!TryGet(key, out byte[] value))
            {
                Reading.ThrowNotFound();
            }
            return value;
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
                    new ValueSource(handle, keyData, key.Length), data, destination.Length, out size);
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
                    new ValueSource(handle, keyData, key.Length), data, destination.Length, out size);
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
                return Reading.TryGet(new ValueSource(handle, keyData, key.Length), writer);
            }
        }

        /// <inheritdoc cref="TryGetPin(ReadOnlySpan{byte}, out Pin)"/>
        public bool TryGetPin(byte[] key, out Pin pin)
        {
            return TryGetPin(Bytes.Of(key, nameof(key)), out pin);
        }

        /// <summary>Hands out the value without copying it where that is possible.</summary>
        /// <param name="key">The key.</param>
        /// <param name="pin">The value, to be disposed of; null when there is no such key.</param>
        /// <returns>Whether the key exists.</returns>
        public bool TryGetPin(ReadOnlySpan<byte> key, out Pin pin)
        {
            var pinHandle = new Handle(Handle.Pin);
            fixed (byte* keyData = key)
            {
                int status = Raw.stave_store_get_pin(
                    handle.Pointer, keyData, (UIntPtr)(uint)key.Length, out pinHandle.Pointer,
                    out IntPtr failure);
                GC.KeepAlive(handle);
                bool exists = Failures.Check(status, failure);
                pin = exists ? new Pin(pinHandle) : null;
                return exists;
            }
        }

        /// <inheritdoc cref="Contains(ReadOnlySpan{byte})"/>
        public bool Contains(byte[] key)
        {
            Bytes.RefuseNull(key, nameof(key));
            fixed (byte* keyData = key)
            {
                return Contains(keyData, key.Length);
            }
        }

        /// <summary>Whether the key exists.</summary>
        public bool Contains(ReadOnlySpan<byte> key)
        {
            fixed (byte* keyData = key)
            {
                return Contains(keyData, key.Length);
            }
        }

        /// <inheritdoc cref="TryGetValueSize(ReadOnlySpan{byte}, out long)"/>
        public bool TryGetValueSize(byte[] key, out long size)
        {
            return TryGetValueSize(Bytes.Of(key, nameof(key)), out size);
        }

        /// <summary>The size of a value, which is not read.</summary>
        /// <param name="key">The key.</param>
        /// <param name="size">The number of bytes; 0 when there is no such key.</param>
        /// <returns>Whether the key exists.</returns>
        public bool TryGetValueSize(ReadOnlySpan<byte> key, out long size)
        {
            UIntPtr found = UIntPtr.Zero;
            fixed (byte* keyData = key)
            {
                int status = Raw.stave_store_value_size(
                    handle.Pointer, keyData, (UIntPtr)(uint)key.Length, &found,
                    out IntPtr failure);
                GC.KeepAlive(handle);
                bool exists = Failures.Check(status, failure);
                size = (long)found;
                return exists;
            }
        }

        /// <summary>The number of keys, with those that have expired and are not yet removed. Takes the
        /// same time however many there are.</summary>
        public long Count
        {
            get
            {
                ulong count;
                int status = Raw.stave_store_size(handle.Pointer, &count, out IntPtr failure);
                GC.KeepAlive(handle);
                Failures.Check(status, failure);
                return (long)count;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private bool Contains(byte* key, int keySize)
        {
            int status = Raw.stave_store_contains(
                handle.Pointer, key, (UIntPtr)(uint)keySize, out IntPtr failure);
            GC.KeepAlive(handle);
            return Failures.Check(status, failure);
        }
    }
}

using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;

namespace Stave
{
    /// <content>Reading.</content>
    public sealed unsafe partial class CowMap
    {
        private readonly struct ValueSource : IValueSource
        {
            private readonly Handle handle;
            private readonly long key;

            internal ValueSource(Handle handle, long key)
            {
                this.handle = handle;
                this.key = key;
            }

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public int Read(byte* data, int capacity, out long size, out IntPtr failure)
            {
                UIntPtr needed = UIntPtr.Zero;
                int status = Raw.stave_cow_map_get(
                    handle.Pointer, key, data, (UIntPtr)(uint)capacity, &needed, out failure);
                GC.KeepAlive(handle);
                size = (long)needed;
                return status;
            }
        }

        /// <summary>The value of a key that must exist, in a fresh array.</summary>
        /// <exception cref="NotFoundException">There is no such key.</exception>
        public byte[] this[long key]
        {
            get
            {
                if (!TryGetValue(key, out byte[] value))
                {
                    Reading.ThrowNotFound();
                }
                return value;
            }
        }

        /// <summary>Reads the value into a fresh array.</summary>
        /// <param name="key">The key.</param>
        /// <param name="value">The value; null when there is no such key.</param>
        /// <returns>Whether the key exists.</returns>
        public bool TryGetValue(long key, out byte[] value)
        {
            return Reading.TryGet(new ValueSource(handle, key), out value);
        }

        /// <inheritdoc cref="TryGetValue(long, Span{byte}, out int)"/>
        public bool TryGetValue(long key, byte[] destination, out int size)
        {
            Bytes.RefuseNull(destination, nameof(destination));
            fixed (byte* data = destination)
            {
                return Reading.TryGet(
                    new ValueSource(handle, key), data, destination.Length, out size);
            }
        }

        /// <summary>Copies the value into the caller's memory.</summary>
        /// <param name="key">The key.</param>
        /// <param name="destination">Where the value goes, from the beginning.</param>
        /// <param name="size">The value's size; 0 when there is no such key.</param>
        /// <returns>Whether the key exists.</returns>
        /// <exception cref="BufferTooSmallException">The value does not fit; nothing was
        /// copied.</exception>
        public bool TryGetValue(long key, Span<byte> destination, out int size)
        {
            fixed (byte* data = destination)
            {
                return Reading.TryGet(
                    new ValueSource(handle, key), data, destination.Length, out size);
            }
        }

        /// <summary>Writes the value to a writer, without an array in between.</summary>
        /// <returns>Whether the key exists; nothing is written if not.</returns>
        public bool TryGetValue(long key, IBufferWriter<byte> writer)
        {
            return Reading.TryGet(new ValueSource(handle, key), writer);
        }

        /// <summary>Hands out the value without copying it, unless it has 8 bytes or less.</summary>
        /// <param name="key">The key.</param>
        /// <param name="pin">The value, to be disposed of; null when there is no such key.</param>
        /// <returns>Whether the key exists.</returns>
        public bool TryGetPin(long key, out Pin pin)
        {
            var pinHandle = new Handle(Handle.Pin);
            int status = Raw.stave_cow_map_get_pin(
                handle.Pointer, key, out pinHandle.Pointer, out IntPtr failure);
            bool exists = Check(status, failure);
            pin = exists ? new Pin(pinHandle) : null;
            return exists;
        }

        /// <summary>Whether the key exists.</summary>
        public bool ContainsKey(long key)
        {
            int status = Raw.stave_cow_map_contains(handle.Pointer, key, out IntPtr failure);
            return Check(status, failure);
        }

        /// <summary>
        /// The values of many keys in their order, null for the absent ones. Each key is read atomically;
        /// for one moment of all, ask a clone.
        /// </summary>
        public byte[][] MultiGet(IEnumerable<long> keys)
        {
            using (Scratch scratch = Scratch.Take())
            {
                int count = MultiGet(keys, scratch);
                return Bytes.Split(scratch.Result->Data, scratch.ResultSizes, count);
            }
        }

        /// <summary>
        /// The same without an array for each value: for programs that make such calls again and again.
        /// </summary>
        /// <param name="keys">The keys; an array costs nothing.</param>
        /// <param name="values">Takes the values in the order of the keys; what it held is gone. It is
        /// empty after an exception.</param>
        /// <exception cref="OverflowException">The values together have more bytes than an array
        /// holds.</exception>
        public void MultiGet(IEnumerable<long> keys, ValueList values)
        {
            Arguments.RefuseNull(values, nameof(values));
            values.Clear();
            using (Scratch scratch = Scratch.Take())
            {
                int count = MultiGet(keys, scratch);
                values.Fill(scratch.Result, scratch.ResultSizes, count);
            }
        }

        // The number of the keys.
        private int MultiGet(IEnumerable<long> keys, Scratch scratch)
        {
            Arguments.RefuseNull(keys, nameof(keys));
            long[] array = keys as long[] ?? keys.ToArray();
            scratch.ReserveResultSizes(array.Length);
            fixed (long* keysData = array)
            fixed (ulong* valueSizes = scratch.ResultSizes)
            {
                int status = Raw.stave_cow_map_multi_get(
                    handle.Pointer, keysData, (UIntPtr)(uint)array.Length, scratch.Result, valueSizes,
                    out IntPtr failure);
                Check(status, failure);
            }
            return array.Length;
        }
    }
}

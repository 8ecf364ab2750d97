using System;
using System.Buffers;
using System.Runtime.CompilerServices;

namespace Stave
{
    // One value that a native call copies into memory, which answers BUFFER_TOO_SMALL and the size that
    // is needed when it does not fit. A struct for each such call, so that the compiler makes code of its
    // own for it.
    internal unsafe interface IValueSource
    {
        // Keeps the owner of the native object alive until the call has returned.
        int Read(byte* data, int capacity, out long size, out IntPtr failure);
    }

    // The ways to read a value, which all families have.
    internal static unsafe class Reading
    {
        // A value of at most this size is read with one crossing, and copied once more.
        private const int SmallSize = 512;

        // Into a fresh array; null when there is no such key.
#if NET
        [SkipLocalsInit]
#endif
        internal static bool TryGet<TSource>(TSource source, out byte[] value)
            where TSource : struct, IValueSource
        {
            byte* small = stackalloc byte[SmallSize];
            int status = source.Read(small, SmallSize, out long size, out IntPtr failure);
            if (status != Constants.STAVE_BUFFER_TOO_SMALL)
            {
                bool exists = Failures.Check(status, failure);
                value = exists ? Bytes.Copy(small, size) : null;
                return exists;
            }
            return TryGetLarge(source, size, failure, out value);
        }

        // Into the caller's memory.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static bool TryGet<TSource>(
            TSource source, byte* data, int capacity, out int size)
            where TSource : struct, IValueSource
        {
            int status = source.Read(data, capacity, out long needed, out IntPtr failure);
            if (status == Constants.STAVE_BUFFER_TOO_SMALL)
            {
                ThrowTooSmall(failure, needed);
            }
            size = (int)needed;
            return Failures.Check(status, failure);
        }

        // To a writer, without an array in between.
        internal static bool TryGet<TSource>(TSource source, IBufferWriter<byte> writer)
            where TSource : struct, IValueSource
        {
            Arguments.RefuseNull(writer, nameof(writer));
            int hint = 0;
            for (;;)
            {
                Span<byte> destination = writer.GetSpan(hint);
                int status;
                long size;
                IntPtr failure;
                fixed (byte* data = destination)
                {
                    status = source.Read(data, destination.Length, out size, out failure);
                }
                if (status != Constants.STAVE_BUFFER_TOO_SMALL)
                {
                    bool exists = Failures.Check(status, failure);
                    writer.Advance((int)size);
                    return exists;
                }
                Raw.stave_csharp_free_error(failure);
                hint = (int)size;
            }
        }

        internal static void ThrowNotFound()
        {
            throw StaveException.Create(
                StaveStatus.NotFound, StaveLibrary.StatusMessage(Constants.STAVE_NOT_FOUND), 0);
        }

        // Grows until the value fits: another writer may change it between two tries.
        private static bool TryGetLarge<TSource>(
            TSource source, long size, IntPtr failure, out byte[] value)
            where TSource : struct, IValueSource
        {
            for (;;)
            {
                Raw.stave_csharp_free_error(failure);
                value = Bytes.NewArray((int)size);
                int status;
                fixed (byte* data = value)
                {
                    status = source.Read(data, value.Length, out size, out failure);
                }
                if (status == Constants.STAVE_BUFFER_TOO_SMALL)
                {
                    continue;
                }
                bool exists = Failures.Check(status, failure);
                if (!exists)
                {
                    value = null;
                }
                else if (size < value.Length)
                {
                    Array.Resize(ref value, (int)size);
                }
                return exists;
            }
        }

        private static void ThrowTooSmall(IntPtr failure, long needed)
        {
            throw new BufferTooSmallException(
                Failures.TakeMessage(Constants.STAVE_BUFFER_TOO_SMALL, failure, out _), needed);
        }
    }
}

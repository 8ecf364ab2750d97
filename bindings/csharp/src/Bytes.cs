using System;
using System.Runtime.CompilerServices;

namespace Stave
{
    // Arguments that are bytes, and arrays for results.
    internal static unsafe class Bytes
    {
        // A conversion would take a null array for an empty span.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static ReadOnlySpan<byte> Of(byte[] array, string parameter)
        {
            if (array == null)
            {
                ThrowNull(parameter);
            }
            return new ReadOnlySpan<byte>(array);
        }

        internal static void ThrowNull(string parameter)
        {
            throw new ArgumentNullException(parameter);
        }

        // Of a size that is known to fit an array.
        internal static byte[] Copy(byte* data, long size)
        {
            byte[] copy = NewArray((int)size);
            new ReadOnlySpan<byte>(data, (int)size).CopyTo(copy);
            return copy;
        }

        // Every byte will be overwritten.
        internal static byte[] NewArray(int size)
        {
            if (size == 0)
            {
                return Array.Empty<byte>();
            }
#if NET
            return GC.AllocateUninitializedArray<byte>(size);
#else
            return new byte[size];
#endif
        }
    }
}

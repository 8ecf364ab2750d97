using System;
using System.Runtime.CompilerServices;

namespace Stave
{
    // Arguments that are bytes, and arrays for results.
    internal static unsafe class Bytes
    {
        // As sizes of values; all others are smaller.
        internal const ulong Absent = ulong.MaxValue; // STAVE_ABSENT
        internal const ulong Tombstone = ulong.MaxValue - 1; // STAVE_TOMBSTONE

#if !NET
        // Up to this size Mono is quicker by hand than with what its library does around a copy.
        private const int MovedByHand = 128;

#endif
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

        // In front of `fixed`, which would take a null array for an empty one.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static void RefuseNull(byte[] array, string parameter)
        {
            if (array == null)
            {
                ThrowNull(parameter);
            }
        }

        // Of a size that is known to fit an array.
        internal static byte[] Copy(byte* data, long size)
        {
            byte[] copy = NewArray((int)size);
            fixed (byte* target = copy)
            {
                Move(data, target, (int)size);
            }
            return copy;
        }

        internal static byte[] Copy(NativeBuffer* buffer)
        {
            return Copy(buffer->Data, checked((int)buffer->Size));
        }

        // The content of the array becomes that of the buffer.
        internal static void Fill(NativeBuffer* buffer, byte[] content)
        {
            int status = Raw.stave_buffer_resize(
                buffer, (UIntPtr)(uint)content.Length, out IntPtr failure);
            Failures.Check(status, failure);
            fixed (byte* data = content)
            {
                Move(data, buffer->Data, content.Length);
            }
        }

        // The values that stand one behind the other; null for those that are absent or removed.
        internal static byte[][] Split(byte* data, ulong[] sizes, int count)
        {
            var values = new byte[count][];
            for (int i = 0; i < count; i++)
            {
                if (sizes[i] < Tombstone)
                {
                    values[i] = Copy(data, (long)sizes[i]);
                    data += sizes[i];
                }
            }
            return values;
        }

        // Between places that do not overlap.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static void Move(byte* source, byte* target, int size)
        {
#if NET
            Unsafe.CopyBlockUnaligned(target, source, (uint)size);
#else
            if (size > MovedByHand)
            {
                Buffer.MemoryCopy(source, target, size, size);
                return;
            }
            for (; size >= sizeof(ulong); size -= sizeof(ulong))
            {
                *(ulong*)target = *(ulong*)source;
                target += sizeof(ulong);
                source += sizeof(ulong);
            }
            for (; size > 0; size--)
            {
                *target++ = *source++;
            }
#endif
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

        private static void ThrowNull(string parameter)
        {
            throw new ArgumentNullException(parameter);
        }
    }
}

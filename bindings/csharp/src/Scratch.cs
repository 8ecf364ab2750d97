using System;
using System.Collections.Generic;
using System.Runtime.ConstrainedExecution;
using System.Runtime.InteropServices;

namespace Stave
{
    // Memory for one call with many keys: byte arrays one behind the other and their sizes, as the C
    // interface takes them, and room for what it answers. Each thread keeps one for its next call,
    // unless it grew large.
    internal sealed unsafe class Scratch : CriticalFinalizerObject, IDisposable
    {
        private const int ArraySizeMax = 0x7FFFFFC7; // of any array of bytes
        private const int KeptBytesMax = 1 << 20;
        private const int KeptCountMax = 1 << 14;

        [ThreadStatic]
        private static Scratch kept;

        // Longer than the content.
        internal byte[] Data = new byte[4096];
        internal uint[] Sizes = new uint[128];
        internal ulong[] ResultSizes = new ulong[128];
        internal int Count; // of the arrays that were joined
        internal NativeBuffer* Result;

        private Scratch()
        {
            Result = (NativeBuffer*)Marshal.AllocHGlobal(sizeof(NativeBuffer));
            Raw.stave_buffer_init(Result);
        }

        ~Scratch()
        {
            Release();
        }

        // Taken, not shared: enumerating the caller's keys may run code that makes calls of its own.
        internal static Scratch Take()
        {
            Scratch taken = kept;
            kept = null;
            return taken ?? new Scratch();
        }

        public void Dispose()
        {
            bool isLarge = (ulong)Result->Capacity > KeptBytesMax || Data.Length > KeptBytesMax ||
                ResultSizes.Length > KeptCountMax || Sizes.Length > KeptCountMax;
            if (isLarge)
            {
                Release();
                GC.SuppressFinalize(this);
                return;
            }
            kept = this;
        }

        // Each array is looked at once, so that what is measured is what is copied, whatever other
        // threads do to the collection meanwhile.
        internal void Join(IEnumerable<byte[]> parts, string parameter)
        {
            if (parts == null)
            {
                throw new ArgumentNullException(parameter);
            }
            Count = 0;
            int end = 0;
            if (parts is byte[][] array)
            {
                for (int i = 0; i < array.Length; i++)
                {
                    end = Add(array[i], end, parameter);
                }
                return;
            }
            if (parts is IList<byte[]> list)
            {
                int count = list.Count;
                for (int i = 0; i < count; i++)
                {
                    end = Add(list[i], end, parameter);
                }
                return;
            }
            foreach (byte[] part in parts)
            {
                end = Add(part, end, parameter);
            }
        }

        // Room for so many sizes.
        internal void ReserveResultSizes(int count)
        {
            if (ResultSizes.Length < count)
            {
                ResultSizes = new ulong[count];
            }
        }

        // The end of what is joined so far with this part.
        private int Add(byte[] part, int end, string parameter)
        {
            if (part == null)
            {
                throw new ArgumentException("element " + Count + " is null", parameter);
            }
            int size = part.Length;
            if (size > Data.Length - end)
            {
                GrowData((long)end + size, parameter);
            }
            if (Count == Sizes.Length)
            {
                Array.Resize(ref Sizes, 2 * Count);
            }
            fixed (byte* source = part)
            fixed (byte* target = Data)
            {
                Bytes.Move(source, target + end, size);
            }
            Sizes[Count++] = (uint)size;
            return end + size;
        }

        private void GrowData(long needed, string parameter)
        {
            if (needed > ArraySizeMax)
            {
                throw StaveException.Create(
                    StaveStatus.TooLarge, parameter + " have more bytes than one call takes", 0);
            }
            Array.Resize(ref Data, (int)Math.Min(ArraySizeMax, Math.Max(needed, 2L * Data.Length)));
        }

        private void Release()
        {
            Raw.stave_buffer_free(Result);
            Marshal.FreeHGlobal((IntPtr)Result);
        }
    }
}

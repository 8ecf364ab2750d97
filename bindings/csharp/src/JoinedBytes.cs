using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;

namespace Stave
{
    // Many arrays one behind the other and their sizes, as the calls with many keys take them.
    internal sealed class JoinedBytes : IDisposable
    {
        private const int SizeMax = 0x7FFFFFC7; // of any array of bytes

        // From the pool, so longer than the content; both are fixed for the call.
        internal readonly byte[] Data;
        internal readonly uint[] Sizes;
        internal readonly int Count;

        internal JoinedBytes(IEnumerable<byte[]> parts, string parameter)
        {
            if (parts == null)
            {
                throw new ArgumentNullException(parameter);
            }
            // A copy, so that what is measured is what is copied, whatever others do meanwhile.
            byte[][] all = Enumerable.ToArray(parts);
            Count = all.Length;
            Sizes = new uint[Count];
            long total = 0;
            for (int i = 0; i < Count; i++)
            {
                byte[] part = all[i];
                if (part == null)
                {
                    throw new ArgumentException("element " + i + " is null", parameter);
                }
                Sizes[i] = (uint)part.Length;
                total += part.Length;
            }
            if (total > SizeMax)
            {
                throw StaveException.Create(
                    StaveStatus.TooLarge, parameter + " have more bytes than one call takes", 0);
            }
            Data = ArrayPool<byte>.Shared.Rent((int)total);
            int position = 0;
            for (int i = 0; i < Count; i++)
            {
                Buffer.BlockCopy(all[i], 0, Data, position, all[i].Length);
                position += all[i].Length;
            }
        }

        public void Dispose()
        {
            ArrayPool<byte>.Shared.Return(Data);
        }
    }
}

using System;

namespace Stave
{
    /// <summary>
    /// The values of a call with many keys, in one piece of memory that the next call reuses: see
    /// <see cref="Store.MultiGet(System.Collections.Generic.IEnumerable{byte[]}, ValueList)"/>.
    /// </summary>
    /// <remarks>Thread safety: one thread at a time.</remarks>
    public sealed unsafe class ValueList
    {
        private byte[] data = new byte[0];
        // Value i ends at ends[i + 1], where the next one begins; if the key is absent or removed, that is
        // the complement of the position, which is negative.
        private int[] ends = new int[1];
        private bool[] deleted; // null when no key is removed

        /// <summary>The number of keys of the last call.</summary>
        public int Count { get; private set; }

        /// <summary>
        /// The value of a key by its position in the call; empty when the key is absent. Valid until the
        /// list's next call.
        /// </summary>
        /// <exception cref="ArgumentOutOfRangeException">There is no such position.</exception>
        public ReadOnlySpan<byte> Get(int index)
        {
            Check(index);
            int start = Position(ends[index]);
            return new ReadOnlySpan<byte>(data, start, Position(ends[index + 1]) - start);
        }

        /// <summary>Whether the key at this position of the call exists.</summary>
        /// <exception cref="ArgumentOutOfRangeException">There is no such position.</exception>
        public bool Exists(int index)
        {
            Check(index);
            return ends[index + 1] >= 0;
        }

        /// <summary>Whether the key at this position of the call has a tombstone instead of a value: see
        /// <see cref="ReadOutcome.Deleted"/>.</summary>
        /// <exception cref="ArgumentOutOfRangeException">There is no such position.</exception>
        public bool IsDeleted(int index)
        {
            Check(index);
            return deleted != null && deleted[index];
        }

        internal void Clear()
        {
            Count = 0;
        }

        internal void Fill(NativeBuffer* values, ulong[] sizes, int count)
        {
            int size = checked((int)values->Size);
            // Local: what is checked is what is written to, whatever another thread does by mistake.
            byte[] bytes = data;
            if (bytes.Length < size)
            {
                bytes = Bytes.NewArray(size);
            }
            int[] to = ends.Length <= count ? new int[count + 1] : ends;
            fixed (byte* target = bytes)
            {
                Bytes.Move(values->Data, target, size);
            }
            int end = 0;
            bool[] tombstones = null;
            for (int i = 0; i < count; i++)
            {
                ulong valueSize = sizes[i];
                if (valueSize >= Bytes.Tombstone)
                {
                    to[i + 1] = ~end;
                    if (valueSize == Bytes.Tombstone)
                    {
                        tombstones = tombstones ?? new bool[count];
                        tombstones[i] = true;
                    }
                    continue;
                }
                end += (int)valueSize;
                to[i + 1] = end;
            }
            data = bytes;
            ends = to;
            deleted = tombstones;
            Count = count;
        }

        private static int Position(int end)
        {
            return end < 0 ? ~end : end;
        }

        private void Check(int index)
        {
            if ((uint)index >= (uint)Count)
            {
                throw new ArgumentOutOfRangeException(nameof(index));
            }
        }
    }
}

using System;
using System.Collections.Generic;

namespace Stave
{
    // A load that takes its records from an enumerator.
    internal sealed unsafe class SourceCall : CallbackCall
    {
        // Static, so that it is never garbage while native code has its address.
        internal static readonly NativeSource Function = Fill;

        private readonly IEnumerator<KeyValuePair<byte[], byte[]>> records;
        private readonly int recordSize;

        internal SourceCall(IEnumerator<KeyValuePair<byte[], byte[]>> records, int recordSize)
        {
            this.records = records;
            this.recordSize = recordSize;
        }

        private static int Fill(
            IntPtr context, byte* keys, byte* records, UIntPtr countMax, UIntPtr* count)
        {
            var call = Of<SourceCall>(context);
            try
            {
                ulong filled = 0;
                for (; filled < (ulong)countMax && call.records.MoveNext(); filled++)
                {
                    KeyValuePair<byte[], byte[]> next = call.records.Current;
                    Put(next.Key, keys + filled * DiskIndex.KeySize, DiskIndex.KeySize);
                    Put(next.Value, records + filled * (ulong)call.recordSize, call.recordSize);
                }
                *count = (UIntPtr)filled;
                return Constants.STAVE_OK;
            }
            catch (Exception exception)
            {
                *count = UIntPtr.Zero;
                return call.Keep(exception);
            }
        }

        private static void Put(byte[] bytes, byte* target, int size)
        {
            if (bytes == null || bytes.Length != size)
            {
                throw StaveException.Create(StaveStatus.InvalidArgument,
                    "a key or a record of the source has a wrong size", 0);
            }
            fixed (byte* source = bytes)
            {
                Bytes.Move(source, target, size);
            }
        }
    }
}

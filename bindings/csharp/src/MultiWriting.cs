using System;
using System.Collections.Generic;
using System.Linq;

namespace Stave
{
    // Writes of many keys of a memtable, one after the other, in one call.
    internal static unsafe class MultiWriting
    {
        private static readonly byte[] NoBytes = new byte[0];

        internal delegate int Call(
            byte* keys, uint* keySizes, byte* values, ulong* valueSizes, UIntPtr count,
            UIntPtr* written, out IntPtr failure);

        // How many were written: all, or the exception says it.
        internal static long Run(IEnumerable<MemtableRecord> records, Call call)
        {
            Arguments.RefuseNull(records, nameof(records));
            MemtableRecord[] all = records.ToArray();
            using (Scratch keys = Scratch.Take())
            using (Scratch values = Scratch.Take())
            {
                keys.Join(Array.ConvertAll(all, record => record.Key), nameof(records));
                values.Join(Array.ConvertAll(all, record => record.Value ?? NoBytes), nameof(records));
                ulong[] sizes = Array.ConvertAll(
                    all, record => record.IsDeleted ? Bytes.Tombstone : (ulong)record.Value.Length);
                fixed (byte* keysData = keys.Data)
                fixed (uint* keySizes = keys.Sizes)
                fixed (byte* valuesData = values.Data)
                fixed (ulong* valueSizes = sizes)
                {
                    UIntPtr written = UIntPtr.Zero;
                    int status = call(keysData, keySizes, valuesData, valueSizes,
                        (UIntPtr)(uint)all.Length, &written, out IntPtr failure);
                    if (status != Constants.STAVE_OK)
                    {
                        StaveException exception = Failures.Take(status, failure);
                        exception.Written = (long)written;
                        throw exception;
                    }
                    return (long)written;
                }
            }
        }
    }
}

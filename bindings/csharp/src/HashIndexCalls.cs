using System;
using System.Runtime.CompilerServices;

namespace Stave
{
    /// <content>The crossings of the calls on one key; without a hash the library computes it.</content>
    public sealed unsafe partial class HashIndex
    {
        private bool PutCore(byte* key, int size, ulong? hash, ulong value, out ulong previous)
        {
            ulong replaced = 0;
            byte existed = 0;
            int status = hash.HasValue
                ? Raw.stave_index_put_hashed(handle.Pointer, key, (UIntPtr)(uint)size, hash.Value,
                    value, &replaced, &existed, out IntPtr failure)
                : Raw.stave_index_put(handle.Pointer, key, (UIntPtr)(uint)size, value, &replaced,
                    &existed, out failure);
            Check(status, failure);
            previous = replaced;
            return existed != 0;
        }

        private bool InsertCore(byte* key, int size, ulong? hash, ulong value, out ulong existing)
        {
            ulong there = 0;
            int status = hash.HasValue
                ? Raw.stave_index_insert_hashed(handle.Pointer, key, (UIntPtr)(uint)size, hash.Value,
                    value, &there, out IntPtr failure)
                : Raw.stave_index_insert(handle.Pointer, key, (UIntPtr)(uint)size, value, &there,
                    out failure);
            bool stored = Check(status, failure);
            existing = there;
            return stored;
        }

        private SwapOutcome SwapCore(
            byte* key, int size, ulong? hash, ulong expected, ulong desired, out ulong actual)
        {
            ulong other = 0;
            int status = hash.HasValue
                ? Raw.stave_index_compare_and_swap_hashed(handle.Pointer, key, (UIntPtr)(uint)size,
                    hash.Value, expected, desired, &other, out IntPtr failure)
                : Raw.stave_index_compare_and_swap(handle.Pointer, key, (UIntPtr)(uint)size, expected,
                    desired, &other, out failure);
            return Outcome(status, failure, expected, other, out actual);
        }

        private bool TryGetCore(byte* key, int size, ulong? hash, out ulong value)
        {
            ulong found = 0;
            int status = hash.HasValue
                ? Raw.stave_index_get_hashed(handle.Pointer, key, (UIntPtr)(uint)size, hash.Value,
                    &found, out IntPtr failure)
                : Raw.stave_index_get(handle.Pointer, key, (UIntPtr)(uint)size, &found, out failure);
            bool exists = Check(status, failure);
            value = found;
            return exists;
        }

        private bool ContainsCore(byte* key, int size, ulong? hash)
        {
            int status = hash.HasValue
                ? Raw.stave_index_contains_hashed(handle.Pointer, key, (UIntPtr)(uint)size,
                    hash.Value, out IntPtr failure)
                : Raw.stave_index_contains(handle.Pointer, key, (UIntPtr)(uint)size, out failure);
            return Check(status, failure);
        }

        private bool RemoveCore(byte* key, int size, ulong? hash, out ulong previous)
        {
            ulong removed = 0;
            int status = hash.HasValue
                ? Raw.stave_index_remove_hashed(handle.Pointer, key, (UIntPtr)(uint)size, hash.Value,
                    &removed, out IntPtr failure)
                : Raw.stave_index_remove(handle.Pointer, key, (UIntPtr)(uint)size, &removed,
                    out failure);
            bool existed = Check(status, failure);
            previous = removed;
            return existed;
        }

        private SwapOutcome RemoveIfCore(
            byte* key, int size, ulong? hash, ulong expected, out ulong actual)
        {
            ulong other = 0;
            int status = hash.HasValue
                ? Raw.stave_index_remove_if_hashed(handle.Pointer, key, (UIntPtr)(uint)size,
                    hash.Value, expected, &other, out IntPtr failure)
                : Raw.stave_index_remove_if(handle.Pointer, key, (UIntPtr)(uint)size, expected,
                    &other, out failure);
            return Outcome(status, failure, expected, other, out actual);
        }

        private SwapOutcome Outcome(
            int status, IntPtr failure, ulong expected, ulong other, out ulong actual)
        {
            bool done = Check(status, failure);
            actual = done ? expected : other;
            return done ? SwapOutcome.Done
                : status == Constants.STAVE_MISMATCH ? SwapOutcome.Mismatch : SwapOutcome.Absent;
        }

        // At the end of every call: keeps the index and its resolver alive until here.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private bool Check(int status, IntPtr failure)
        {
            GC.KeepAlive(handle);
            GC.KeepAlive(resolver);
            if (status == HashIndexResolver.ThrownStatus)
            {
                HashIndexResolver.Rethrow(failure);
            }
            return Failures.Check(status, failure);
        }
    }
}

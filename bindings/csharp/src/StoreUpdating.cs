using System;

namespace Stave
{
    /// <content>Writes that rest on the present value of a key. Each is one step: no other write comes
    /// between finding out the value and replacing it. They read the value: the exceptions are those of
    /// writes and of reads.</content>
    public sealed unsafe partial class Store
    {
        /// <inheritdoc cref="CompareAndSwap(ReadOnlySpan{byte}, ReadOnlySpan{byte}, ReadOnlySpan{byte}, WriteOptions)"/>
        public SwapOutcome CompareAndSwap(
            byte[] key, byte[] expected, byte[] desired,
            WriteOptions options = default(WriteOptions))
        {
            return CompareAndSwap(
                Bytes.Of(key, nameof(key)), Bytes.Of(expected, nameof(expected)),
                Bytes.Of(desired, nameof(desired)), options);
        }

        /// <summary>Replaces the value if it is the expected one.</summary>
        /// <param name="key">The key.</param>
        /// <param name="expected">The value that the key should have.</param>
        /// <param name="desired">The value that it gets.</param>
        /// <param name="options">How it is written.</param>
        /// <exception cref="StaveException">As of writes and reads.</exception>
        public SwapOutcome CompareAndSwap(
            ReadOnlySpan<byte> key, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> desired,
            WriteOptions options = default(WriteOptions))
        {
            fixed (byte* keyData = key)
            fixed (byte* expectedData = expected)
            fixed (byte* desiredData = desired)
            {
                int status = Raw.stave_store_compare_and_swap(
                    handle.Pointer, keyData, (UIntPtr)(uint)key.Length, expectedData,
                    (UIntPtr)(uint)expected.Length, desiredData, (UIntPtr)(uint)desired.Length,
                    WriteOptions.Native(&options), out IntPtr failure);
                GC.KeepAlive(handle);
                return Failures.Check(status, failure) ? SwapOutcome.Done
                    : status == Constants.STAVE_MISMATCH ? SwapOutcome.Mismatch
                    : SwapOutcome.Absent;
            }
        }

        /// <inheritdoc cref="Update(ReadOnlySpan{byte}, Func{byte[], byte[]}, WriteOptions)"/>
        public bool Update(
            byte[] key, Func<byte[], byte[]> edit, WriteOptions options = default(WriteOptions))
        {
            return Update(Bytes.Of(key, nameof(key)), edit, options);
        }

        /// <summary>Lets a callback change the value of a key.</summary>
        /// <param name="key">The key.</param>
        /// <param name="edit">Is given the value, in an array of its own, which it may change and return;
        /// what it returns is stored. Called at most once, and not when the key is absent. It runs while
        /// other writers of the key's shard wait, so it should be short. It may read the store; what
        /// writes to the store or closes it throws <see cref="BusyException"/>. An exception that it
        /// throws comes out of this call unchanged, and nothing is changed.</param>
        /// <param name="options">How it is written.</param>
        /// <returns>Whether the key exists.</returns>
        /// <exception cref="InvalidOperationException">The callback returned null.</exception>
        /// <exception cref="StaveException">As of writes and reads.</exception>
        public bool Update(
            ReadOnlySpan<byte> key, Func<byte[], byte[]> edit,
            WriteOptions options = default(WriteOptions))
        {
            return Edit(key, edit, false, null, &options);
        }

        /// <inheritdoc cref="Update(ReadOnlySpan{byte}, Func{byte[], byte[]}, out byte[], WriteOptions)"/>
        public bool Update(
            byte[] key, Func<byte[], byte[]> edit, out byte[] updated,
            WriteOptions options = default(WriteOptions))
        {
            return Update(Bytes.Of(key, nameof(key)), edit, out updated, options);
        }

        /// <summary>Lets a callback change the value of a key, and returns what became of it.</summary>
        /// <param name="key">The key.</param>
        /// <param name="edit">As that of
        /// <see cref="Update(byte[], Func{byte[], byte[]}, WriteOptions)"/>.</param>
        /// <param name="updated">The value that the key has now; null when it is absent.</param>
        /// <param name="options">How it is written.</param>
        /// <returns>Whether the key exists.</returns>
        /// <exception cref="InvalidOperationException">The callback returned null.</exception>
        /// <exception cref="StaveException">As of writes and reads.</exception>
        public bool Update(
            ReadOnlySpan<byte> key, Func<byte[], byte[]> edit, out byte[] updated,
            WriteOptions options = default(WriteOptions))
        {
            using (Scratch scratch = Scratch.Take())
            {
                bool exists = Edit(key, edit, false, scratch.Result, &options);
                updated = exists ? Bytes.Copy(scratch.Result) : null;
                return exists;
            }
        }

        /// <inheritdoc cref="FetchUpdate(ReadOnlySpan{byte}, Func{byte[], byte[]}, out byte[], WriteOptions)"/>
        public bool FetchUpdate(
            byte[] key, Func<byte[], byte[]> edit, out byte[] previous,
            WriteOptions options = default(WriteOptions))
        {
            return FetchUpdate(Bytes.Of(key, nameof(key)), edit, out previous, options);
        }

        /// <summary>Lets a callback change the value of a key, and returns what it was
        /// before.</summary>
        /// <param name="key">The key.</param>
        /// <param name="edit">As that of
        /// <see cref="Update(byte[], Func{byte[], byte[]}, WriteOptions)"/>.</param>
        /// <param name="previous">The value that the key had; null when it is absent.</param>
        /// <param name="options">How it is written.</param>
        /// <returns>Whether the key exists.</returns>
        /// <exception cref="InvalidOperationException">The callback returned null.</exception>
        /// <exception cref="StaveException">As of writes and reads.</exception>
        public bool FetchUpdate(
            ReadOnlySpan<byte> key, Func<byte[], byte[]> edit, out byte[] previous,
            WriteOptions options = default(WriteOptions))
        {
            using (Scratch scratch = Scratch.Take())
            {
                bool existed = Edit(key, edit, true, scratch.Result, &options);
                previous = existed ? Bytes.Copy(scratch.Result) : null;
                return existed;
            }
        }

        /// <inheritdoc cref="Exchange(ReadOnlySpan{byte}, ReadOnlySpan{byte}, out byte[], WriteOptions)"/>
        public bool Exchange(
            byte[] key, byte[] value, out byte[] previous,
            WriteOptions options = default(WriteOptions))
        {
            return Exchange(
                Bytes.Of(key, nameof(key)), Bytes.Of(value, nameof(value)), out previous, options);
        }

        /// <summary>Stores the value, whether or not the key exists.</summary>
        /// <param name="key">The key.</param>
        /// <param name="value">The new value.</param>
        /// <param name="previous">The value that was replaced; null when there was none.</param>
        /// <param name="options">How it is written.</param>
        /// <returns>Whether the key existed.</returns>
        /// <exception cref="StaveException">As of writes and reads.</exception>
        public bool Exchange(
            ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, out byte[] previous,
            WriteOptions options = default(WriteOptions))
        {
            using (Scratch scratch = Scratch.Take())
            fixed (byte* keyData = key)
            fixed (byte* valueData = value)
            {
                byte existed = 0;
                int status = Raw.stave_store_exchange(
                    handle.Pointer, keyData, (UIntPtr)(uint)key.Length, valueData,
                    (UIntPtr)(uint)value.Length, scratch.Result, &existed,
                    WriteOptions.Native(&options), out IntPtr failure);
                GC.KeepAlive(handle);
                Failures.Check(status, failure);
                previous = existed != 0 ? Bytes.Copy(scratch.Result) : null;
                return existed != 0;
            }
        }

        private bool Edit(
            ReadOnlySpan<byte> key, Func<byte[], byte[]> edit, bool wantsPrevious,
            NativeBuffer* result, WriteOptions* options)
        {
            Arguments.RefuseNull(edit, nameof(edit));
            using (var call = new EditCall(edit))
            fixed (byte* keyData = key)
            {
                int status = wantsPrevious
                    ? Raw.stave_store_fetch_update(handle.Pointer, keyData,
                        (UIntPtr)(uint)key.Length, EditCall.Function, call.Context, result,
                        WriteOptions.Native(options), out IntPtr failure)
                    : Raw.stave_store_update(handle.Pointer, keyData, (UIntPtr)(uint)key.Length,
                        EditCall.Function, call.Context, result, WriteOptions.Native(options),
                        out failure);
                GC.KeepAlive(handle);
                return call.Check(status, failure);
            }
        }
    }
}

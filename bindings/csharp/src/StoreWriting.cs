using System;
using System.Runtime.CompilerServices;

namespace Stave
{
    /// <content>Single writes. The overloads that take arrays differ in one thing: a null array is an
    /// <see cref="ArgumentNullException"/> there, and an empty span here.</content>
    public sealed unsafe partial class Store
    {
        /// <inheritdoc cref="Put(ReadOnlySpan{byte}, ReadOnlySpan{byte}, WriteOptions)"/>
        public void Put(byte[] key, byte[] value, WriteOptions options = default(WriteOptions))
        {
            Bytes.RefuseNull(key, nameof(key));
            Bytes.RefuseNull(value, nameof(value));
            fixed (byte* keyData = key)
            fixed (byte* valueData = value)
            {
                Put(keyData, key.Length, valueData, value.Length, options);
            }
        }

        /// <summary>Stores the value, whether or not the key exists.</summary>
        /// <exception cref="TooLargeException">A limit is exceeded.</exception>
        /// <exception cref="ReadOnlyException">The store was opened for reading only.</exception>
        /// <exception cref="NoSpaceException">Nothing is written; writes succeed again when there is
        /// space.</exception>
        /// <exception cref="InputOutputException">See the remarks of <see cref="Store"/>.</exception>
        public void Put(
            ReadOnlySpan<byte> key, ReadOnlySpan<byte> value,
            WriteOptions options = default(WriteOptions))
        {
            fixed (byte* keyData = key)
            fixed (byte* valueData = value)
            {
                Put(keyData, key.Length, valueData, value.Length, options);
            }
        }

        /// <inheritdoc cref="Insert(ReadOnlySpan{byte}, ReadOnlySpan{byte}, WriteOptions)"/>
        public bool Insert(byte[] key, byte[] value, WriteOptions options = default(WriteOptions))
        {
            Bytes.RefuseNull(key, nameof(key));
            Bytes.RefuseNull(value, nameof(value));
            fixed (byte* keyData = key)
            fixed (byte* valueData = value)
            {
                return Insert(keyData, key.Length, valueData, value.Length, options);
            }
        }

        /// <summary>Stores the value if the key is absent.</summary>
        /// <returns>False when the key exists: nothing was written.</returns>
        /// <exception cref="StaveException">As of
        /// <see cref="Put(ReadOnlySpan{byte}, ReadOnlySpan{byte}, WriteOptions)"/>.</exception>
        public bool Insert(
            ReadOnlySpan<byte> key, ReadOnlySpan<byte> value,
            WriteOptions options = default(WriteOptions))
        {
            fixed (byte* keyData = key)
            fixed (byte* valueData = value)
            {
                return Insert(keyData, key.Length, valueData, value.Length, options);
            }
        }

        /// <inheritdoc cref="Replace(ReadOnlySpan{byte}, ReadOnlySpan{byte}, WriteOptions)"/>
        public bool Replace(byte[] key, byte[] value, WriteOptions options = default(WriteOptions))
        {
            Bytes.RefuseNull(key, nameof(key));
            Bytes.RefuseNull(value, nameof(value));
            fixed (byte* keyData = key)
            fixed (byte* valueData = value)
            {
                return Replace(keyData, key.Length, valueData, value.Length, options);
            }
        }

        /// <summary>Stores the value if the key exists.</summary>
        /// <returns>False when the key is absent: nothing was written.</returns>
        /// <exception cref="StaveException">As of
        /// <see cref="Put(ReadOnlySpan{byte}, ReadOnlySpan{byte}, WriteOptions)"/>.</exception>
        public bool Replace(
            ReadOnlySpan<byte> key, ReadOnlySpan<byte> value,
            WriteOptions options = default(WriteOptions))
        {
            fixed (byte* keyData = key)
            fixed (byte* valueData = value)
            {
                return Replace(keyData, key.Length, valueData, value.Length, options);
            }
        }

        /// <inheritdoc cref="Remove(ReadOnlySpan{byte}, WriteOptions)"/>
        public bool Remove(byte[] key, WriteOptions options = default(WriteOptions))
        {
            Bytes.RefuseNull(key, nameof(key));
            fixed (byte* keyData = key)
            {
                return Remove(keyData, key.Length, options);
            }
        }

        /// <summary>
        /// Removes the key. On a full disk removals go on from a reserve of their own.
        /// </summary>
        /// <returns>False when the key is absent.</returns>
        /// <exception cref="StaveException">As of
        /// <see cref="Put(ReadOnlySpan{byte}, ReadOnlySpan{byte}, WriteOptions)"/>.</exception>
        public bool Remove(
            ReadOnlySpan<byte> key, WriteOptions options = default(WriteOptions))
        {
            fixed (byte* keyData = key)
            {
                return Remove(keyData, key.Length, options);
            }
        }

        /// <summary>
        /// Applies the batch: all changes are visible at once, survive a crash together, and cost one
        /// sync. The batch is left as it is. An empty batch does nothing.
        /// </summary>
        /// <returns>The commit's version, which is larger than that of every commit before it; 0 when
        /// nothing was written.</returns>
        /// <exception cref="MismatchException">A condition does not hold, and nothing was
        /// written.</exception>
        /// <exception cref="StaveException">As of
        /// <see cref="Put(ReadOnlySpan{byte}, ReadOnlySpan{byte}, WriteOptions)"/>.</exception>
        public long Write(Batch batch, WriteOptions options = default(WriteOptions))
        {
            if (!TryWrite(batch, out long position, out long version, options))
            {
                throw new MismatchException(
                    StaveLibrary.StatusMessage(Constants.STAVE_MISMATCH), position);
            }
            return version;
        }

        /// <summary>
        /// Does what <see cref="Write"/> does, for programs that expect conditions to fail.
        /// </summary>
        /// <param name="batch">The changes and conditions.</param>
        /// <param name="failedPosition">The position of the first condition that does not hold among the
        /// batch's changes and conditions, counted from 0; -1 when all hold.</param>
        /// <param name="options">How it is written.</param>
        /// <returns>False when a condition does not hold: nothing was written.</returns>
        public bool TryWrite(
            Batch batch, out long failedPosition, WriteOptions options = default(WriteOptions))
        {
            return TryWrite(batch, out failedPosition, out _, options);
        }

        /// <summary>
        /// Does what <see cref="TryWrite(Batch, out long, WriteOptions)"/> does, and says the version.
        /// </summary>
        /// <param name="batch">The changes and conditions.</param>
        /// <param name="failedPosition">The position of the first condition that does not hold; -1 when all
        /// hold.</param>
        /// <param name="version">The commit's version, which is larger than that of every commit before
        /// it; 0 when nothing was written.</param>
        /// <param name="options">How it is written.</param>
        /// <returns>False when a condition does not hold: nothing was written.</returns>
        public bool TryWrite(
            Batch batch, out long failedPosition, out long version,
            WriteOptions options = default(WriteOptions))
        {
            if (batch == null)
            {
                throw new ArgumentNullException(nameof(batch));
            }
            return batch.TryWrite(handle, options, out failedPosition, out version);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Put(
            byte* key, int keySize, byte* value, int valueSize, WriteOptions options)
        {
            int status = Raw.stave_store_put(
                handle.Pointer, key, (UIntPtr)(uint)keySize, value, (UIntPtr)(uint)valueSize,
                WriteOptions.Native(&options), out IntPtr failure);
            GC.KeepAlive(handle);
            Failures.Check(status, failure);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private bool Insert(
            byte* key, int keySize, byte* value, int valueSize, WriteOptions options)
        {
            int status = Raw.stave_store_insert(
                handle.Pointer, key, (UIntPtr)(uint)keySize, value, (UIntPtr)(uint)valueSize,
                WriteOptions.Native(&options), out IntPtr failure);
            GC.KeepAlive(handle);
            return Failures.Check(status, failure);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private bool Replace(
            byte* key, int keySize, byte* value, int valueSize, WriteOptions options)
        {
            int status = Raw.stave_store_replace(
                handle.Pointer, key, (UIntPtr)(uint)keySize, value, (UIntPtr)(uint)valueSize,
                WriteOptions.Native(&options), out IntPtr failure);
            GC.KeepAlive(handle);
            return Failures.Check(status, failure);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private bool Remove(byte* key, int keySize, WriteOptions options)
        {
            int status = Raw.stave_store_remove(
                handle.Pointer, key, (UIntPtr)(uint)keySize, WriteOptions.Native(&options),
                out IntPtr failure);
            GC.KeepAlive(handle);
            return Failures.Check(status, failure);
        }
    }
}

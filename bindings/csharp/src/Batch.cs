using System;

namespace Stave
{
    /// <summary>
    /// A list of changes and conditions that <see cref="Store.Write"/> applies atomically: all are
    /// visible at once, survive a crash together, and cost one sync. Conditions are judged against the
    /// state before the batch. A batch may be written to any store, any number of times.
    /// </summary>
    /// <example>
    /// <code>
    /// using (var batch = new Batch())
    /// {
    ///     batch.RequireAbsent(lockKey).Put(lockKey, owner).Remove(oldKey);
    ///     store.Write(batch);
    /// }
    /// </code>
    /// </example>
    /// <remarks>
    /// <para>Limits: 2^32-1 changes and 16 GiB, each within the limits of <see cref="Store"/>;
    /// <see cref="TooLargeException"/> beyond them, and the batch is as before.</para>
    /// <para>Thread safety: calls from several threads wait for each other. After
    /// <see cref="Dispose"/> every method throws <see cref="ClosedException"/>. Overloads that take
    /// arrays throw <see cref="ArgumentNullException"/> for null.</para>
    /// </remarks>
    public sealed unsafe class Batch : IDisposable
    {
        private readonly Handle handle = new Handle(Handle.Batch);

        /// <summary>An empty batch.</summary>
        public Batch()
        {
            int status = Raw.stave_batch_create(out handle.Pointer, out IntPtr failure);
            GC.KeepAlive(handle);
            Failures.Check(status, failure);
        }

        /// <inheritdoc cref="Put(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
        public Batch Put(byte[] key, byte[] value)
        {
            return Put(Bytes.Of(key, nameof(key)), Bytes.Of(value, nameof(value)));
        }

        /// <summary>Stores the value under the key. The last change of a key wins.</summary>
        /// <returns>This batch.</returns>
        public Batch Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            lock (handle)
            {
                fixed (byte* keyData = key)
                fixed (byte* valueData = value)
                {
                    int status = Raw.stave_batch_put(
                        handle.Pointer, keyData, (UIntPtr)(uint)key.Length, valueData,
                        (UIntPtr)(uint)value.Length, out IntPtr failure);
                    Failures.Check(status, failure);
                }
            }
            return this;
        }

        /// <inheritdoc cref="Remove(ReadOnlySpan{byte})"/>
        public Batch Remove(byte[] key)
        {
            return Remove(Bytes.Of(key, nameof(key)));
        }

        /// <summary>
        /// Removes the key. An absent key is no error; add a condition if it should be.
        /// </summary>
        /// <returns>This batch.</returns>
        public Batch Remove(ReadOnlySpan<byte> key)
        {
            lock (handle)
            {
                fixed (byte* keyData = key)
                {
                    int status = Raw.stave_batch_remove(
                        handle.Pointer, keyData, (UIntPtr)(uint)key.Length, out IntPtr failure);
                    Failures.Check(status, failure);
                }
            }
            return this;
        }

        /// <inheritdoc cref="RequireAbsent(ReadOnlySpan{byte})"/>
        public Batch RequireAbsent(byte[] key)
        {
            return RequireAbsent(Bytes.Of(key, nameof(key)));
        }

        /// <summary>The condition that the key does not exist.</summary>
        /// <returns>This batch.</returns>
        public Batch RequireAbsent(ReadOnlySpan<byte> key)
        {
            return Require(key, Constants.STAVE_REQUIRE_ABSENT, default(ReadOnlySpan<byte>));
        }

        /// <inheritdoc cref="RequireExists(ReadOnlySpan{byte})"/>
        public Batch RequireExists(byte[] key)
        {
            return RequireExists(Bytes.Of(key, nameof(key)));
        }

        /// <summary>The condition that the key exists.</summary>
        /// <returns>This batch.</returns>
        public Batch RequireExists(ReadOnlySpan<byte> key)
        {
            return Require(key, Constants.STAVE_REQUIRE_EXISTS, default(ReadOnlySpan<byte>));
        }

        /// <inheritdoc cref="RequireEqual(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
        public Batch RequireEqual(byte[] key, byte[] value)
        {
            return RequireEqual(Bytes.Of(key, nameof(key)), Bytes.Of(value, nameof(value)));
        }

        /// <summary>The condition that the key exists with exactly this value.</summary>
        /// <returns>This batch.</returns>
        public Batch RequireEqual(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            return Require(key, Constants.STAVE_REQUIRE_EQUAL, value);
        }

        /// <summary>The number of changes and conditions so far.</summary>
        public long Count
        {
            get
            {
                lock (handle)
                {
                    ulong count;
                    int status = Raw.stave_batch_count(
                        handle.Pointer, &count, out IntPtr failure);
                    Failures.Check(status, failure);
                    return (long)count;
                }
            }
        }

        /// <summary>Forgets all changes and conditions, keeps the memory.</summary>
        public void Clear()
        {
            lock (handle)
            {
                int status = Raw.stave_batch_clear(handle.Pointer, out IntPtr failure);
                Failures.Check(status, failure);
            }
        }

        /// <summary>
        /// Gives the memory back, after waiting for a call that is running. Any number of times.
        /// </summary>
        public void Dispose()
        {
            lock (handle)
            {
                int status = Raw.stave_batch_close(handle.Pointer, out IntPtr failure);
                Failures.Check(status, failure);
            }
        }

        internal bool TryWrite(
            Handle store, WriteOptions options, out long failedPosition, out long version)
        {
            lock (handle)
            {
                ulong failed = 0;
                ulong committed = 0;
                int status = Raw.stave_store_write(
                    store.Pointer, handle.Pointer, &failed, &committed,
                    WriteOptions.Native(&options), out IntPtr failure);
                GC.KeepAlive(store);
                bool written = Failures.Check(status, failure);
                failedPosition = written ? -1 : (long)failed;
                version = (long)committed;
                return written;
            }
        }

        private Batch Require(ReadOnlySpan<byte> key, int condition, ReadOnlySpan<byte> value)
        {
            lock (handle)
            {
                fixed (byte* keyData = key)
                fixed (byte* valueData = value)
                {
                    int status = Raw.stave_batch_require(
                        handle.Pointer, keyData, (UIntPtr)(uint)key.Length, (uint)condition,
                        valueData, (UIntPtr)(uint)value.Length, out IntPtr failure);
                    Failures.Check(status, failure);
                }
            }
            return this;
        }
    }
}

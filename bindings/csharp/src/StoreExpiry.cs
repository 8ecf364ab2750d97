using System;

namespace Stave
{
    /// <content>Expiry, and removing all that has expired, or all.</content>
    public sealed unsafe partial class Store
    {
        /// <inheritdoc cref="Expire(ReadOnlySpan{byte}, DateTimeOffset?, WriteOptions)"/>
        public bool Expire(
            byte[] key, DateTimeOffset? expiresAt, WriteOptions options = default(WriteOptions))
        {
            return Expire(Bytes.Of(key, nameof(key)), expiresAt, options);
        }

        /// <summary>Changes when the key expires; the value stays.</summary>
        /// <param name="key">The key.</param>
        /// <param name="expiresAt">From then on the key counts as absent. In whole milliseconds; null and
        /// <see cref="WriteOptions.NeverExpires"/> are never. A time that has passed removes the
        /// key.</param>
        /// <param name="options">How it is written; its <see cref="WriteOptions.ExpiresAt"/> counts for
        /// nothing.</param>
        /// <returns>False when the key is absent.</returns>
        /// <exception cref="StaveException">As of
        /// <see cref="Put(ReadOnlySpan{byte}, ReadOnlySpan{byte}, WriteOptions)"/>, and as of reads: the
        /// value is read.</exception>
        public bool Expire(
            ReadOnlySpan<byte> key, DateTimeOffset? expiresAt,
            WriteOptions options = default(WriteOptions))
        {
            fixed (byte* keyData = key)
            {
                int status = Raw.stave_store_expire(
                    handle.Pointer, keyData, (UIntPtr)(uint)key.Length,
                    Expiry.ToNative(expiresAt ?? WriteOptions.NeverExpires),
                    WriteOptions.Native(&options), out IntPtr failure);
                GC.KeepAlive(handle);
                return Failures.Check(status, failure);
            }
        }

        /// <inheritdoc cref="TryGetExpiresAt(ReadOnlySpan{byte}, out DateTimeOffset?)"/>
        public bool TryGetExpiresAt(byte[] key, out DateTimeOffset? expiresAt)
        {
            return TryGetExpiresAt(Bytes.Of(key, nameof(key)), out expiresAt);
        }

        /// <summary>When a key expires.</summary>
        /// <param name="key">The key.</param>
        /// <param name="expiresAt">From then on the key counts as absent; null is never. Null, too, when
        /// there is no such key.</param>
        /// <returns>Whether the key exists.</returns>
        public bool TryGetExpiresAt(ReadOnlySpan<byte> key, out DateTimeOffset? expiresAt)
        {
            ulong time = 0;
            fixed (byte* keyData = key)
            {
                int status = Raw.stave_store_expires_at(
                    handle.Pointer, keyData, (UIntPtr)(uint)key.Length, &time, out IntPtr failure);
                GC.KeepAlive(handle);
                bool exists = Failures.Check(status, failure);
                expiresAt = Expiry.OfRecord(time);
                return exists;
            }
        }

        /// <summary>
        /// Removes every key that has expired, which the store does by itself with
        /// <see cref="StoreOptions.Background"/>. Takes time in proportion to the number of keys.
        /// </summary>
        /// <returns>The number of keys that were removed.</returns>
        /// <exception cref="StaveException">As of
        /// <see cref="Put(ReadOnlySpan{byte}, ReadOnlySpan{byte}, WriteOptions)"/>.
        /// <see cref="StaveException.Written"/> says how many keys were removed
        /// before.</exception>
        public long RemoveExpired()
        {
            ulong removed = 0;
            int status = Raw.stave_store_remove_expired(
                handle.Pointer, &removed, out IntPtr failure);
            GC.KeepAlive(handle);
            Failures.Check(status, failure, (long)removed);
            return (long)removed;
        }

        /// <summary>
        /// Removes every key that is present from the call's begin to its end; one that is inserted
        /// meanwhile may stay. Many commits: after a crash, or an exception, some keys are left. Takes
        /// time in proportion to the number of keys.
        /// </summary>
        /// <returns>The number of keys that were removed.</returns>
        /// <exception cref="StaveException">As of
        /// <see cref="Put(ReadOnlySpan{byte}, ReadOnlySpan{byte}, WriteOptions)"/>.
        /// <see cref="StaveException.Written"/> says how many keys were removed
        /// before.</exception>
        public long Clear(WriteOptions options = default(WriteOptions))
        {
            ulong removed = 0;
            int status = Raw.stave_store_clear(
                handle.Pointer, &removed, WriteOptions.Native(&options), out IntPtr failure);
            GC.KeepAlive(handle);
            Failures.Check(status, failure, (long)removed);
            return (long)removed;
        }
    }
}

using System;

namespace Stave
{
    /// <content>One key whose hash the caller has. Any number will do that is always the same for a key; with what <see
    /// cref="Hash(byte[])"/> says, these calls can be mixed with those without a hash.</content>
    public sealed unsafe partial class HashIndex
    {
        /// <inheritdoc cref="PutHashed(ReadOnlySpan{byte}, ulong, ulong)"/>
        public void PutHashed(byte[] key, ulong hash, ulong value)
        {
            Bytes.RefuseNull(key, nameof(key));
            fixed (byte* data = key)
            {
                PutCore(data, key.Length, hash, value, out _);
            }
        }

        /// <summary>Stores the value, whether or not the key exists.</summary>
        /// <exception cref="TooLargeException">The key or the value is beyond its limit.</exception>
        public void PutHashed(ReadOnlySpan<byte> key, ulong hash, ulong value)
        {
            fixed (byte* data = key)
            {
                PutCore(data, key.Length, hash, value, out _);
            }
        }

        /// <inheritdoc cref="PutHashed(ReadOnlySpan{byte}, ulong, ulong, out ulong)"/>
        public bool PutHashed(byte[] key, ulong hash, ulong value, out ulong previous)
        {
            Bytes.RefuseNull(key, nameof(key));
            fixed (byte* data = key)
            {
                return PutCore(data, key.Length, hash, value, out previous);
            }
        }

        /// <summary>Stores the value, whether or not the key exists.</summary>
        /// <param name="key">The key.</param>
        /// <param name="hash">Its hash.</param>
        /// <param name="value">The new value.</param>
        /// <param name="previous">The value that was replaced; 0 when there was none.</param>
        /// <returns>Whether the key existed.</returns>
        /// <exception cref="TooLargeException">The key or the value is beyond its limit.</exception>
        public bool PutHashed(ReadOnlySpan<byte> key, ulong hash, ulong value, out ulong previous)
        {
            fixed (byte* data = key)
            {
                return PutCore(data, key.Length, hash, value, out previous);
            }
        }

        /// <inheritdoc cref="InsertHashed(ReadOnlySpan{byte}, ulong, ulong, out ulong)"/>
        public bool InsertHashed(byte[] key, ulong hash, ulong value, out ulong existing)
        {
            Bytes.RefuseNull(key, nameof(key));
            fixed (byte* data = key)
            {
                return InsertCore(data, key.Length, hash, value, out existing);
            }
        }

        /// <summary>Stores the value if the key is absent.</summary>
        /// <param name="key">The key.</param>
        /// <param name="hash">Its hash.</param>
        /// <param name="value">The new value.</param>
        /// <param name="existing">The value that is there; 0 when the key was absent.</param>
        /// <returns>Whether the key was absent, and the value was stored.</returns>
        /// <exception cref="TooLargeException">The key or the value is beyond its limit.</exception>
        public bool InsertHashed(ReadOnlySpan<byte> key, ulong hash, ulong value, out ulong existing)
        {
            fixed (byte* data = key)
            {
                return InsertCore(data, key.Length, hash, value, out existing);
            }
        }

        /// <inheritdoc cref="CompareAndSwapHashed(ReadOnlySpan{byte}, ulong, ulong, ulong, out ulong)"/>
        public SwapOutcome CompareAndSwapHashed(byte[] key, ulong hash, ulong expected, ulong desired, out ulong actual)
        {
            Bytes.RefuseNull(key, nameof(key));
            fixed (byte* data = key)
            {
                return SwapCore(data, key.Length, hash, expected, desired, out actual);
            }
        }

        /// <summary>Stores <paramref name="desired"/> if the value is <paramref name="expected"/>.</summary>
        /// <param name="key">The key.</param>
        /// <param name="hash">Its hash.</param>
        /// <param name="expected">The value that the key must have.</param>
        /// <param name="desired">The new value.</param>
        /// <param name="actual">The value that the key had; 0 when it is absent.</param>
        /// <exception cref="TooLargeException">The key or the value is beyond its limit.</exception>
        public SwapOutcome CompareAndSwapHashed(ReadOnlySpan<byte> key, ulong hash, ulong expected, ulong desired, out ulong actual)
        {
            fixed (byte* data = key)
            {
                return SwapCore(data, key.Length, hash, expected, desired, out actual);
            }
        }

        /// <inheritdoc cref="TryGetHashed(ReadOnlySpan{byte}, ulong, out ulong)"/>
        public bool TryGetHashed(byte[] key, ulong hash, out ulong value)
        {
            Bytes.RefuseNull(key, nameof(key));
            fixed (byte* data = key)
            {
                return TryGetCore(data, key.Length, hash, out value);
            }
        }

        /// <summary>Looks the key up.</summary>
        /// <param name="key">The key.</param>
        /// <param name="hash">Its hash.</param>
        /// <param name="value">The value; 0 when there is no such key.</param>
        /// <returns>Whether the key exists.</returns>
        public bool TryGetHashed(ReadOnlySpan<byte> key, ulong hash, out ulong value)
        {
            fixed (byte* data = key)
            {
                return TryGetCore(data, key.Length, hash, out value);
            }
        }

        /// <inheritdoc cref="ContainsHashed(ReadOnlySpan{byte}, ulong)"/>
        public bool ContainsHashed(byte[] key, ulong hash)
        {
            Bytes.RefuseNull(key, nameof(key));
            fixed (byte* data = key)
            {
                return ContainsCore(data, key.Length, hash);
            }
        }

        /// <summary>Whether the key exists.</summary>
        public bool ContainsHashed(ReadOnlySpan<byte> key, ulong hash)
        {
            fixed (byte* data = key)
            {
                return ContainsCore(data, key.Length, hash);
            }
        }

        /// <inheritdoc cref="RemoveHashed(ReadOnlySpan{byte}, ulong, out ulong)"/>
        public bool RemoveHashed(byte[] key, ulong hash, out ulong previous)
        {
            Bytes.RefuseNull(key, nameof(key));
            fixed (byte* data = key)
            {
                return RemoveCore(data, key.Length, hash, out previous);
            }
        }

        /// <summary>Removes the key. Its space is used again by the next writes.</summary>
        /// <param name="key">The key.</param>
        /// <param name="hash">Its hash.</param>
        /// <param name="previous">The value that it had; 0 when there is no such key.</param>
        /// <returns>Whether the key existed.</returns>
        public bool RemoveHashed(ReadOnlySpan<byte> key, ulong hash, out ulong previous)
        {
            fixed (byte* data = key)
            {
                return RemoveCore(data, key.Length, hash, out previous);
            }
        }

        /// <inheritdoc cref="RemoveIfHashed(ReadOnlySpan{byte}, ulong, ulong, out ulong)"/>
        public SwapOutcome RemoveIfHashed(byte[] key, ulong hash, ulong expected, out ulong actual)
        {
            Bytes.RefuseNull(key, nameof(key));
            fixed (byte* data = key)
            {
                return RemoveIfCore(data, key.Length, hash, expected, out actual);
            }
        }

        /// <summary>Removes the key if its value is <paramref name="expected"/>.</summary>
        /// <param name="key">The key.</param>
        /// <param name="hash">Its hash.</param>
        /// <param name="expected">The value that the key must have.</param>
        /// <param name="actual">The value that the key had; 0 when it is absent.</param>
        public SwapOutcome RemoveIfHashed(ReadOnlySpan<byte> key, ulong hash, ulong expected, out ulong actual)
        {
            fixed (byte* data = key)
            {
                return RemoveIfCore(data, key.Length, hash, expected, out actual);
            }
        }
    }
}

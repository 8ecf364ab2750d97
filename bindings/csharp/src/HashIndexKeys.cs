using System;

namespace Stave
{
    /// <content>One key. The overloads that take arrays differ in one thing: a null array is an
    /// <see cref="ArgumentNullException"/> there, and an empty span here.</content>
    public sealed unsafe partial class HashIndex
    {
        /// <inheritdoc cref="Put(ReadOnlySpan{byte}, ulong)"/>
        public void Put(byte[] key, ulong value)
        {
            Bytes.RefuseNull(key, nameof(key));
            fixed (byte* data = key)
            {
                PutCore(data, key.Length, null, value, out _);
            }
        }

        /// <summary>Stores the value, whether or not the key exists.</summary>
        /// <exception cref="TooLargeException">The key or the value is beyond its limit.</exception>
        public void Put(ReadOnlySpan<byte> key, ulong value)
        {
            fixed (byte* data = key)
            {
                PutCore(data, key.Length, null, value, out _);
            }
        }

        /// <inheritdoc cref="Put(ReadOnlySpan{byte}, ulong, out ulong)"/>
        public bool Put(byte[] key, ulong value, out ulong previous)
        {
            Bytes.RefuseNull(key, nameof(key));
            fixed (byte* data = key)
            {
                return PutCore(data, key.Length, null, value, out previous);
            }
        }

        /// <summary>Stores the value, whether or not the key exists.</summary>
        /// <param name="key">The key.</param>
        /// <param name="value">The new value.</param>
        /// <param name="previous">The value that was replaced; 0 when there was none.</param>
        /// <returns>Whether the key existed.</returns>
        /// <exception cref="TooLargeException">The key or the value is beyond its limit.</exception>
        public bool Put(ReadOnlySpan<byte> key, ulong value, out ulong previous)
        {
            fixed (byte* data = key)
            {
                return PutCore(data, key.Length, null, value, out previous);
            }
        }

        /// <inheritdoc cref="Insert(ReadOnlySpan{byte}, ulong, out ulong)"/>
        public bool Insert(byte[] key, ulong value, out ulong existing)
        {
            Bytes.RefuseNull(key, nameof(key));
            fixed (byte* data = key)
            {
                return InsertCore(data, key.Length, null, value, out existing);
            }
        }

        /// <summary>Stores the value if the key is absent.</summary>
        /// <param name="key">The key.</param>
        /// <param name="value">The new value.</param>
        /// <param name="existing">The value that is there; 0 when the key was absent.</param>
        /// <returns>Whether the key was absent, and the value was stored.</returns>
        /// <exception cref="TooLargeException">The key or the value is beyond its limit.</exception>
        public bool Insert(ReadOnlySpan<byte> key, ulong value, out ulong existing)
        {
            fixed (byte* data = key)
            {
                return InsertCore(data, key.Length, null, value, out existing);
            }
        }

        /// <inheritdoc cref="CompareAndSwap(ReadOnlySpan{byte}, ulong, ulong, out ulong)"/>
        public SwapOutcome CompareAndSwap(byte[] key, ulong expected, ulong desired, out ulong actual)
        {
            Bytes.RefuseNull(key, nameof(key));
            fixed (byte* data = key)
            {
                return SwapCore(data, key.Length, null, expected, desired, out actual);
            }
        }

        /// <summary>Stores <paramref name="desired"/> if the value is <paramref name="expected"/>.</summary>
        /// <param name="key">The key.</param>
        /// <param name="expected">The value that the key must have.</param>
        /// <param name="desired">The new value.</param>
        /// <param name="actual">The value that the key had; 0 when it is absent.</param>
        /// <exception cref="TooLargeException">The key or the value is beyond its limit.</exception>
        public SwapOutcome CompareAndSwap(ReadOnlySpan<byte> key, ulong expected, ulong desired, out ulong actual)
        {
            fixed (byte* data = key)
            {
                return SwapCore(data, key.Length, null, expected, desired, out actual);
            }
        }

        /// <inheritdoc cref="TryGet(ReadOnlySpan{byte}, out ulong)"/>
        public bool TryGet(byte[] key, out ulong value)
        {
            Bytes.RefuseNull(key, nameof(key));
            fixed (byte* data = key)
            {
                return TryGetCore(data, key.Length, null, out value);
            }
        }

        /// <summary>Looks the key up.</summary>
        /// <param name="key">The key.</param>
        /// <param name="value">The value; 0 when there is no such key.</param>
        /// <returns>Whether the key exists.</returns>
        public bool TryGet(ReadOnlySpan<byte> key, out ulong value)
        {
            fixed (byte* data = key)
            {
                return TryGetCore(data, key.Length, null, out value);
            }
        }

        /// <inheritdoc cref="Contains(ReadOnlySpan{byte})"/>
        public bool Contains(byte[] key)
        {
            Bytes.RefuseNull(key, nameof(key));
            fixed (byte* data = key)
            {
                return ContainsCore(data, key.Length, null);
            }
        }

        /// <summary>Whether the key exists.</summary>
        public bool Contains(ReadOnlySpan<byte> key)
        {
            fixed (byte* data = key)
            {
                return ContainsCore(data, key.Length, null);
            }
        }

        /// <inheritdoc cref="Remove(ReadOnlySpan{byte}, out ulong)"/>
        public bool Remove(byte[] key, out ulong previous)
        {
            Bytes.RefuseNull(key, nameof(key));
            fixed (byte* data = key)
            {
                return RemoveCore(data, key.Length, null, out previous);
            }
        }

        /// <summary>Removes the key. Its space is used again by the next writes.</summary>
        /// <param name="key">The key.</param>
        /// <param name="previous">The value that it had; 0 when there is no such key.</param>
        /// <returns>Whether the key existed.</returns>
        public bool Remove(ReadOnlySpan<byte> key, out ulong previous)
        {
            fixed (byte* data = key)
            {
                return RemoveCore(data, key.Length, null, out previous);
            }
        }

        /// <inheritdoc cref="RemoveIf(ReadOnlySpan{byte}, ulong, out ulong)"/>
        public SwapOutcome RemoveIf(byte[] key, ulong expected, out ulong actual)
        {
            Bytes.RefuseNull(key, nameof(key));
            fixed (byte* data = key)
            {
                return RemoveIfCore(data, key.Length, null, expected, out actual);
            }
        }

        /// <summary>Removes the key if its value is <paramref name="expected"/>.</summary>
        /// <param name="key">The key.</param>
        /// <param name="expected">The value that the key must have.</param>
        /// <param name="actual">The value that the key had; 0 when it is absent.</param>
        public SwapOutcome RemoveIf(ReadOnlySpan<byte> key, ulong expected, out ulong actual)
        {
            fixed (byte* data = key)
            {
                return RemoveIfCore(data, key.Length, null, expected, out actual);
            }
        }
    }
}

using System;
using System.Collections;
using System.Collections.Generic;

namespace Stave
{
    /// <summary>
    /// A concurrent hash index in memory: bytes to a 64-bit number, which is a file offset, a location, an
    /// id. Nothing is written to disk. (It is not called Index because System has a type of that name.)
    /// </summary>
    /// <example>
    /// <code>
    /// using (var index = new HashIndex())
    /// {
    ///     index.Put(key, 42);
    ///     if (index.TryGet(key, out ulong value)) { ... }
    /// }
    /// </code>
    /// </example>
    /// <remarks>
    /// <para>Exact: a lookup returns the value of that very key, also when many keys have the same hash. By
    /// default the index keeps the bytes of its keys; with a <see cref="HashIndexResolver"/> it keeps
    /// none.</para>
    /// <para>Limits: keys have 0 to 65,535 bytes, values are below 2^ValueBits; beyond them writes throw
    /// <see cref="TooLargeException"/> and change nothing, and a key is not found.</para>
    /// <para>Thread safety: any number of threads may use an index, also while one of them closes it.
    /// Readers never wait for writers. All calls on one key happen in one order. After
    /// <see cref="Close"/> every other method throws <see cref="ClosedException"/>. An index that nobody
    /// closes is closed when it is garbage.</para>
    /// </remarks>
    public sealed unsafe partial class HashIndex : IDisposable, IEnumerable<KeyValuePair<byte[], ulong>>
    {
        private readonly Handle handle = new Handle(Handle.HashIndex);
        private readonly HashIndexResolver resolver; // native code has only a weak handle

        /// <summary>An empty index with the defaults.</summary>
        public HashIndex() : this(new HashIndexOptions())
        {
        }

        /// <summary>An empty index that keeps its keys. Takes time in proportion to the
        /// capacity.</summary>
        /// <exception cref="InvalidArgumentException">An option is out of range.</exception>
        public HashIndex(HashIndexOptions options)
        {
            Arguments.RefuseNull(options, nameof(options));
            Create(options.Data, null);
        }

        /// <summary>An empty index whose keys a resolver knows.</summary>
        /// <exception cref="InvalidArgumentException">An option is out of range, or values have 44 bits
        /// and the resolver no hash.</exception>
        public HashIndex(HashIndexOptions options, HashIndexResolver resolver)
        {
            Arguments.RefuseNull(options, nameof(options));
            Arguments.RefuseNull(resolver, nameof(resolver));
            this.resolver = resolver;
            HashIndexOptionsData data = options.Data;
            data.KeyMode = Constants.STAVE_KEYS_RESOLVED;
            HashIndexResolverData native = resolver.ToNative();
            try
            {
                Create(data, &native);
            }
            catch
            {
                HashIndexResolver.Release(native);
                throw;
            }
        }

        /// <summary>The options in force: shards and seed as they were chosen.</summary>
        public HashIndexOptions Options
        {
            get
            {
                HashIndexOptionsData inForce;
                Raw.stave_index_options_init(&inForce);
                int status = Raw.stave_index_options_get(
                    handle.Pointer, &inForce, out IntPtr failure);
                Check(status, failure);
                return new HashIndexOptions(inForce);
            }
        }

        /// <summary>
        /// Waits for running calls and gives the entries' memory back. Any number of times, from any
        /// thread.
        /// </summary>
        /// <exception cref="BusyException">Called from inside the resolver.</exception>
        public void Close()
        {
            int status = Raw.stave_index_close(handle.Pointer, out IntPtr failure);
            Check(status, failure);
        }

        /// <summary>Does what <see cref="Close"/> does, with the same exceptions.</summary>
        public void Dispose()
        {
            Close();
        }

        /// <inheritdoc cref="Hash(ReadOnlySpan{byte})"/>
        public ulong Hash(byte[] key)
        {
            return Hash(Bytes.Of(key, nameof(key)));
        }

        /// <summary>The hash that the calls without one give to this key: XXH3-64 with the index's
        /// seed.</summary>
        public ulong Hash(ReadOnlySpan<byte> key)
        {
            fixed (byte* data = key)
            {
                ulong hash;
                int status = Raw.stave_index_hash(
                    handle.Pointer, data, (UIntPtr)(uint)key.Length, &hash, out IntPtr failure);
                Check(status, failure);
                return hash;
            }
        }

        /// <summary>A cursor that stands before the first entry.</summary>
        public HashIndexCursor OpenCursor()
        {
            return new HashIndexCursor(this);
        }

        /// <summary>All entries by a cursor. With a resolver the index has no keys: enumerate
        /// <see cref="Values"/>.</summary>
        public IEnumerator<KeyValuePair<byte[], ulong>> GetEnumerator()
        {
            return OpenCursor().GetEnumerator();
        }

        IEnumerator IEnumerable.GetEnumerator()
        {
            return GetEnumerator();
        }

        internal Handle Handle => handle;

        private void Create(HashIndexOptionsData options, HashIndexResolverData* native)
        {
            int status = Raw.stave_index_create(
                &options, native, out handle.Pointer, out IntPtr failure);
            Check(status, failure);
        }
    }
}

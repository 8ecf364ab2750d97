using System;

namespace Stave
{
    /// <content>Changes of several keys of one shard.</content>
    public sealed unsafe partial class Store
    {
        /// <inheritdoc cref="Store.Atomic(ReadOnlySpan{byte}, Action{Atomic}, WriteOptions)"/>
        public long Atomic(
            byte[] shardKey, Action<Atomic> body, WriteOptions options = default(WriteOptions))
        {
            return Atomic(Bytes.Of(shardKey, nameof(shardKey)), body, options);
        }

        /// <summary>
        /// Reads and writes several keys of one shard in one step: the callback sees them as no other
        /// write can change them, and what it has written itself. All of its writes become visible
        /// together, survive a crash together and cost one sync; those of a key count as one change.
        /// </summary>
        /// <example>
        /// <code>
        /// store.Atomic(from, atomic =>
        /// {
        ///     atomic.Put(from, Minus(atomic.Get(from), amount));
        ///     atomic.Put(to, Plus(atomic.Get(to), amount));
        /// });
        /// </code>
        /// </example>
        /// <param name="shardKey">Any key of the shard; it need not exist. With
        /// <see cref="StoreOptions.ShardPrefixBits"/> the keys with a common prefix are in one shard; else
        /// those with equal <see cref="ShardFor(byte[])"/>.</param>
        /// <param name="body">Is called once, on this thread. It runs while other writers of the shard
        /// wait, so it should be short. It may also read the store itself, where it does not see its own
        /// writes; what writes to the store or closes it throws <see cref="BusyException"/>. An exception
        /// that it throws undoes all that it has written, and comes out of this call unchanged.</param>
        /// <param name="options">How all of it is written.</param>
        /// <returns>The commit's version; 0 when nothing was written.</returns>
        /// <exception cref="StaveException">As of writes and reads.</exception>
        public long Atomic(
            ReadOnlySpan<byte> shardKey, Action<Atomic> body,
            WriteOptions options = default(WriteOptions))
        {
            Arguments.RefuseNull(body, nameof(body));
            using (var call = new AtomicCall(body))
            fixed (byte* keyData = shardKey)
            {
                ulong version = 0;
                int status = Raw.stave_store_atomic(
                    handle.Pointer, keyData, (UIntPtr)(uint)shardKey.Length, AtomicCall.Function,
                    call.Context, &version, WriteOptions.Native(&options), out IntPtr failure);
                GC.KeepAlive(handle);
                call.Check(status, failure);
                return (long)version;
            }
        }

        /// <inheritdoc cref="ShardFor(ReadOnlySpan{byte})"/>
        public int ShardFor(byte[] key)
        {
            return ShardFor(Bytes.Of(key, nameof(key)));
        }

        /// <summary>The number of the key's shard, from 0 to <see cref="StoreOptions.Shards"/>. Writes to
        /// keys of one shard exclude each other.</summary>
        public int ShardFor(ReadOnlySpan<byte> key)
        {
            uint shard = 0;
            fixed (byte* keyData = key)
            {
                int status = Raw.stave_store_shard_for(
                    handle.Pointer, keyData, (UIntPtr)(uint)key.Length, &shard, out IntPtr failure);
                GC.KeepAlive(handle);
                Failures.Check(status, failure);
            }
            return (int)shard;
        }
    }
}

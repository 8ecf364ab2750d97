using System;

namespace Stave
{
    /// <content>Changing all records.</content>
    public sealed unsafe partial class Store
    {
        /// <inheritdoc cref="Migrate(Migration, MigrateProgress, ReadOnlySpan{byte}, WriteOptions)"/>
        public long Migrate(Migration migration, WriteOptions options = default(WriteOptions))
        {
            Arguments.RefuseNull(migration, nameof(migration));
            return Migrate(
                new MigrateCall(migration, null), default(ReadOnlySpan<byte>), &options);
        }

        /// <summary>
        /// Visits each record that existed when the migration began exactly once, beside any traffic, and
        /// does what the callback decides; expiry stays as it was. Records are committed some hundred at a
        /// time; one that another writer replaces or removes after the callback has seen it is left to
        /// that writer. Takes time in proportion to the bytes in the store.
        /// </summary>
        /// <remarks>
        /// An interrupted migration, also one that a crash interrupted, goes on from the last token that
        /// its progress was called with: what came before is as durable as the options asked for, and what
        /// came after, for which the callback is called again, was not committed.
        /// </remarks>
        /// <example>
        /// <code>
        /// long changed = store.Migrate((key, value) =>
        ///     value[0] == 1 ? MigrateAction.Update(Upgrade(value)) : MigrateAction.Keep);
        /// </code>
        /// </example>
        /// <param name="migration">Decides about a record, on this thread and outside all locks. It may read
        /// the store; what writes to the store or closes it throws <see cref="BusyException"/>. An exception
        /// that it throws ends the migration, and comes out of this call unchanged. All this holds for the
        /// progress, too.</param>
        /// <param name="progress">Called after every commit, and at the end.</param>
        /// <param name="token">Where to go on, from <paramref name="progress"/>; empty begins.</param>
        /// <param name="options">How it is written.</param>
        /// <returns>The number of records that this call has updated or removed.</returns>
        /// <exception cref="InvalidArgumentException">The token is damaged, or of another
        /// store.</exception>
        /// <exception cref="CancelledException">The progress callback asked to stop.</exception>
        /// <exception cref="StaveException">As of writes and reads.
        /// <see cref="StaveException.Written"/> says how many records were changed
        /// before.</exception>
        public long Migrate(
            Migration migration, MigrateProgress progress,
            ReadOnlySpan<byte> token = default(ReadOnlySpan<byte>),
            WriteOptions options = default(WriteOptions))
        {
            Arguments.RefuseNull(migration, nameof(migration));
            Arguments.RefuseNull(progress, nameof(progress));
            return Migrate(new MigrateCall(migration, progress), token, &options);
        }

        private long Migrate(MigrateCall call, ReadOnlySpan<byte> token, WriteOptions* options)
        {
            using (call)
            fixed (byte* tokenData = token)
            {
                ulong changed = 0;
                int status = Raw.stave_store_migrate(
                    handle.Pointer, MigrateCall.Function, MigrateCall.ProgressFunction,
                    call.Context, tokenData, (UIntPtr)(uint)token.Length, &changed,
                    WriteOptions.Native(options), out IntPtr failure);
                GC.KeepAlive(handle);
                call.Check(status, failure, (long)changed);
                return (long)changed;
            }
        }
    }
}

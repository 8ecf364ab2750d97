using System;

namespace Stave
{
    /// <summary>
    /// Decides about a record: see
    /// <see cref="Store.Migrate(Migration, MigrateProgress, ReadOnlySpan{byte}, WriteOptions)"/>.
    /// </summary>
    /// <param name="key">The key; valid during the call.</param>
    /// <param name="value">The value; valid during the call.</param>
    public delegate MigrateAction Migration(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>Called after every commit of a migration, and at the end.</summary>
    /// <param name="done">Records that were visited.</param>
    /// <param name="total">About how many there are.</param>
    /// <param name="token">Where a migration that is interrupted now goes on; an array of its own. It has at
    /// most some KiB, holds no keys, and is good for this store alone.</param>
    /// <returns>True to go on; false stops with <see cref="CancelledException"/>.</returns>
    public delegate bool MigrateProgress(long done, long total, byte[] token);

    /// <summary>What a migration does with a record. The default value keeps it.</summary>
    public readonly struct MigrateAction
    {
        internal readonly uint Number;
        internal readonly byte[] Value; // null unless it is an update

        private MigrateAction(int number, byte[] value)
        {
            Number = (uint)number;
            Value = value;
        }

        /// <summary>The record stays as it is.</summary>
        public static MigrateAction Keep => default(MigrateAction);

        /// <summary>The key is removed.</summary>
        public static MigrateAction Remove =>
            new MigrateAction(Constants.STAVE_MIGRATE_REMOVE, null);

        /// <summary>The record gets this value.</summary>
        public static MigrateAction Update(byte[] value)
        {
            Arguments.RefuseNull(value, nameof(value));
            return new MigrateAction(Constants.STAVE_MIGRATE_UPDATE, value);
        }
    }

    // A migration and its progress, which may be null.
    internal sealed unsafe class MigrateCall : CallbackCall
    {
        // Static, so that they are never garbage while native code has their addresses.
        internal static readonly NativeMigration Function = Decide;
        internal static readonly NativeMigrateProgress ProgressFunction = Report;

        private readonly Migration migration;
        private readonly MigrateProgress progress;

        internal MigrateCall(Migration migration, MigrateProgress progress)
        {
            this.migration = migration;
            this.progress = progress;
        }

        private static int Decide(
            IntPtr context, byte* key, UIntPtr keySize, NativeBuffer* value, uint* action)
        {
            var call = Of<MigrateCall>(context);
            try
            {
                MigrateAction decided = call.migration(
                    new ReadOnlySpan<byte>(key, (int)keySize),
                    new ReadOnlySpan<byte>(value->Data, (int)value->Size));
                if (decided.Value != null)
                {
                    Bytes.Fill(value, decided.Value);
                }
                *action = decided.Number;
                return Constants.STAVE_OK;
            }
            catch (Exception exception)
            {
                return call.Keep(exception);
            }
        }

        private static int Report(
            IntPtr context, ulong done, ulong total, byte* token, UIntPtr tokenSize)
        {
            var call = Of<MigrateCall>(context);
            try
            {
                bool goesOn = call.progress == null || call.progress(
                    (long)done, (long)total, Bytes.Copy(token, (long)tokenSize));
                return goesOn ? Constants.STAVE_OK : Constants.STAVE_CANCELLED;
            }
            catch (Exception exception)
            {
                return call.Keep(exception);
            }
        }
    }
}

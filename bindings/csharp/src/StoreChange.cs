using System;

namespace Stave
{
    /// <summary>A callback that receives each change of a key: see <see cref="Store.OnWrite"/> and
    /// <see cref="Store.OnOpen"/>.</summary>
    public delegate void StoreHook(StoreChange change);

    /// <summary>
    /// One key's part in a commit. Its spans are native memory, which is valid while the hook runs:
    /// <c>ToArray()</c> makes a copy to keep.
    /// </summary>
    public readonly unsafe ref struct StoreChange
    {
        private readonly ChangeData* data;

        internal StoreChange(ChangeData* data)
        {
            this.data = data;
        }

        /// <summary>The key.</summary>
        public ReadOnlySpan<byte> Key => new ReadOnlySpan<byte>(data->Key, (int)data->KeySize);

        /// <summary>Whether the key was removed; <see cref="Value"/> is empty then.</summary>
        public bool Removed => data->Removed != 0;

        /// <summary>The new value.</summary>
        public ReadOnlySpan<byte> Value =>
            new ReadOnlySpan<byte>(data->Value, (int)data->ValueSize);

        /// <summary>Whether the key existed before, and the hook was added with
        /// <c>wantsOldValues</c>.</summary>
        public bool HasOldValue => data->HasOldValue != 0;

        /// <summary>The value that was replaced or removed; empty unless
        /// <see cref="HasOldValue"/>.</summary>
        public ReadOnlySpan<byte> OldValue =>
            new ReadOnlySpan<byte>(data->OldValue, (int)data->OldValueSize);

        /// <summary>When the key expires; null is never.</summary>
        public DateTimeOffset? ExpiresAt => Expiry.OfRecord(data->ExpiresAt);

        /// <summary>The version of the commit.</summary>
        public long Version => (long)data->Version;
    }
}

using System;

namespace Stave
{
    /// <summary>How one write is done. The default value takes everything from the store.</summary>
    public unsafe struct WriteOptions
    {
        /// <summary>The <see cref="ExpiresAt"/> of what never expires.</summary>
        public static readonly DateTimeOffset NeverExpires = DateTimeOffset.MaxValue;

        // Its StructSize is 0 until something is set.
        private WriteOptionsData data;

        /// <summary>What this write survives.</summary>
        public Durability Durability
        {
            get => (Durability)data.Durability;
            set
            {
                data.StructSize = (uint)sizeof(WriteOptionsData);
                data.Durability = (uint)value;
            }
        }

        /// <summary>
        /// When the keys that are put begin to count as absent, in whole milliseconds: what is beyond is
        /// cut off. Null is by the store's <see cref="StoreOptions.DefaultTtl"/>, in
        /// <see cref="Store.Update(byte[], Func{byte[], byte[]}, WriteOptions)"/> and its like as before;
        /// <see cref="NeverExpires"/> is never.
        /// </summary>
        public DateTimeOffset? ExpiresAt
        {
            get => data.ExpiresAt == 0 ? (DateTimeOffset?)null : Expiry.FromNative(data.ExpiresAt);
            set
            {
                data.StructSize = (uint)sizeof(WriteOptionsData);
                data.ExpiresAt = value.HasValue ? Expiry.ToNative(value.Value) : 0;
            }
        }

        // What C is given: null for the default value, else a part of `options`, which is on the
        // caller's stack.
        internal static WriteOptionsData* Native(WriteOptions* options)
        {
            return options->data.StructSize == 0 ? null : &options->data;
        }
    }
}

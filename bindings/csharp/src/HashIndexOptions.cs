using System;
using System.Globalization;

namespace Stave
{
    /// <summary>
    /// How an index is made. A new object has the defaults. The library checks the values when the index
    /// is made.
    /// </summary>
    /// <example>
    /// <code>
    /// new HashIndexOptions { Capacity = 1000000 }
    /// HashIndexOptions.Parse("value_bits=44 capacity=1000000")
    /// </code>
    /// </example>
    /// <remarks>Thread safety: one thread at a time.</remarks>
    public sealed unsafe class HashIndexOptions
    {
        private HashIndexOptionsData data;

        /// <summary>The defaults.</summary>
        public HashIndexOptions()
        {
            fixed (HashIndexOptionsData* pointer = &data)
            {
                Raw.stave_index_options_init(pointer);
            }
        }

        internal HashIndexOptions(HashIndexOptionsData inForce)
        {
            data = inForce;
        }

        /// <summary>Where the keys are; default Owned. A resolver makes it Resolved.</summary>
        public KeyMode KeyMode
        {
            get => (KeyMode)data.KeyMode;
            set => data.KeyMode = (uint)value;
        }

        /// <summary>
        /// 44: values below 2^44, in less memory when a resolver knows the keys; default 64.
        /// </summary>
        public int ValueBits
        {
            get => (int)data.ValueBits;
            set => data.ValueBits = (uint)value;
        }

        /// <summary>
        /// Parts that grow by themselves, a power of two from 1 to 256; default 0: by the capacity.
        /// </summary>
        public int Shards
        {
            get => (int)data.Shards;
            set => data.Shards = (uint)value;
        }

        /// <summary>Entries that fit before the first growth; default 0.</summary>
        public long Capacity
        {
            get => (long)data.Capacity;
            set => data.Capacity = (ulong)value;
        }

        /// <summary>
        /// Of the hash; default 0: a random one, so that nobody can prepare keys that collide.
        /// </summary>
        public ulong Seed
        {
            get => data.Seed;
            set => data.Seed = value;
        }

        internal HashIndexOptionsData Data => data;

        /// <summary>The defaults, changed by <see cref="Set"/>.</summary>
        public static HashIndexOptions Parse(string text)
        {
            var options = new HashIndexOptions();
            options.Set(text);
            return options;
        }

        /// <summary>
        /// Sets options from text such as <c>"value_bits=44 shards=16"</c>, separated by spaces or commas.
        /// <see cref="Describe"/> lists them.
        /// </summary>
        /// <exception cref="InvalidArgumentException">
        /// The text has an option that is unknown or out of range, which the message names; nothing is
        /// changed.
        /// </exception>
        public void Set(string text)
        {
            fixed (byte* native = Text.ToNative(text, nameof(text)))
            fixed (HashIndexOptionsData* pointer = &data)
            {
                int status = Raw.stave_index_options_set(pointer, native, out IntPtr failure);
                Failures.Check(status, failure);
            }
        }

        /// <summary>All options with type, default and meaning, one a line, for people.</summary>
        public static string Describe()
        {
            return Text.Described(Raw.stave_index_options_describe);
        }

        /// <summary>All options as <see cref="Set"/> takes them.</summary>
        public override string ToString()
        {
            return string.Format(CultureInfo.InvariantCulture,
                "key_mode={0} value_bits={1} shards={2} capacity={3} seed={4}",
                KeyMode.ToString().ToLowerInvariant(), data.ValueBits, data.Shards, data.Capacity,
                data.Seed);
        }
    }
}

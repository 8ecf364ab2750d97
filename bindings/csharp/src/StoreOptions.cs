using System;
using System.Globalization;

namespace Stave
{
    /// <summary>
    /// How a store is opened. A new object has the defaults. The library checks the values when the
    /// store is opened.
    /// </summary>
    /// <example>
    /// <code>
    /// new StoreOptions { Durability = Durability.OS, SegmentSize = 64 &lt;&lt; 20 }
    /// StoreOptions.Parse("durability=os segment_size=64MiB")
    /// </code>
    /// </example>
    /// <remarks>Thread safety: one thread at a time.</remarks>
    public sealed unsafe class StoreOptions
    {
        private StoreOptionsData data;

        /// <summary>The defaults.</summary>
        public StoreOptions()
        {
            fixed (StoreOptionsData* pointer = &data)
            {
                Raw.stave_store_options_init(pointer);
            }
        }

        internal StoreOptions(StoreOptionsData inForce)
        {
            data = inForce;
        }

        /// <summary>What a write survives unless it says otherwise; default Device.</summary>
        public Durability Durability
        {
            get => (Durability)data.Durability;
            set => data.Durability = (uint)value;
        }

        /// <summary>How files are read; default Mapped.</summary>
        public IOMode IO
        {
            get => (IOMode)data.IO;
            set => data.IO = (uint)value;
        }

        /// <summary>
        /// Independent locks, a power of two from 1 to 65536, fixed when the store is created. Default 0:
        /// the stored number, for a new store 16.
        /// </summary>
        public int Shards
        {
            get => (int)data.Shards;
            set => data.Shards = (uint)value;
        }

        /// <summary>
        /// Bytes after which a new log file begins, 4 KiB to 64 GiB; default 256 MiB.
        /// </summary>
        public long SegmentSize
        {
            get => (long)data.SegmentSize;
            set => data.SegmentSize = (ulong)value;
        }

        /// <summary>
        /// Whether writes are refused; default false. Any number of read-only objects may share a store.
        /// </summary>
        public bool ReadOnly
        {
            get => data.ReadOnly != 0;
            set => data.ReadOnly = ToByte(value);
        }

        /// <summary>Whether a store that is not there is created; default true.</summary>
        public bool CreateIfMissing
        {
            get => data.CreateIfMissing != 0;
            set => data.CreateIfMissing = ToByte(value);
        }

        /// <summary>Whether a store that is there already is an error; default false.</summary>
        public bool ErrorIfExists
        {
            get => data.ErrorIfExists != 0;
            set => data.ErrorIfExists = ToByte(value);
        }

        /// <summary>
        /// Where the key directory is; fixed when the store is created. Default Stored.
        /// </summary>
        public KeyDirectory KeyDirectory
        {
            get => (KeyDirectory)data.Keydir;
            set => data.Keydir = (uint)value;
        }

        /// <summary>
        /// With a key directory on disk: bytes of log after which it is saved by itself, beside traffic;
        /// an open after a crash reads about as much. 0: only when many changes have gathered. Default
        /// 256 MiB.
        /// </summary>
        public long CheckpointInterval
        {
            get => (long)data.CheckpointInterval;
            set => data.CheckpointInterval = (ulong)value;
        }

        /// <summary>
        /// With a key directory on disk: whether a thread of the library merges changes into it, or else
        /// writers do, in slices. Default true.
        /// </summary>
        public bool Background
        {
            get => data.Background != 0;
            set => data.Background = ToByte(value);
        }

        // A copy, so that nothing changes between the library's check and its use.
        internal StoreOptionsData Data => data;

        /// <summary>The defaults, changed by <see cref="Set"/>.</summary>
        /// <exception cref="InvalidArgumentException">See <see cref="Set"/>.</exception>
        public static StoreOptions Parse(string text)
        {
            var options = new StoreOptions();
            options.Set(text);
            return options;
        }

        /// <summary>
        /// Sets options from text such as <c>"durability=os segment_size=64MiB"</c>, separated by spaces
        /// or commas. <see cref="Describe"/> lists them.
        /// </summary>
        /// <exception cref="InvalidArgumentException">
        /// The text has an option that is unknown or out of range, which the message names; nothing is
        /// changed.
        /// </exception>
        public void Set(string text)
        {
            fixed (byte* native = Text.ToNative(text, nameof(text)))
            fixed (StoreOptionsData* pointer = &data)
            {
                int status = Raw.stave_store_options_set(pointer, native, out IntPtr failure);
                Failures.Check(status, failure);
            }
        }

        /// <summary>All options with type, default and meaning, one a line, for people.</summary>
        public static string Describe()
        {
            return Text.Described(Raw.stave_store_options_describe);
        }

        /// <summary>All options as <see cref="Set"/> takes them.</summary>
        public override string ToString()
        {
            return string.Format(CultureInfo.InvariantCulture,
                "durability={0} io={1} shards={2} segment_size={3} read_only={4} " +
                "create_if_missing={5} error_if_exists={6} background={7} keydir={8} " +
                "checkpoint_interval={9}",
                Durability.ToString().ToLowerInvariant(), IO == IOMode.Mapped ? "mmap" : "buffered",
                data.Shards, data.SegmentSize, data.ReadOnly, data.CreateIfMissing,
                data.ErrorIfExists, data.Background,
                KeyDirectory.ToString().ToLowerInvariant(), data.CheckpointInterval);
        }

        private static byte ToByte(bool value)
        {
            return value ? (byte)1 : (byte)0;
        }
    }
}

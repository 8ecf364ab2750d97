using System;
using System.Globalization;

namespace Stave
{
    /// <summary>
    /// How a disk index is opened. A new object has the defaults. The library checks the values when the
    /// index is opened.
    /// </summary>
    /// <example>
    /// <code>
    /// new DiskIndexOptions { RecordSize = 8, CreateParents = true }
    /// DiskIndexOptions.Parse("record_size=8 create_parents=1")
    /// </code>
    /// </example>
    /// <remarks>Thread safety: one thread at a time.</remarks>
    public sealed unsafe class DiskIndexOptions
    {
        private DiskIndexOptionsData data;

        /// <summary>The defaults.</summary>
        public DiskIndexOptions()
        {
            fixed (DiskIndexOptionsData* pointer = &data)
            {
                Raw.stave_disk_index_options_init(pointer);
            }
        }

        internal DiskIndexOptions(DiskIndexOptionsData inForce)
        {
            data = inForce;
        }

        /// <summary>1 to 256: opaque records. Default 0: payload records in a new file, whatever it holds
        /// in an old one.</summary>
        public int RecordSize
        {
            get => (int)data.RecordSize;
            set => data.RecordSize = (uint)value;
        }

        /// <summary>Bytes of the tables of changes that are not merged yet, 64 KiB to 64 GiB; default 64
        /// MiB, and half as much again while changes come faster than they are merged. More makes fewer,
        /// larger merges, and a larger log in the file.</summary>
        public long DeltaMemory
        {
            get => (long)data.DeltaMemory;
            set => data.DeltaMemory = (ulong)value;
        }

        /// <summary>Bytes that a load sorts at a time, from 64 KiB; default 256 MiB.</summary>
        public long BulkMemory
        {
            get => (long)data.BulkMemory;
            set => data.BulkMemory = (ulong)value;
        }

        /// <summary>Default false. Any number of processes may read a file that nobody writes.</summary>
        public bool ReadOnly
        {
            get => data.ReadOnly != 0;
            set => data.ReadOnly = ToByte(value);
        }

        /// <summary>Default true.</summary>
        public bool CreateIfMissing
        {
            get => data.CreateIfMissing != 0;
            set => data.CreateIfMissing = ToByte(value);
        }

        /// <summary>Whether to make the directories that lead to a new file; default false.</summary>
        public bool CreateParents
        {
            get => data.CreateParents != 0;
            set => data.CreateParents = ToByte(value);
        }

        /// <summary>Default false.</summary>
        public bool ErrorIfExists
        {
            get => data.ErrorIfExists != 0;
            set => data.ErrorIfExists = ToByte(value);
        }

        /// <summary>Default true: merge in a thread, started when one is near; else in slices of
        /// the writers' calls.</summary>
        public bool Background
        {
            get => data.Background != 0;
            set => data.Background = ToByte(value);
        }

        internal DiskIndexOptionsData Data => data;

        /// <summary>The defaults, changed by <see cref="Set"/>.</summary>
        public static DiskIndexOptions Parse(string text)
        {
            var options = new DiskIndexOptions();
            options.Set(text);
            return options;
        }

        /// <summary>
        /// Sets options from text such as <c>"record_size=8 delta_memory=1MiB"</c>, separated by spaces or
        /// commas. <see cref="Describe"/> lists them.
        /// </summary>
        /// <exception cref="InvalidArgumentException">
        /// The text has an option that is unknown or out of range, which the message names; nothing is
        /// changed.
        /// </exception>
        public void Set(string text)
        {
            fixed (byte* native = Text.ToNative(text, nameof(text)))
            fixed (DiskIndexOptionsData* pointer = &data)
            {
                int status = Raw.stave_disk_index_options_set(pointer, native, out IntPtr failure);
                Failures.Check(status, failure);
            }
        }

        /// <summary>All options with type, default and meaning, one a line, for people.</summary>
        public static string Describe()
        {
            return Text.Described(Raw.stave_disk_index_options_describe);
        }

        /// <summary>All options as <see cref="Set"/> takes them.</summary>
        public override string ToString()
        {
            return string.Format(CultureInfo.InvariantCulture,
                "record_size={0} delta_memory={1} bulk_memory={2} read_only={3} " +
                "create_if_missing={4} create_parents={5} error_if_exists={6} background={7}",
                data.RecordSize, data.DeltaMemory, data.BulkMemory, data.ReadOnly,
                data.CreateIfMissing, data.CreateParents, data.ErrorIfExists, data.Background);
        }

        private static byte ToByte(bool value)
        {
            return value ? (byte)1 : (byte)0;
        }
    }
}

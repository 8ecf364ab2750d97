using System;
using System.Globalization;

namespace Stave
{
    /// <summary>Who keeps the time of a memtable.</summary>
    public enum TimestampMode
    {
        /// <summary>The table: <see cref="Memtable.Begin"/> and <see cref="Memtable.OpenSnapshot"/>.</summary>
        Managed = Constants.STAVE_TIMESTAMPS_MANAGED,

        /// <summary>The caller, who brings a timestamp for each read and commit.</summary>
        Explicit = Constants.STAVE_TIMESTAMPS_EXPLICIT,
    }

    /// <summary>
    /// How a memtable is made. A new object has the defaults. The library checks the values when the table
    /// is made.
    /// </summary>
    /// <example>
    /// <code>
    /// new MemtableOptions { Timestamps = TimestampMode.Explicit }
    /// MemtableOptions.Parse("timestamps=explicit capacity=1000000")
    /// </code>
    /// </example>
    /// <remarks>Thread safety: one thread at a time.</remarks>
    public sealed unsafe class MemtableOptions
    {
        private MemtableOptionsData data;

        /// <summary>The defaults.</summary>
        public MemtableOptions()
        {
            fixed (MemtableOptionsData* pointer = &data)
            {
                Raw.stave_memtable_options_init(pointer);
            }
        }

        internal MemtableOptions(MemtableOptionsData inForce)
        {
            data = inForce;
        }

        /// <summary>Default Managed.</summary>
        public TimestampMode Timestamps
        {
            get => (TimestampMode)data.Timestamps;
            set => data.Timestamps = (uint)value;
        }

        /// <summary>Room for this many keys is made at once; default 0. No limit: tables grow piece by
        /// piece.</summary>
        public long Capacity
        {
            get => (long)data.Capacity;
            set => data.Capacity = (ulong)value;
        }

        /// <summary>
        /// Default true: what commits leave to be freed may be freed by the library's background thread,
        /// within a second. Without it later commits do that, and <see cref="Memtable.Prune"/>. Tables
        /// with explicit timestamps never use the thread.
        /// </summary>
        public bool Background
        {
            get => data.Background != 0;
            set => data.Background = value ? (byte)1 : (byte)0;
        }

        internal MemtableOptionsData Data => data;

        /// <summary>The defaults, changed by <see cref="Set"/>.</summary>
        public static MemtableOptions Parse(string text)
        {
            var options = new MemtableOptions();
            options.Set(text);
            return options;
        }

        /// <summary>
        /// Sets options from text such as <c>"timestamps=explicit capacity=1000000"</c>, separated by spaces
        /// or commas. <see cref="Describe"/> lists them.
        /// </summary>
        /// <exception cref="InvalidArgumentException">
        /// The text has an option that is unknown or out of range, which the message names; nothing is
        /// changed.
        /// </exception>
        public void Set(string text)
        {
            fixed (byte* native = Text.ToNative(text, nameof(text)))
            fixed (MemtableOptionsData* pointer = &data)
            {
                int status = Raw.stave_memtable_options_set(
                    pointer, native, out IntPtr failure);
                Failures.Check(status, failure);
            }
        }

        /// <summary>All options with type, default and meaning, one a line, for people.</summary>
        public static string Describe()
        {
            return Text.Described(Raw.stave_memtable_options_describe);
        }

        /// <summary>All options as <see cref="Set"/> takes them.</summary>
        public override string ToString()
        {
            return string.Format(CultureInfo.InvariantCulture,
                "timestamps={0} capacity={1} background={2}", Timestamps.ToString().ToLowerInvariant(),
                data.Capacity, data.Background);
        }
    }
}

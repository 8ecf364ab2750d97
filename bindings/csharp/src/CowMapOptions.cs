using System;
using System.Globalization;

namespace Stave
{
    /// <summary>Whether the values of a map have one size.</summary>
    public enum ValueMode
    {
        /// <summary>Each value has a size of its own.</summary>
        Variable = Constants.STAVE_VALUES_VARIABLE,

        /// <summary>All have <see cref="CowMapOptions.ValueSize"/> bytes.</summary>
        Fixed = Constants.STAVE_VALUES_FIXED,
    }

    /// <summary>
    /// How a map is made. A new object has the defaults. The library checks the values when the map is
    /// made.
    /// </summary>
    /// <example>
    /// <code>
    /// new CowMapOptions { Values = ValueMode.Fixed, ValueSize = 8 }
    /// CowMapOptions.Parse("values=fixed value_size=8")
    /// </code>
    /// </example>
    /// <remarks>Thread safety: one thread at a time.</remarks>
    public sealed unsafe class CowMapOptions
    {
        private CowMapOptionsData data;

        /// <summary>The defaults.</summary>
        public CowMapOptions()
        {
            fixed (CowMapOptionsData* pointer = &data)
            {
                Raw.stave_cow_map_options_init(pointer);
            }
        }

        internal CowMapOptions(CowMapOptionsData inForce)
        {
            data = inForce;
        }

        /// <summary>Default Variable. Values of one size, up to 8 bytes, lie beside their keys, without
        /// memory of their own.</summary>
        public ValueMode Values
        {
            get => (ValueMode)data.Values;
            set => data.Values = (uint)value;
        }

        /// <summary>The size of fixed values; default 0. Ignored for variable ones.</summary>
        public int ValueSize
        {
            get => (int)data.ValueSize;
            set => data.ValueSize = (uint)value;
        }

        /// <summary>
        /// Entries to prepare for, at most 2^32; default 0. A hint: it saves some rearranging while the map
        /// fills up, at half a byte an entry or less.
        /// </summary>
        public long Capacity
        {
            get => (long)data.Capacity;
            set => data.Capacity = (ulong)value;
        }

        internal CowMapOptionsData Data => data;

        /// <summary>The defaults, changed by <see cref="Set"/>.</summary>
        public static CowMapOptions Parse(string text)
        {
            var options = new CowMapOptions();
            options.Set(text);
            return options;
        }

        /// <summary>
        /// Sets options from text such as <c>"values=fixed value_size=8"</c>, separated by spaces or commas.
        /// <see cref="Describe"/> lists them.
        /// </summary>
        /// <exception cref="InvalidArgumentException">
        /// The text has an option that is unknown or out of range, which the message names; nothing is
        /// changed.
        /// </exception>
        public void Set(string text)
        {
            fixed (byte* native = Text.ToNative(text, nameof(text)))
            fixed (CowMapOptionsData* pointer = &data)
            {
                int status = Raw.stave_cow_map_options_set(pointer, native, out IntPtr failure);
                Failures.Check(status, failure);
            }
        }

        /// <summary>All options with type, default and meaning, one a line, for people.</summary>
        public static string Describe()
        {
            return Text.Described(Raw.stave_cow_map_options_describe);
        }

        /// <summary>All options as <see cref="Set"/> takes them.</summary>
        public override string ToString()
        {
            return string.Format(CultureInfo.InvariantCulture,
                "values={0} value_size={1} capacity={2}", Values.ToString().ToLowerInvariant(),
                data.ValueSize, data.Capacity);
        }
    }
}

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
}

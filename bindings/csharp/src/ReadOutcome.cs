namespace Stave
{
    /// <summary>What a read of a memtable with explicit timestamps found.</summary>
    public enum ReadOutcome
    {
        /// <summary>Nothing: no version of the key is visible. What lies below the table counts.</summary>
        Absent,

        /// <summary>A tombstone: the key is removed, whatever lies below the table.</summary>
        Deleted,

        /// <summary>A value.</summary>
        Found,
    }
}

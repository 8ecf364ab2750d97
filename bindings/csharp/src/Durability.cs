namespace Stave
{
    /// <summary>What a write survives once its call has returned.</summary>
    public enum Durability
    {
        /// <summary>What the store was opened with.</summary>
        Default = Constants.STAVE_DURABILITY_DEFAULT,
        /// <summary>Promises nothing beyond the life of the process.</summary>
        Memory = Constants.STAVE_DURABILITY_MEMORY,
        /// <summary>Survives the death of the process, not a power loss.</summary>
        OS = Constants.STAVE_DURABILITY_OS,
        /// <summary>Survives a power loss. Writers that wait share one sync of the device.</summary>
        Device = Constants.STAVE_DURABILITY_DEVICE,
    }
}

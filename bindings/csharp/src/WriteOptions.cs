namespace Stave
{
    /// <summary>How one write is done. The default value takes everything from the store.</summary>
    public struct WriteOptions
    {
        /// <summary>What this write survives.</summary>
        public Durability Durability { get; set; }

        internal uint Number => (uint)Durability;
    }
}

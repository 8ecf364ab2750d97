namespace Stave
{
    /// <summary>What became of a change that depends on the present value.</summary>
    public enum SwapOutcome
    {
        /// <summary>The value was the expected one; the change is made.</summary>
        Done,

        /// <summary>The key has another value; nothing was changed.</summary>
        Mismatch,

        /// <summary>There is no such key; nothing was changed.</summary>
        Absent,
    }
}

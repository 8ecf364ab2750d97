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
}

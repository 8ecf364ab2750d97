namespace Stave
{
    /// <summary>
    /// Called by <see cref="Store.Verify(VerifyProgress)"/> from time to time, and at the end with
    /// <paramref name="done"/> equal to <paramref name="total"/>, on the thread that verifies. It may read
    /// the store that is verified; what writes to it or closes it, and every call on a disk index that is
    /// verified, throws <see cref="BusyException"/>. An exception that it throws stops the verification and
    /// comes out of <c>Verify</c> unchanged.
    /// </summary>
    /// <param name="done">Bytes that have been checked.</param>
    /// <param name="total">Bytes in all.</param>
    /// <returns>True to go on; false stops with <see cref="CancelledException"/>.</returns>
    public delegate bool VerifyProgress(long done, long total);
}

using System;

namespace Stave
{
    // Times of expiry: Unix time in milliseconds in C.
    internal static class Expiry
    {
        internal const ulong Never = ulong.MaxValue; // STAVE_NEVER_EXPIRES

        private static readonly ulong LastTime =
            (ulong)DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

        // C has no times up to the begin of 1970, where 0 means something else: they have passed all the same.
        internal static ulong ToNative(DateTimeOffset time)
        {
            return time == WriteOptions.NeverExpires
                ? Never : (ulong)Math.Max(1, time.ToUnixTimeMilliseconds());
        }

        // .NET ends with the year 9999; what lasts longer does not expire.
        internal static DateTimeOffset FromNative(ulong time)
        {
            return time >= LastTime
                ? WriteOptions.NeverExpires : DateTimeOffset.FromUnixTimeMilliseconds((long)time);
        }

        // Of a record: null when it never expires.
        internal static DateTimeOffset? OfRecord(ulong time)
        {
            return time == 0 ? (DateTimeOffset?)null : FromNative(time);
        }
    }
}

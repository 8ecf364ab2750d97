using System;

namespace Stave
{
    // Times of expiry: Unix time in milliseconds in C.
    internal static class Expiry
    {
        internal const ulong Never = ulong.MaxValue; // STAVE_NEVER_EXPIRES

        private static readonly ulong LastTime =
            (ulong)DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

        // C cannot express 1970 or earlier, since 0 means "no time": such times become 1, which has passed.
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

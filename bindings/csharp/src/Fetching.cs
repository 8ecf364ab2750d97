using System;
using System.Collections.Generic;

namespace Stave
{
    // What cursors have in common.
    internal static class Fetching
    {
        // What one call for many entries may bring: native memory that is copied into arrays at once.
        internal const int CountMax = 1 << 16;
        internal const int BytesMax = 1 << 28;
        // What foreach fetches ahead.
        internal const int Count = 128;
        internal const int Bytes = 1 << 16;

        // All that `next` brings until it brings nothing. The cursor is disposed of with the enumerator.
        internal static IEnumerator<T> Enumerate<T>(IDisposable cursor, Func<IReadOnlyList<T>> next)
        {
            using (cursor)
            {
                for (IReadOnlyList<T> some = next(); some.Count > 0; some = next())
                {
                    for (int i = 0; i < some.Count; i++)
                    {
                        yield return some[i];
                    }
                }
            }
        }
    }
}

using System;

namespace Stave
{
    // Arguments that are refused before anything is called. Arrays of bytes: see Bytes.
    internal static class Arguments
    {
        internal static void RefuseNull(object argument, string parameter)
        {
            if (argument == null)
            {
                throw new ArgumentNullException(parameter);
            }
        }

        internal static void RefuseNegative(long number, string parameter)
        {
            if (number < 0)
            {
                throw new ArgumentOutOfRangeException(parameter);
            }
        }
    }
}

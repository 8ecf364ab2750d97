using System;

namespace Stave
{
    /// <summary>Is given a value in place, for as long as it runs.</summary>
    public delegate void ValueReader(ReadOnlySpan<byte> value);

    // A read that hands the value to a callback.
    internal sealed unsafe class ReaderCall : CallbackCall
    {
        // Static, so that it is never garbage while native code has its address.
        internal static readonly NativeReader Function = Run;

        private readonly ValueReader reader;

        internal ReaderCall(ValueReader reader)
        {
            this.reader = reader;
        }

        private static int Run(IntPtr context, byte* value, UIntPtr size)
        {
            var call = Of<ReaderCall>(context);
            try
            {
                call.reader(new ReadOnlySpan<byte>(value, checked((int)size)));
                return Constants.STAVE_OK;
            }
            catch (Exception exception)
            {
                return call.Keep(exception);
            }
        }
    }
}

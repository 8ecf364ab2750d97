using System;

namespace Stave
{
    // A call of a map or a store with a callback that makes a value.
    internal sealed unsafe class EditCall : CallbackCall
    {
        // Static, so that it is never garbage while native code has its address.
        internal static readonly NativeEdit Function = Run;

        private readonly Func<byte[], byte[]> edit;

        internal EditCall(Func<byte[], byte[]> edit)
        {
            this.edit = edit;
        }

        private static int Run(IntPtr context, NativeBuffer* value)
        {
            var call = Of<EditCall>(context);
            try
            {
                byte[] result = call.edit(Bytes.Copy(value));
                if (result == null)
                {
                    throw new InvalidOperationException("the callback returned null");
                }
                Bytes.Fill(value, result);
                return Constants.STAVE_OK;
            }
            catch (Exception exception)
            {
                return call.Keep(exception);
            }
        }
    }
}

using System;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Stave
{
    // A call of a map with a callback that makes a value: what native code is given for the callback, and
    // what that has thrown.
    internal sealed unsafe class EditCall : IDisposable
    {
        private readonly Func<byte[], byte[]> edit;
        private GCHandle context;
        private ExceptionDispatchInfo thrown;

        internal EditCall(Func<byte[], byte[]> edit)
        {
            this.edit = edit;
            context = GCHandle.Alloc(this);
        }

        internal IntPtr Context => GCHandle.ToIntPtr(context);

        public void Dispose()
        {
            context.Free();
        }

        // After the call.
        internal void Rethrow(IntPtr failure)
        {
            if (thrown != null)
            {
                Raw.stave_csharp_free_error(failure);
                thrown.Throw();
            }
        }

        // The callback as native code calls it. No exception may pass through the native code.
        internal static int Run(IntPtr context, NativeBuffer* value)
        {
            var call = (EditCall)GCHandle.FromIntPtr(context).Target;
            try
            {
                byte[] result = call.edit(Bytes.Copy(value));
                if (result == null)
                {
                    throw new InvalidOperationException("the callback returned null");
                }
                int status = Raw.stave_buffer_resize(
                    value, (UIntPtr)(uint)result.Length, out IntPtr failure);
                Failures.Check(status, failure);
                fixed (byte* data = result)
                {
                    Bytes.Move(data, value->Data, result.Length);
                }
                return Constants.STAVE_OK;
            }
            catch (Exception exception)
            {
                call.thrown = ExceptionDispatchInfo.Capture(exception);
                return Constants.STAVE_CANCELLED;
            }
        }
    }
}

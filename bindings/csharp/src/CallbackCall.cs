using System;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Stave
{
    // A call of the library that runs a callback: what native code is given for the callback, and what
    // that has thrown. No exception may pass through the native code in between.
    internal abstract class CallbackCall : IDisposable
    {
        private GCHandle context;
        private ExceptionDispatchInfo thrown;

        protected CallbackCall()
        {
            context = GCHandle.Alloc(this);
        }

        internal IntPtr Context => GCHandle.ToIntPtr(context);

        public void Dispose()
        {
            context.Free();
        }

        // Behind the native call: whether it did what it says; throws what the callback has thrown, else
        // as Failures.Check.
        internal bool Check(int status, IntPtr failure, long written = 0)
        {
            if (thrown != null)
            {
                Raw.stave_csharp_free_error(failure);
                thrown.Throw();
            }
            return Failures.Check(status, failure, written);
        }

        protected static TCall Of<TCall>(IntPtr context) where TCall : CallbackCall
        {
            return (TCall)GCHandle.FromIntPtr(context).Target;
        }

        // The callback has thrown: what native code is told.
        protected int Keep(Exception exception)
        {
            thrown = ExceptionDispatchInfo.Capture(exception);
            return Constants.STAVE_CANCELLED;
        }
    }

    // Of a call that reports its progress.
    internal sealed class ProgressCall : CallbackCall
    {
        // Static, so that it is never garbage while native code has its address.
        internal static readonly NativeProgress Function = Report;

        private readonly VerifyProgress progress;

        internal ProgressCall(VerifyProgress progress)
        {
            this.progress = progress;
        }

        private static int Report(IntPtr context, ulong done, ulong total)
        {
            var call = Of<ProgressCall>(context);
            try
            {
                return call.progress((long)done, (long)total)
                    ? Constants.STAVE_OK : Constants.STAVE_CANCELLED;
            }
            catch (Exception exception)
            {
                return call.Keep(exception);
            }
        }
    }
}

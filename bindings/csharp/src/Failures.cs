using System;
using System.Runtime.CompilerServices;

namespace Stave
{
    // From the outcome of a native call to an exception.
    internal static unsafe class Failures
    {
        // True for OK, false for an expected outcome; throws for an error.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static bool Check(int status, IntPtr failure)
        {
            if (status < 0)
            {
                throw Take(status, failure);
            }
            return status == Constants.STAVE_OK;
        }

        // Of a call that writes one key after the other: how many it had written.
        internal static bool Check(int status, IntPtr failure, long written)
        {
            if (status < 0)
            {
                StaveException exception = Take(status, failure);
                exception.Written = written;
                throw exception;
            }
            return status == Constants.STAVE_OK;
        }

        // Of a call that has no expected outcome but OK: throws for all others.
        internal static void Require(int status, IntPtr failure)
        {
            if (status != Constants.STAVE_OK)
            {
                throw Take(status, failure);
            }
        }

        // The exception for a call that failed; frees its detail.
        internal static StaveException Take(int status, IntPtr failure)
        {
            string message = TakeMessage(status, failure, out int osErrno);
            return StaveException.Create((StaveStatus)status, message, osErrno);
        }

        // The message of a call that failed; frees its detail, which may be missing: some outcomes have
        // none, and there may have been no memory for it.
        internal static string TakeMessage(int status, IntPtr failure, out int osErrno)
        {
            osErrno = 0;
            if (failure == IntPtr.Zero)
            {
                return StaveLibrary.StatusMessage(status);
            }
            var data = (ErrorData*)failure;
            osErrno = data->OSErrno;
            string message = Text.FromNative((byte*)(data + 1));
            Raw.stave_csharp_free_error(failure);
            return message.Length > 0 ? message : StaveLibrary.StatusMessage(status);
        }

        internal static ClosedException Closed(string what)
        {
            return new ClosedException("the " + what + " is closed", 0);
        }
    }
}

using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Stave
{
    // The hooks of one store, which belong to its Handle: calls keep that reachable, and this with it. What
    // native code has of a hook is a weak handle, since a hook may refer to the store, and must not
    // keep it alive. No hook runs in the finalizer's call: nothing is written
    // then.
    //
    // Thread safety: any thread.
    internal sealed class StoreHooks : IDisposable
    {
        // Static, so that it is never garbage while native code has its address.
        internal static readonly unsafe NativeHook Function = Run;

        // What a hook of this thread's write has thrown last.
        [ThreadStatic]
        private static Exception thrown;

        // By the weak handles that native code has.
        private readonly Dictionary<IntPtr, StoreHook> hooks = new Dictionary<IntPtr, StoreHook>();

        // What native code is to be given.
        internal IntPtr Add(StoreHook hook)
        {
            IntPtr context = GCHandle.ToIntPtr(GCHandle.Alloc(hook, GCHandleType.Weak));
            lock (hooks)
            {
                hooks.Add(context, hook);
            }
            return context;
        }

        // Native code has not taken it.
        internal void Remove(IntPtr context)
        {
            lock (hooks)
            {
                if (hooks.Remove(context))
                {
                    GCHandle.FromIntPtr(context).Free();
                }
            }
        }

        // Behind the closing of the store: no hook runs any more.
        public void Dispose()
        {
            lock (hooks)
            {
                foreach (IntPtr context in hooks.Keys)
                {
                    GCHandle.FromIntPtr(context).Free();
                }
                hooks.Clear();
            }
        }

        // Why a write of this thread is HOOK_FAILED.
        internal static Exception TakeThrown()
        {
            Exception taken = thrown;
            thrown = null;
            return taken;
        }

        private static unsafe int Run(IntPtr context, ChangeData* change)
        {
            try
            {
                var hook = (StoreHook)GCHandle.FromIntPtr(context).Target;
                hook(new StoreChange(change));
                return Constants.STAVE_OK;
            }
            catch (Exception exception)
            {
                thrown = exception;
                return Constants.STAVE_CANCELLED;
            }
        }
    }

    // A visit of all records.
    internal sealed unsafe class VisitCall : CallbackCall
    {
        internal static readonly NativeHook Function = Visit;

        private readonly StoreHook hook;

        internal VisitCall(StoreHook hook)
        {
            this.hook = hook;
        }

        private static int Visit(IntPtr context, ChangeData* change)
        {
            var call = Of<VisitCall>(context);
            try
            {
                call.hook(new StoreChange(change));
                return Constants.STAVE_OK;
            }
            catch (Exception exception)
            {
                return call.Keep(exception);
            }
        }
    }
}

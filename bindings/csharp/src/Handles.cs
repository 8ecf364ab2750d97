using System;
using System.Runtime.ConstrainedExecution;

namespace Stave
{
    // Owns one native object. Who has the object's pointer keeps the Handle reachable (GC.KeepAlive)
    // until the native call has returned, so that the finalizer, which frees, can never run while a
    // call is inside.
    //
    // The class library's SafeHandle counts the calls instead, with two interlocked operations on one
    // word that all threads share. Reads of a store by several threads would wait for that word. The
    // native gates count without sharing: an object is closed at once, also with calls inside, which
    // gives back all but the shell that answers CLOSED; the finalizer frees the shell.
    //
    // Batches, cursors and transactions serve one call at a time, which holds the lock of their Handle. A
    // pin has nothing to close: Free gives it back under that lock. Transactions come and go by the
    // million: those that are disposed of are given back in the same way.
    internal abstract class Handle : CriticalFinalizerObject
    {
        // Written by the native call that makes the object, so that nothing can come between; zero
        // before, and once it is freed.
        internal IntPtr Pointer;

        // Not at the end of the process: some runtimes run all finalizers then, also of objects that
        // other threads are using.
        ~Handle()
        {
            if (!Environment.HasShutdownStarted)
            {
                FreeOnce();
            }
        }

        // Under the lock of this Handle.
        internal void Free()
        {
            FreeOnce();
            GC.SuppressFinalize(this);
        }

        protected abstract void FreeNative(IntPtr pointer);

        private void FreeOnce()
        {
            IntPtr pointer = Pointer;
            Pointer = IntPtr.Zero;
            if (pointer != IntPtr.Zero)
            {
                FreeNative(pointer);
            }
        }
    }

    internal sealed class StoreHandle : Handle
    {
        protected override void FreeNative(IntPtr pointer)
        {
            Raw.stave_store_free(pointer);
        }
    }

    internal sealed class BatchHandle : Handle
    {
        protected override void FreeNative(IntPtr pointer)
        {
            Raw.stave_batch_free(pointer);
        }
    }

    internal sealed class CursorHandle : Handle
    {
        protected override void FreeNative(IntPtr pointer)
        {
            Raw.stave_store_cursor_free(pointer);
        }
    }

    internal sealed class PinHandle : Handle
    {
        protected override void FreeNative(IntPtr pointer)
        {
            Raw.stave_pin_free(pointer);
        }
    }

    internal sealed class HashIndexHandle : Handle
    {
        protected override void FreeNative(IntPtr pointer)
        {
            Raw.stave_index_free(pointer);
        }
    }

    internal sealed class HashIndexCursorHandle : Handle
    {
        protected override void FreeNative(IntPtr pointer)
        {
            Raw.stave_index_cursor_free(pointer);
        }
    }

    internal sealed class CowMapHandle : Handle
    {
        protected override void FreeNative(IntPtr pointer)
        {
            Raw.stave_cow_map_free(pointer);
        }
    }

    internal sealed class CowMapCursorHandle : Handle
    {
        protected override void FreeNative(IntPtr pointer)
        {
            Raw.stave_cow_map_cursor_free(pointer);
        }
    }

    internal sealed class CowMapDiffHandle : Handle
    {
        protected override void FreeNative(IntPtr pointer)
        {
            Raw.stave_cow_map_diff_free(pointer);
        }
    }

    internal sealed class DiskIndexHandle : Handle
    {
        protected override void FreeNative(IntPtr pointer)
        {
            Raw.stave_disk_index_free(pointer);
        }
    }

    internal sealed class DiskIndexCursorHandle : Handle
    {
        protected override void FreeNative(IntPtr pointer)
        {
            Raw.stave_disk_index_cursor_free(pointer);
        }
    }

    internal sealed class MemtableHandle : Handle
    {
        protected override void FreeNative(IntPtr pointer)
        {
            Raw.stave_memtable_free(pointer);
        }
    }

    internal sealed class MemtableTransactionHandle : Handle
    {
        protected override void FreeNative(IntPtr pointer)
        {
            Raw.stave_memtable_transaction_free(pointer);
        }
    }

    internal sealed class MemtableSnapshotHandle : Handle
    {
        protected override void FreeNative(IntPtr pointer)
        {
            Raw.stave_memtable_snapshot_free(pointer);
        }
    }

    internal sealed class MemtableCursorHandle : Handle
    {
        protected override void FreeNative(IntPtr pointer)
        {
            Raw.stave_memtable_cursor_free(pointer);
        }
    }
}

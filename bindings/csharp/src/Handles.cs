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
    internal sealed class Handle : CriticalFinalizerObject
    {
        // How each kind of object is freed.
        internal static readonly Action<IntPtr> Store = Raw.stave_store_free;
        internal static readonly Action<IntPtr> Batch = Raw.stave_batch_free;
        internal static readonly Action<IntPtr> Cursor = Raw.stave_store_cursor_free;
        internal static readonly Action<IntPtr> Pin = Raw.stave_pin_free;
        internal static readonly Action<IntPtr> HashIndex = Raw.stave_index_free;
        internal static readonly Action<IntPtr> HashIndexCursor = Raw.stave_index_cursor_free;
        internal static readonly Action<IntPtr> CowMap = Raw.stave_cow_map_free;
        internal static readonly Action<IntPtr> CowMapCursor = Raw.stave_cow_map_cursor_free;
        internal static readonly Action<IntPtr> CowMapDiff = Raw.stave_cow_map_diff_free;
        internal static readonly Action<IntPtr> DiskIndex = Raw.stave_disk_index_free;
        internal static readonly Action<IntPtr> DiskIndexCursor = Raw.stave_disk_index_cursor_free;
        internal static readonly Action<IntPtr> Memtable = Raw.stave_memtable_free;
        internal static readonly Action<IntPtr> MemtableTransaction = Raw.stave_memtable_transaction_free;
        internal static readonly Action<IntPtr> MemtableSnapshot = Raw.stave_memtable_snapshot_free;
        internal static readonly Action<IntPtr> MemtableCursor = Raw.stave_memtable_cursor_free;

        private readonly Action<IntPtr> free;

        // What native code refers to as long as the object is there; null for most objects.
        internal IDisposable Attached;

        // Written by the native call that makes the object, so that nothing can come between; zero
        // before, and once it is freed.
        internal IntPtr Pointer;

        internal Handle(Action<IntPtr> free)
        {
            this.free = free;
        }

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

        private void FreeOnce()
        {
            IntPtr pointer = Pointer;
            Pointer = IntPtr.Zero;
            if (pointer != IntPtr.Zero)
            {
                free(pointer);
                Attached?.Dispose();
            }
        }
    }
}

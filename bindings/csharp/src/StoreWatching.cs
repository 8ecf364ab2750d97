using System;

namespace Stave
{
    /// <content>Hooks, which keep something else in step with the store, a secondary index for
    /// example.</content>
    public sealed unsafe partial class Store
    {
        private readonly StoreHooks hooks = new StoreHooks();

        /// <summary>
        /// Calls the hook for every change of a key that is committed from now on until the store is
        /// closed: by single writes, batches,
        /// <see cref="Store.Atomic(byte[], Action{Atomic}, WriteOptions)"/>, <see cref="Clear"/> and
        /// <see cref="Migrate(Migration, WriteOptions)"/>, not by expiry. Waits for running writes.
        /// </summary>
        /// <example>
        /// <code>
        /// store.OnWrite(index.Apply, true);
        /// store.OnOpen(index.Apply);
        /// </code>
        /// </example>
        /// <param name="hook">Runs after the change is visible and before the write returns, on the thread
        /// that writes, without a lock. Calls on all threads come one after the other, in the order of the
        /// versions, so a slow hook slows all writes down; those of one batch come in no particular order.
        /// A change that is not visible after a failed sync is not seen. The hook may read the store; what
        /// writes to the store or closes it throws <see cref="BusyException"/>. When it throws, the change
        /// stands, and the write throws <see cref="HookFailedException"/> with that exception inside.
        /// Several hooks are called in the order in which they were added, also after one of them has
        /// failed. The store keeps the hook until it is closed, or garbage: the hook may refer to the
        /// store.</param>
        /// <param name="wantsOldValues">Whether changes have the value that was replaced or removed, which
        /// costs each write a read. One that is damaged is a <see cref="CorruptionException"/> of the
        /// write.</param>
        /// <exception cref="ReadOnlyException">The store was opened for reading only.</exception>
        public void OnWrite(StoreHook hook, bool wantsOldValues = false)
        {
            Arguments.RefuseNull(hook, nameof(hook));
            uint flags = wantsOldValues ? (uint)Constants.STAVE_HOOK_OLD_VALUE : 0;
            IntPtr context = hooks.Add(hook);
            int status = Raw.stave_store_on_write(
                handle.Pointer, flags, StoreHooks.Function, context, out IntPtr failure);
            GC.KeepAlive(handle);
            if (status != Constants.STAVE_OK)
            {
                hooks.Remove(context);
            }
            Failures.Check(status, failure);
        }

        /// <summary>
        /// Calls the hook for every record, with its version and without an old value, in no particular
        /// order: to build what <see cref="OnWrite"/> then keeps in step. Takes time in proportion to the
        /// bytes in the store.
        /// </summary>
        /// <remarks>
        /// Meant to be called after opening and before others write. Beside writers a record is visited as
        /// by a <see cref="Cursor"/>: add the hook for writes first, and let the larger version count.
        /// </remarks>
        /// <param name="hook">Runs on this thread. It may read the store; what writes to the store or closes
        /// it throws <see cref="BusyException"/>. An exception that it throws ends the visit, and comes out
        /// of this call unchanged.</param>
        public void OnOpen(StoreHook hook)
        {
            Arguments.RefuseNull(hook, nameof(hook));
            using (var call = new VisitCall(hook))
            {
                int status = Raw.stave_store_on_open(
                    handle.Pointer, VisitCall.Function, call.Context, out IntPtr failure);
                GC.KeepAlive(handle);
                call.Check(status, failure);
            }
        }
    }
}

using System;
using System.Collections;
using System.Collections.Generic;

namespace Stave
{
    /// <summary>
    /// A durable key-value store in a directory: bytes to bytes, by exact key, unsorted.
    /// </summary>
    /// <example>
    /// <code>
    /// using (Store store = Store.Open("/var/lib/app/data"))
    /// {
    ///     store.Put(key, value);
    ///     if (store.TryGet(key, out byte[] found)) { ... }
    /// }
    /// </code>
    /// </example>
    /// <remarks>
    /// <para>Durability: a write returns when it is as durable as was asked for (see
    /// <see cref="Durability"/>), and other threads see it from that moment on. When a sync fails, the
    /// writes it covered throw <see cref="InputOutputException"/> and stay invisible, and the store
    /// refuses writes until it is opened again.</para>
    /// <para>Expiry: a record may have a time from which on its key counts as absent, in every call: by
    /// <see cref="WriteOptions.ExpiresAt"/> of a write, or <see cref="StoreOptions.DefaultTtl"/>. A call
    /// judges by the time of day at one moment during the call; a cursor by that of its opening. A thread
    /// of the store removes expired keys bit by bit; until then they count in
    /// <see cref="Count"/>.</para>
    /// <para>Absent: a key that does not exist is <c>false</c> or <c>null</c>, and never looks like an
    /// empty value.</para>
    /// <para>Limits: a key has 0 to 65,535 bytes, a value 0 to 1 GiB; beyond them
    /// <see cref="TooLargeException"/>, and nothing is written.</para>
    /// <para>Thread safety: any number of threads may use a store, also while one of them closes it.
    /// After that every method but <see cref="Close"/> throws <see cref="ClosedException"/>. A store
    /// that nobody closes is closed when it is garbage, not at the end of the process.</para>
    /// <para>Reads throw <see cref="CorruptionException"/> for damaged bytes and
    /// <see cref="InputOutputException"/> for a failing device; writes see each method.</para>
    /// </remarks>
    public sealed unsafe partial class Store : IDisposable, IEnumerable<KeyValuePair<byte[], byte[]>>
    {
        private readonly Handle handle = new Handle(Handle.Store);

        private Store(string path, StoreOptionsData options)
        {
            fixed (byte* native = Text.ToNative(path, nameof(path)))
            {
                handle.Attached = hooks;
                int status = Raw.stave_store_open(
                    native, &options, out handle.Pointer, out IntPtr failure);
                GC.KeepAlive(handle);
                if (status != Constants.STAVE_OK)
                {
                    throw Failures.Take(status, failure);
                }
            }
        }

        /// <summary>Opens the store in the directory, with the defaults.</summary>
        /// <inheritdoc cref="Open(string, StoreOptions)"/>
        public static Store Open(string path)
        {
            return Open(path, new StoreOptions());
        }

        /// <summary>
        /// Opens the store in the directory, creating it (not its parents) when the options allow.
        /// Recovery after a crash runs by itself. Takes time in proportion to the bytes in the store.
        /// </summary>
        /// <exception cref="NotFoundException">There is no store and the options do not create one, or
        /// the parent directory is missing.</exception>
        /// <exception cref="ExistsException">There is one, and the options say that this is an
        /// error.</exception>
        /// <exception cref="InvalidArgumentException">An option is out of range or differs from the
        /// stored one.</exception>
        /// <exception cref="LockedException">The store is open elsewhere.</exception>
        /// <exception cref="CorruptionException">Damaged or foreign files; nothing was
        /// changed.</exception>
        /// <exception cref="StaveException">UnsupportedVersion, WrongFamily, PermissionDenied, NoSpace or
        /// InputOutput.</exception>
        public static Store Open(string path, StoreOptions options)
        {
            if (options == null)
            {
                throw new ArgumentNullException(nameof(options));
            }
            return new Store(path, options.Data);
        }

        /// <summary>The options in force: defaults filled in, stored ones read.</summary>
        public StoreOptions Options
        {
            get
            {
                StoreOptionsData inForce;
                Raw.stave_store_options_init(&inForce);
                int status = Raw.stave_store_options_get(
                    handle.Pointer, &inForce, out IntPtr failure);
                GC.KeepAlive(handle);
                Failures.Check(status, failure);
                return new StoreOptions(inForce);
            }
        }

        /// <summary>
        /// Waits for running calls, makes everything durable, marks the store as cleanly closed and
        /// unlocks the directory. Lets go of the hooks. Any number of times, from any thread.
        /// </summary>
        /// <exception cref="BusyException">Called from inside a callback of this store.</exception>
        /// <exception cref="StaveException">InputOutput or NoSpace: not everything could be made durable.
        /// The store is closed all the same, and the next open recovers.</exception>
        public void Close()
        {
            int status = Raw.stave_store_close(handle.Pointer, out IntPtr failure);
            GC.KeepAlive(handle);
            if (status != Constants.STAVE_BUSY)
            {
                hooks.Dispose();
            }
            Failures.Check(status, failure);
        }

        /// <summary>Does what <see cref="Close"/> does, with the same exceptions.</summary>
        public void Dispose()
        {
            Close();
        }

        /// <summary>
        /// Everything acknowledged so far survives the end of the process: <see cref="Durability.OS"/>.
        /// </summary>
        public void Flush()
        {
            int status = Raw.stave_store_flush(handle.Pointer, out IntPtr failure);
            GC.KeepAlive(handle);
            Failures.Check(status, failure);
        }

        /// <summary>
        /// Everything acknowledged so far survives power loss: <see cref="Durability.Device"/>.
        /// </summary>
        public void Sync()
        {
            int status = Raw.stave_store_sync(handle.Pointer, out IntPtr failure);
            GC.KeepAlive(handle);
            Failures.Check(status, failure);
        }

        /// <summary>
        /// Saves a key directory on disk, beside traffic: an open after a crash reads what is logged later.
        /// What is acknowledged survives power loss, as after <see cref="Sync"/>.
        /// </summary>
        /// <exception cref="InvalidArgumentException">The key directory is in memory.</exception>
        public void Checkpoint()
        {
            int status = Raw.stave_store_checkpoint(handle.Pointer, out IntPtr failure);
            GC.KeepAlive(handle);
            Failures.Check(status, failure);
        }

        /// <summary>Counters and sizes. Takes time in proportion to the number of log files.</summary>
        public StoreStats GetStats()
        {
            StoreStatsData stats;
            Raw.stave_store_stats_init(&stats);
            int status = Raw.stave_store_stats_get(handle.Pointer, &stats, out IntPtr failure);
            GC.KeepAlive(handle);
            Failures.Check(status, failure);
            return new StoreStats(stats);
        }

        /// <summary>
        /// Checks every byte of the store; see <see cref="Verify(VerifyProgress)"/>.
        /// </summary>
        public void Verify()
        {
            int status = Raw.stave_store_verify(
                handle.Pointer, null, IntPtr.Zero, out IntPtr failure);
            GC.KeepAlive(handle);
            Failures.Check(status, failure);
        }

        /// <summary>
        /// Reads the whole log, checks every byte that a checksum covers, and proves that the index holds
        /// exactly the newest record of every key. Runs beside any traffic. Takes time in proportion to
        /// the bytes in the store, and native memory in proportion to the keys.
        /// </summary>
        /// <param name="progress">Called on this thread to say how far it has come.</param>
        /// <exception cref="CorruptionException">The message names the first damage.</exception>
        /// <exception cref="CancelledException">The progress callback asked to stop.</exception>
        public void Verify(VerifyProgress progress)
        {
            Arguments.RefuseNull(progress, nameof(progress));
            using (var call = new ProgressCall(progress))
            {
                int status = Raw.stave_store_verify(
                    handle.Pointer, ProgressCall.Function, call.Context, out IntPtr failure);
                GC.KeepAlive(handle);
                call.Check(status, failure);
            }
        }
    }
}

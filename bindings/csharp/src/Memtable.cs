using System;

namespace Stave
{
    /// <summary>
    /// A multi-version table from bytes to bytes, in memory: each key keeps the versions that somebody may
    /// still read. Nothing is written to disk.
    /// </summary>
    /// <example>
    /// <code>
    /// using (var table = new Memtable())
    /// {
    ///     table.Transact(transaction => transaction.Put(key, value));
    ///     using (MemtableSnapshot snapshot = table.OpenSnapshot())
    ///     {
    ///         byte[] found = snapshot.Get(key);
    ///     }
    /// }
    /// </code>
    /// </example>
    /// <remarks>
    /// <para>Readers see one moment and take no lock; the first writer of a key wins; a commit of any number
    /// of keys is visible as a whole or not at all. There are two ways to use a table, chosen when it is
    /// made. <see cref="TimestampMode.Managed"/>: the table keeps the time and frees what nobody can see any
    /// more; use <see cref="Begin"/> and <see cref="OpenSnapshot"/>. <see cref="TimestampMode.Explicit"/>:
    /// the caller brings timestamps and numbers of transactions, for engines with a clock of their own; use
    /// the methods that take them. Those of the other way throw
    /// <see cref="InvalidArgumentException"/>.</para>
    /// <para>A version is visible to a snapshot with timestamp s if it is committed at a timestamp below s;
    /// the newest such one counts. A removed key has a version too, a tombstone.</para>
    /// <para>Limits: keys have 0 to 65,535 bytes, values up to 1 GiB; beyond,
    /// <see cref="TooLargeException"/> and nothing is written. A commit timestamp is from 1 to
    /// 2^63-1.</para>
    /// <para>Thread safety: any number of threads may use a table, also while one of them closes it. After
    /// <see cref="Close"/> every other method throws <see cref="ClosedException"/>, and so do its
    /// transactions, snapshots and cursors. A table that nobody closes is closed when it is garbage: they do
    /// not keep it.</para>
    /// </remarks>
    public sealed unsafe partial class Memtable : IDisposable
    {
        private readonly Handle handle = new Handle(Handle.Memtable);

        /// <summary>An empty table with the defaults: it keeps the time.</summary>
        public Memtable() : this(new MemtableOptions())
        {
        }

        /// <summary>An empty table.</summary>
        /// <exception cref="InvalidArgumentException">An option is out of range.</exception>
        public Memtable(MemtableOptions options)
        {
            Arguments.RefuseNull(options, nameof(options));
            MemtableOptionsData data = options.Data;
            int status = Raw.stave_memtable_create(&data, out handle.Pointer, out IntPtr failure);
            Check(status, failure);
        }

        /// <summary>The options that the table was made with.</summary>
        public MemtableOptions Options
        {
            get
            {
                MemtableOptionsData inForce;
                Raw.stave_memtable_options_init(&inForce);
                int status = Raw.stave_memtable_options_get(
                    handle.Pointer, &inForce, out IntPtr failure);
                Check(status, failure);
                return new MemtableOptions(inForce);
            }
        }

        /// <summary>Begins a transaction that reads at this moment. With managed timestamps.</summary>
        public MemtableTransaction Begin()
        {
            return new MemtableTransaction(handle);
        }

        /// <summary>Begins a transaction, calls back with it, and commits what that has written. With managed
        /// timestamps.</summary>
        /// <param name="body">An exception that it throws rolls the transaction back and comes out of this
        /// call. After a <see cref="ConflictException"/> the call may be made again: the body then reads what
        /// the other transaction has written.</param>
        /// <returns>The commit timestamp; 0 when nothing was written.</returns>
        public ulong Transact(Action<MemtableTransaction> body)
        {
            Arguments.RefuseNull(body, nameof(body));
            using (MemtableTransaction transaction = Begin())
            {
                body(transaction);
                return transaction.Commit();
            }
        }

        /// <summary>The table as it is at this moment. With managed timestamps.</summary>
        public MemtableSnapshot OpenSnapshot()
        {
            return new MemtableSnapshot(handle);
        }

        /// <summary>
        /// Ends the table; uncommitted writes are lost, and pins keep their bytes. Any number of times, from
        /// any thread. Takes time in proportion to the keys.
        /// </summary>
        /// <exception cref="BusyException">Called from inside a callback of this table.</exception>
        public void Close()
        {
            int status = Raw.stave_memtable_close(handle.Pointer, out IntPtr failure);
            Check(status, failure);
        }

        /// <summary>Does what <see cref="Close"/> does, with the same exceptions.</summary>
        public void Dispose()
        {
            Close();
        }

        /// <summary>The number of keys whose newest committed version is a value. Exact when nobody
        /// commits.</summary>
        public long Count
        {
            get
            {
                ulong count = 0;
                int status = Raw.stave_memtable_size(handle.Pointer, &count, out IntPtr failure);
                Check(status, failure);
                return (long)count;
            }
        }

        /// <summary>Bytes of memory of keys, versions and values, uncommitted ones included.</summary>
        public long SizeBytes
        {
            get
            {
                ulong bytes = 0;
                int status = Raw.stave_memtable_size_bytes(
                    handle.Pointer, &bytes, out IntPtr failure);
                Check(status, failure);
                return (long)bytes;
            }
        }

        /// <summary>Whether there is no version of any key: no value, no tombstone, no uncommitted
        /// write.</summary>
        public bool IsEmpty
        {
            get
            {
                byte isEmpty = 0;
                int status = Raw.stave_memtable_is_empty(
                    handle.Pointer, &isEmpty, out IntPtr failure);
                Check(status, failure);
                return isEmpty != 0;
            }
        }

        /// <summary>
        /// Frees versions. With managed timestamps at once what the background thread or later commits would
        /// free: all that no open transaction, snapshot or cursor can see. With explicit ones all that no
        /// snapshot with a timestamp of <paramref name="oldest"/> or above can see; each key's newest version
        /// below it stays, be it a tombstone, and everything newer.
        /// </summary>
        /// <param name="oldest">Reads below it throw <see cref="TooOldException"/> from now on, for ever. With
        /// managed timestamps 0.</param>
        /// <returns>The number of versions that were freed.</returns>
        public long Prune(ulong oldest = 0)
        {
            ulong pruned = 0;
            int status = Raw.stave_memtable_prune(
                handle.Pointer, oldest, &pruned, out IntPtr failure);
            Check(status, failure);
            return (long)pruned;
        }

        /// <summary>Removes everything at one moment. Takes time in proportion to the keys.</summary>
        /// <exception cref="BusyException">A transaction that has written is open; with managed timestamps
        /// any transaction, snapshot or cursor.</exception>
        public void Clear()
        {
            int status = Raw.stave_memtable_clear(handle.Pointer, out IntPtr failure);
            Check(status, failure);
        }

        /// <summary>Keys, versions, memory, and who holds on to them.</summary>
        public MemtableStats GetStats()
        {
            MemtableStatsData stats;
            Raw.stave_memtable_stats_init(&stats);
            int status = Raw.stave_memtable_stats_get(handle.Pointer, &stats, out IntPtr failure);
            Check(status, failure);
            return new MemtableStats(stats);
        }

        // At the end of every call: keeps the table alive until here.
        private bool Check(int status, IntPtr failure)
        {
            GC.KeepAlive(handle);
            return Failures.Check(status, failure);
        }
    }
}

using System;
using System.Collections;
using System.Collections.Generic;

namespace Stave
{
    /// <summary>
    /// A persistent hash index from 128-bit keys to records of one fixed size, in one file that is mapped
    /// into memory. It finds the record of an exact key with one page of the file, and opens in the same
    /// time at every size. It is meant to stand beside data of your own: the key is a hash or an id, the
    /// record says where the data lies.
    /// </summary>
    /// <example>
    /// <code>
    /// using (DiskIndex index = DiskIndex.Open("blobs.idx"))
    /// {
    ///     index.Put(key, new Payload(4096, 700, 1800, Codec.LZ4).ToRecord());
    ///     if (index.TryGet(key, out byte[] record)) { Use(Payload.FromRecord(record)); }
    ///     index.Save(0);
    /// }
    /// </code>
    /// </example>
    /// <remarks>
    /// <para>Keys have 16 bytes, and need not be random. Records are either a <see cref="Payload"/>, which
    /// is the default, or as many bytes as the record size with which the file was made, which mean nothing
    /// to the index. A key or a record of another size is an <see cref="InvalidArgumentException"/>.</para>
    /// <para>A write that returned survives the end of the process. After a power loss an open shows
    /// everything up to the last save, checkpoint, load or close that returned, and of what came later a
    /// prefix. Damaged bytes are a <see cref="CorruptionException"/>, at open or for the keys they concern;
    /// all others are served. <see cref="Rebuild"/> makes the file anew. A device that fails under a read of
    /// the mapped file ends the process; a full disk is a <see cref="NoSpaceException"/> of the
    /// write.</para>
    /// <para>Thread safety: any number of threads may use an index, also while one of them closes it.
    /// Readers never wait, writers take turns. One process writes, or any number read. After
    /// <see cref="Close"/> every other method throws <see cref="ClosedException"/>. An index that nobody
    /// closes is closed when it is garbage.</para>
    /// </remarks>
    public sealed unsafe partial class DiskIndex : IDisposable,
        IEnumerable<KeyValuePair<byte[], byte[]>>
    {
        /// <summary>The number of bytes of a key.</summary>
        public const int KeySize = Constants.STAVE_DISK_INDEX_KEY_SIZE;

        private readonly Handle handle = new Handle(Handle.DiskIndex);
        private readonly int recordSize;

        private DiskIndex(string path, DiskIndexOptionsData options)
        {
            fixed (byte* native = Text.ToNative(path, nameof(path)))
            {
                int status = Raw.stave_disk_index_open(
                    native, &options, out handle.Pointer, out IntPtr failure);
                if (status != Constants.STAVE_OK)
                {
                    throw Failures.Take(status, failure);
                }
            }
            recordSize = Options.RecordSize;
        }

        /// <summary>Opens the file, with the defaults.</summary>
        /// <inheritdoc cref="Open(string, DiskIndexOptions)"/>
        public static DiskIndex Open(string path)
        {
            return Open(path, new DiskIndexOptions());
        }

        /// <summary>Opens the file, and makes it when the options allow.</summary>
        /// <exception cref="NotFoundException">There is no file and the options do not make one, or its
        /// directory is missing.</exception>
        /// <exception cref="ExistsException">There is one, and the options say that this is an
        /// error.</exception>
        /// <exception cref="InvalidArgumentException">An option is out of range, or the record size differs
        /// from the file's.</exception>
        /// <exception cref="LockedException">The file is open elsewhere.</exception>
        /// <exception cref="CorruptionException">A damaged, cut or foreign file; nothing was
        /// changed.</exception>
        /// <exception cref="StaveException">UnsupportedVersion, PermissionDenied, NoSpace or
        /// InputOutput.</exception>
        public static DiskIndex Open(string path, DiskIndexOptions options)
        {
            Arguments.RefuseNull(options, nameof(options));
            return new DiskIndex(path, options.Data);
        }

        /// <summary>
        /// Makes the file anew from records, whatever stands there now: the repair for a damaged one. The
        /// old file stays until the new one is complete and durable, and for good if that fails.
        /// </summary>
        /// <param name="path">The file, which nobody may have open.</param>
        /// <param name="options">As for an open; record size 0 makes payload records.</param>
        /// <param name="records">Keys and records. An exception of the enumerator comes out of this call
        /// unchanged.</param>
        /// <exception cref="LockedException">The file is open somewhere.</exception>
        public static void Rebuild(string path, DiskIndexOptions options,
            IEnumerable<KeyValuePair<byte[], byte[]>> records)
        {
            Arguments.RefuseNull(options, nameof(options));
            Arguments.RefuseNull(records, nameof(records));
            DiskIndexOptionsData data = options.Data;
            int size = options.RecordSize == 0 ? Payload.Size : options.RecordSize;
            fixed (byte* native = Text.ToNative(path, nameof(path)))
            {
                using (IEnumerator<KeyValuePair<byte[], byte[]>> each = records.GetEnumerator())
                using (var call = new SourceCall(each, size))
                {
                    int status = Raw.stave_disk_index_rebuild(
                        native, &data, SourceCall.Function, call.Context, out IntPtr failure);
                    if (!call.Check(status, failure))
                    {
                        throw Failures.Take(status, failure);
                    }
                }
            }
        }

        /// <summary>The options in force: defaults filled in, the file's record size read (24 for
        /// payloads).</summary>
        public DiskIndexOptions Options
        {
            get
            {
                DiskIndexOptionsData inForce;
                Raw.stave_disk_index_options_init(&inForce);
                int status = Raw.stave_disk_index_options_get(
                    handle.Pointer, &inForce, out IntPtr failure);
                Check(status, failure);
                return new DiskIndexOptions(inForce);
            }
        }

        /// <summary>
        /// Waits for running calls, saves (see <see cref="Save"/>) and unlocks the file. Any number of
        /// times, from any thread.
        /// </summary>
        /// <exception cref="BusyException">Called from inside a callback of this index.</exception>
        /// <exception cref="StaveException">InputOutput or NoSpace: not everything could be saved. The
        /// index is closed all the same.</exception>
        public void Close()
        {
            int status = Raw.stave_disk_index_close(handle.Pointer, out IntPtr failure);
            Check(status, failure);
        }

        /// <summary>Does what <see cref="Close"/> does, with the same exceptions.</summary>
        public void Dispose()
        {
            Close();
        }

        /// <summary>The number of keys.</summary>
        public long Count
        {
            get
            {
                ulong count;
                int status = Raw.stave_disk_index_size(handle.Pointer, &count, out IntPtr failure);
                Check(status, failure);
                return (long)count;
            }
        }

        /// <summary>A cursor that stands before the first record.</summary>
        public DiskIndexCursor OpenCursor()
        {
            return new DiskIndexCursor(handle, recordSize);
        }

        /// <summary>All records, from a cursor of their own.</summary>
        public IEnumerator<KeyValuePair<byte[], byte[]>> GetEnumerator()
        {
            return OpenCursor().GetEnumerator();
        }

        IEnumerator IEnumerable.GetEnumerator()
        {
            return GetEnumerator();
        }

        // At the end of every call: keeps the index alive until here.
        private bool Check(int status, IntPtr failure)
        {
            GC.KeepAlive(handle);
            return Failures.Check(status, failure);
        }
    }
}

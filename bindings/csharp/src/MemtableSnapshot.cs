using System;

namespace Stave
{
    /// <summary>
    /// A memtable as it was at one moment, for as long as it is open: <see cref="Memtable.OpenSnapshot"/>.
    /// It costs at most one version more of each key that changes, and blocks nobody.
    /// </summary>
    /// <remarks>Thread safety: any number of threads, also while one of them disposes of it.</remarks>
    public sealed unsafe class MemtableSnapshot : MemtableView
    {
        private readonly Handle handle = new Handle(Handle.MemtableSnapshot);

        internal MemtableSnapshot(Handle table)
        {
            int status = Raw.stave_memtable_snapshot_open(
                table.Pointer, out handle.Pointer, out IntPtr failure);
            GC.KeepAlive(table);
            GC.KeepAlive(handle);
            Failures.Check(status, failure);
        }

        /// <inheritdoc/>
        public override ulong Timestamp
        {
            get
            {
                ulong timestamp = 0;
                int status = Raw.stave_memtable_snapshot_timestamp(
                    handle.Pointer, &timestamp, out IntPtr failure);
                GC.KeepAlive(handle);
                Failures.Check(status, failure);
                return timestamp;
            }
        }

        /// <inheritdoc/>
        public override MemtableCursor OpenCursor(
            MemtableCursorOptions options = default(MemtableCursorOptions))
        {
            return new MemtableCursor(null, options, OpenNative);
        }

        /// <summary>Gives up the moment, and ends its cursors. Any number of times, from any
        /// thread.</summary>
        public override void Dispose()
        {
            int status = Raw.stave_memtable_snapshot_close(handle.Pointer, out IntPtr failure);
            GC.KeepAlive(handle);
            Failures.Check(status, failure);
        }

        internal override int Read(
            byte* key, UIntPtr keySize, byte* data, UIntPtr capacity, UIntPtr* size,
            out IntPtr failure)
        {
            int status = Raw.stave_memtable_snapshot_get(
                handle.Pointer, key, keySize, data, capacity, size, out failure);
            GC.KeepAlive(handle);
            return status;
        }

        internal override int ReadPin(
            byte* key, UIntPtr keySize, Handle pin, out IntPtr failure)
        {
            int status = Raw.stave_memtable_snapshot_get_pin(
                handle.Pointer, key, keySize, out pin.Pointer, out failure);
            GC.KeepAlive(handle);
            return status;
        }

        internal override int Find(byte* key, UIntPtr keySize, out IntPtr failure)
        {
            int status = Raw.stave_memtable_snapshot_contains(
                handle.Pointer, key, keySize, out failure);
            GC.KeepAlive(handle);
            return status;
        }

        internal override int ReadMany(
            byte* keys, uint* keySizes, UIntPtr count, NativeBuffer* values, ulong* valueSizes,
            out IntPtr failure)
        {
            int status = Raw.stave_memtable_snapshot_multi_get(
                handle.Pointer, keys, keySizes, count, values, valueSizes, out failure);
            GC.KeepAlive(handle);
            return status;
        }

        private int OpenNative(
            MemtableCursorOptionsData* options, Handle cursor, out IntPtr failure)
        {
            int status = Raw.stave_memtable_snapshot_cursor(
                handle.Pointer, options, out cursor.Pointer, out failure);
            GC.KeepAlive(handle);
            return status;
        }
    }
}

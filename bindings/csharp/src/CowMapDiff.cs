using System;
using System.Collections;
using System.Collections.Generic;

namespace Stave
{
    /// <summary>How a key differs between two maps.</summary>
    public enum ChangeKind
    {
        /// <summary>Only the second map has the key.</summary>
        Added = Constants.STAVE_CHANGE_ADDED,

        /// <summary>Both have it, with different values.</summary>
        Changed = Constants.STAVE_CHANGE_CHANGED,

        /// <summary>Only the first map has it.</summary>
        Removed = Constants.STAVE_CHANGE_REMOVED,
    }

    /// <summary>What differs about one key between two maps.</summary>
    public readonly struct CowMapChange
    {
        internal CowMapChange(ChangeKind kind, long key, byte[] before, byte[] after)
        {
            Kind = kind;
            Key = key;
            Before = before;
            After = after;
        }

        /// <summary>How it differs.</summary>
        public ChangeKind Kind { get; }

        /// <summary>The key.</summary>
        public long Key { get; }

        /// <summary>The value in the first map; null when it has none.</summary>
        public byte[] Before { get; }

        /// <summary>The value in the second map; null when it has none.</summary>
        public byte[] After { get; }
    }

    /// <summary>
    /// What leads from one map to another, as both were when the diff was opened; each key once, in no
    /// particular order.
    /// </summary>
    /// <example>
    /// <code>
    /// foreach (CowMapChange change in before.Diff(after)) { ... }
    /// </code>
    /// </example>
    /// <remarks>Thread safety: calls from several threads wait for each other. Every method but
    /// <see cref="Dispose"/> throws <see cref="ClosedException"/> after the diff is disposed of or one of
    /// the maps is closed.</remarks>
    public sealed unsafe class CowMapDiff : IDisposable, IEnumerable<CowMapChange>
    {
        private readonly Handle handle = new Handle(Handle.CowMapDiff);
        private ChangeKind kind;
        private long key;

        internal CowMapDiff(Handle before, Handle after)
        {
            int status = Raw.stave_cow_map_diff_open(
                before.Pointer, after.Pointer, out handle.Pointer, out IntPtr failure);
            GC.KeepAlive(before);
            GC.KeepAlive(after);
            GC.KeepAlive(handle);
            Failures.Check(status, failure);
        }

        /// <summary>Moves to the next key that differs.</summary>
        /// <returns>False when there is none, then and ever after.</returns>
        /// <exception cref="NoMemoryException">The call may be repeated.</exception>
        public bool Next()
        {
            lock (handle)
            {
                uint change = 0;
                long next = 0;
                int status = Raw.stave_cow_map_diff_next(
                    handle.Pointer, &change, &next, out IntPtr failure);
                kind = (ChangeKind)change;
                key = next;
                return Failures.Check(status, failure);
            }
        }

        /// <summary>How the key differs that the diff stands on, with values in fresh arrays.</summary>
        /// <exception cref="InvalidArgumentException">It stands on no key.</exception>
        public CowMapChange GetChange()
        {
            lock (handle)
            {
                byte* data;
                UIntPtr size;
                int status = Raw.stave_cow_map_diff_before(
                    handle.Pointer, &data, &size, out IntPtr failure);
                byte[] before = Failures.Check(status, failure) ? Bytes.Copy(data, (long)size) : null;
                status = Raw.stave_cow_map_diff_after(handle.Pointer, &data, &size, out failure);
                byte[] after = Failures.Check(status, failure) ? Bytes.Copy(data, (long)size) : null;
                return new CowMapChange(kind, key, before, after);
            }
        }

        /// <summary>The remaining changes. The diff is disposed of with the enumerator.</summary>
        public IEnumerator<CowMapChange> GetEnumerator()
        {
            using (this)
            {
                while (TryTake(out CowMapChange change))
                {
                    yield return change;
                }
            }
        }

        IEnumerator IEnumerable.GetEnumerator()
        {
            return GetEnumerator();
        }

        /// <summary>Gives up the diff's view of the maps, after waiting for a call that is running. Any
        /// number of times.</summary>
        public void Dispose()
        {
            lock (handle)
            {
                int status = Raw.stave_cow_map_diff_close(handle.Pointer, out IntPtr failure);
                Failures.Check(status, failure);
            }
        }

        // As one, whatever other threads do with the diff.
        private bool TryTake(out CowMapChange change)
        {
            lock (handle)
            {
                bool isThere = Next();
                change = isThere ? GetChange() : default(CowMapChange);
                return isThere;
            }
        }
    }
}

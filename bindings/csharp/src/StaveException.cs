using System;

namespace Stave
{
    /// <summary>
    /// A call failed. There is one subclass for each status, so that a program catches what it can
    /// handle. The message says what failed, in which file, at which offset, and what to do.
    /// </summary>
    /// <remarks>
    /// Expected outcomes of single keys (an absent key, a key that exists already) are return values.
    /// A <c>null</c> where it is not allowed is an <see cref="ArgumentNullException"/>, as everywhere in
    /// .NET.
    /// </remarks>
    public class StaveException : Exception
    {
        internal StaveException(
            StaveStatus status, string message, int osErrno, Exception cause = null)
            : base(message, cause)
        {
            Status = status;
            OSErrno = osErrno;
        }

        /// <summary>What happened, as a number that never changes meaning.</summary>
        public StaveStatus Status { get; }

        /// <summary>The system's error number (<c>errno</c>) of the call that failed, or 0.</summary>
        public int OSErrno { get; }

        /// <summary>
        /// Of a call that writes keys one after the other (<see cref="Memtable.MultiWrite"/>,
        /// <see cref="Store.Clear"/> and the like): how many it had written, which stay. Of all others 0.
        /// </summary>
        public long Written { get; internal set; }

        internal static StaveException Create(StaveStatus status, string message, int osErrno)
        {
            switch (status)
            {
                case StaveStatus.NotFound: return new NotFoundException(message, osErrno);
                case StaveStatus.Exists: return new ExistsException(message, osErrno);
                case StaveStatus.Conflict: return new ConflictException(message, osErrno);
                case StaveStatus.InvalidArgument:
                    return new InvalidArgumentException(message, osErrno);
                case StaveStatus.TooLarge: return new TooLargeException(message, osErrno);
                case StaveStatus.Closed: return new ClosedException(message, osErrno);
                case StaveStatus.Busy: return new BusyException(message, osErrno);
                case StaveStatus.ReadOnly: return new ReadOnlyException(message, osErrno);
                case StaveStatus.ShardMismatch: return new ShardMismatchException(message, osErrno);
                case StaveStatus.Forked: return new ForkedException(message, osErrno);
                case StaveStatus.NoMemory: return new NoMemoryException(message, osErrno);
                case StaveStatus.InputOutput: return new InputOutputException(message, osErrno);
                case StaveStatus.NoSpace: return new NoSpaceException(message, osErrno);
                case StaveStatus.Locked: return new LockedException(message, osErrno);
                case StaveStatus.PermissionDenied:
                    return new PermissionDeniedException(message, osErrno);
                case StaveStatus.Corruption: return new CorruptionException(message, osErrno);
                case StaveStatus.UnsupportedVersion:
                    return new UnsupportedVersionException(message, osErrno);
                case StaveStatus.TooOld: return new TooOldException(message, osErrno);
                case StaveStatus.WrongFamily: return new WrongFamilyException(message, osErrno);
                case StaveStatus.HookFailed:
                    return new HookFailedException(message, osErrno, StoreHooks.TakeThrown());
                case StaveStatus.Cancelled: return new CancelledException(message, osErrno);
                case StaveStatus.Internal: return new InternalException(message, osErrno);
                default: return new StaveException(status, message, osErrno);
            }
        }
    }

    /// <summary>
    /// The store, or for <see cref="Store.Get(byte[])"/> the key, does not exist.
    /// </summary>
    public sealed class NotFoundException : StaveException
    {
        internal NotFoundException(string message, int osErrno)
            : base(StaveStatus.NotFound, message, osErrno)
        {
        }
    }

    /// <summary>The store exists already, and the options say that this is an error.</summary>
    public sealed class ExistsException : StaveException
    {
        internal ExistsException(string message, int osErrno)
            : base(StaveStatus.Exists, message, osErrno)
        {
        }
    }

    /// <summary>Another transaction changed the same data first: roll back, and begin anew.</summary>
    public sealed class ConflictException : StaveException
    {
        internal ConflictException(string message, int osErrno)
            : base(StaveStatus.Conflict, message, osErrno)
        {
        }
    }

    /// <summary>An argument or an option is not allowed; the message names it.</summary>
    public sealed class InvalidArgumentException : StaveException
    {
        internal InvalidArgumentException(string message, int osErrno)
            : base(StaveStatus.InvalidArgument, message, osErrno)
        {
        }
    }

    /// <summary>A limit is exceeded; nothing was written. See <see cref="Store"/>.</summary>
    public sealed class TooLargeException : StaveException
    {
        internal TooLargeException(string message, int osErrno)
            : base(StaveStatus.TooLarge, message, osErrno)
        {
        }
    }

    /// <summary>The object, or its store, has been closed.</summary>
    public sealed class ClosedException : StaveException
    {
        internal ClosedException(string message, int osErrno)
            : base(StaveStatus.Closed, message, osErrno)
        {
        }
    }

    /// <summary>Called from inside a callback that may not call this.</summary>
    public sealed class BusyException : StaveException
    {
        internal BusyException(string message, int osErrno)
            : base(StaveStatus.Busy, message, osErrno)
        {
        }
    }

    /// <summary>The store was opened for reading only.</summary>
    public sealed class ReadOnlyException : StaveException
    {
        internal ReadOnlyException(string message, int osErrno)
            : base(StaveStatus.ReadOnly, message, osErrno)
        {
        }
    }

    /// <summary>The key belongs to another shard.</summary>
    public sealed class ShardMismatchException : StaveException
    {
        internal ShardMismatchException(string message, int osErrno)
            : base(StaveStatus.ShardMismatch, message, osErrno)
        {
        }
    }

    /// <summary>The store was opened by the parent process.</summary>
    public sealed class ForkedException : StaveException
    {
        internal ForkedException(string message, int osErrno)
            : base(StaveStatus.Forked, message, osErrno)
        {
        }
    }

    /// <summary>There is not enough native memory; nothing was written.</summary>
    public sealed class NoMemoryException : StaveException
    {
        internal NoMemoryException(string message, int osErrno)
            : base(StaveStatus.NoMemory, message, osErrno)
        {
        }
    }

    /// <summary>
    /// The operating system reports a failure. After a failed sync the store refuses writes until it is
    /// opened again.
    /// </summary>
    public sealed class InputOutputException : StaveException
    {
        internal InputOutputException(string message, int osErrno)
            : base(StaveStatus.InputOutput, message, osErrno)
        {
        }
    }

    /// <summary>The device or the quota is full; reads and removals go on.</summary>
    public sealed class NoSpaceException : StaveException
    {
        internal NoSpaceException(string message, int osErrno)
            : base(StaveStatus.NoSpace, message, osErrno)
        {
        }
    }

    /// <summary>
    /// Another process or object holds the directory; the message names the process.
    /// </summary>
    public sealed class LockedException : StaveException
    {
        internal LockedException(string message, int osErrno)
            : base(StaveStatus.Locked, message, osErrno)
        {
        }
    }

    /// <summary>The operating system denies access.</summary>
    public sealed class PermissionDeniedException : StaveException
    {
        internal PermissionDeniedException(string message, int osErrno)
            : base(StaveStatus.PermissionDenied, message, osErrno)
        {
        }
    }

    /// <summary>Damaged bytes; the message names the file and the offset.</summary>
    public sealed class CorruptionException : StaveException
    {
        internal CorruptionException(string message, int osErrno)
            : base(StaveStatus.Corruption, message, osErrno)
        {
        }
    }

    /// <summary>The files have a format that this library cannot read.</summary>
    public sealed class UnsupportedVersionException : StaveException
    {
        internal UnsupportedVersionException(string message, int osErrno)
            : base(StaveStatus.UnsupportedVersion, message, osErrno)
        {
        }
    }

    /// <summary>The requested history is no longer kept.</summary>
    public sealed class TooOldException : StaveException
    {
        internal TooOldException(string message, int osErrno)
            : base(StaveStatus.TooOld, message, osErrno)
        {
        }
    }

    /// <summary>The directory belongs to another kind of store.</summary>
    public sealed class WrongFamilyException : StaveException
    {
        internal WrongFamilyException(string message, int osErrno)
            : base(StaveStatus.WrongFamily, message, osErrno)
        {
        }
    }

    /// <summary>A hook failed; the change stays committed.
    /// <see cref="Exception.InnerException"/> is what the hook has thrown: the last one, when several
    /// have failed.</summary>
    public sealed class HookFailedException : StaveException
    {
        internal HookFailedException(string message, int osErrno, Exception cause)
            : base(StaveStatus.HookFailed, message, osErrno, cause)
        {
        }
    }

    /// <summary>A progress callback asked to stop.</summary>
    public sealed class CancelledException : StaveException
    {
        internal CancelledException(string message, int osErrno)
            : base(StaveStatus.Cancelled, message, osErrno)
        {
        }
    }

    /// <summary>A bug in Stave: please report the message.</summary>
    public sealed class InternalException : StaveException
    {
        internal InternalException(string message, int osErrno)
            : base(StaveStatus.Internal, message, osErrno)
        {
        }
    }

    /// <summary>A condition of a batch does not hold; nothing was written.</summary>
    public sealed class MismatchException : StaveException
    {
        internal MismatchException(string message, long position)
            : base(StaveStatus.Mismatch, message, 0)
        {
            Position = position;
        }

        /// <summary>
        /// The position of the first condition that does not hold among the batch's changes and
        /// conditions, counted from 0 in the order they were added.
        /// </summary>
        public long Position { get; }
    }

    /// <summary>The value does not fit into the caller's memory; nothing was copied.</summary>
    public sealed class BufferTooSmallException : StaveException
    {
        internal BufferTooSmallException(string message, long neededSize)
            : base(StaveStatus.BufferTooSmall, message, 0)
        {
            NeededSize = neededSize;
        }

        /// <summary>The value's size in bytes; another writer may change it meanwhile.</summary>
        public long NeededSize { get; }
    }
}

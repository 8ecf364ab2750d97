namespace Stave
{
    /// <summary>
    /// The outcome of a call, with the numbers of the C header <c>stave/errors.h</c>. They never change
    /// meaning; a newer library may answer numbers that have no name here.
    /// </summary>
    public enum StaveStatus
    {
        /// <summary>The call did what it says.</summary>
        Ok = Constants.STAVE_OK,
        /// <summary>The key, or at open the store, does not exist.</summary>
        NotFound = Constants.STAVE_NOT_FOUND,
        /// <summary>The key, or at open the store, exists already.</summary>
        Exists = Constants.STAVE_EXISTS,
        /// <summary>A condition of a batch does not hold; nothing was written.</summary>
        Mismatch = Constants.STAVE_MISMATCH,
        /// <summary>Another transaction changed the same data first.</summary>
        Conflict = Constants.STAVE_CONFLICT,
        /// <summary>A cursor has returned everything.</summary>
        Done = Constants.STAVE_DONE,
        /// <summary>An argument or an option is not allowed.</summary>
        InvalidArgument = Constants.STAVE_INVALID_ARGUMENT,
        /// <summary>A limit is exceeded; nothing was written.</summary>
        TooLarge = Constants.STAVE_TOO_LARGE,
        /// <summary>The value does not fit into the caller's memory.</summary>
        BufferTooSmall = Constants.STAVE_BUFFER_TOO_SMALL,
        /// <summary>The object, or its store, has been closed.</summary>
        Closed = Constants.STAVE_CLOSED,
        /// <summary>Called from inside a callback that may not call this.</summary>
        Busy = Constants.STAVE_BUSY,
        /// <summary>The store was opened for reading only.</summary>
        ReadOnly = Constants.STAVE_READ_ONLY,
        /// <summary>The key belongs to another shard.</summary>
        ShardMismatch = Constants.STAVE_SHARD_MISMATCH,
        /// <summary>The store was opened by the parent process.</summary>
        Forked = Constants.STAVE_FORKED,
        /// <summary>There is not enough memory; nothing was written.</summary>
        NoMemory = Constants.STAVE_NO_MEMORY,
        /// <summary>The operating system reports a failure of input or output.</summary>
        InputOutput = Constants.STAVE_IO,
        /// <summary>The device or the quota is full; reads and removals go on.</summary>
        NoSpace = Constants.STAVE_NO_SPACE,
        /// <summary>Another process or object holds the directory.</summary>
        Locked = Constants.STAVE_LOCKED,
        /// <summary>The operating system denies access.</summary>
        PermissionDenied = Constants.STAVE_PERMISSION_DENIED,
        /// <summary>Damaged bytes.</summary>
        Corruption = Constants.STAVE_CORRUPTION,
        /// <summary>The files have a format that this library cannot read.</summary>
        UnsupportedVersion = Constants.STAVE_UNSUPPORTED_VERSION,
        /// <summary>The requested history is no longer kept.</summary>
        TooOld = Constants.STAVE_TOO_OLD,
        /// <summary>The directory belongs to another kind of store.</summary>
        WrongFamily = Constants.STAVE_WRONG_FAMILY,
        /// <summary>A hook failed; the change is committed all the same.</summary>
        HookFailed = Constants.STAVE_HOOK_FAILED,
        /// <summary>A progress callback asked to stop.</summary>
        Cancelled = Constants.STAVE_CANCELLED,
        /// <summary>A bug in Stave: please report the message.</summary>
        Internal = Constants.STAVE_INTERNAL,
    }
}

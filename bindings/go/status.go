package stave

import "github.com/stavedb/stave/bindings/go/internal/capi"

// Status is a code of the library. Every one of the constants below is an error, for [errors.Is]; what
// calls return is an *[Error], which also has the message.
type Status int32

// Expected outcomes.
const (
	// ErrNotFound: the key, or at open the store, does not exist.
	ErrNotFound Status = capi.NotFound
	// ErrExists: at open, the store exists already.
	ErrExists Status = capi.Exists
	// ErrMismatch: a condition of a batch does not hold; nothing was written. See MismatchError.
	ErrMismatch Status = capi.Mismatch
	// ErrConflict: another transaction changed the same data first.
	ErrConflict Status = capi.Conflict
)

// The caller's doing.
const (
	// ErrInvalidArgument: a nil object where it is not allowed, or an option that is out of range.
	ErrInvalidArgument Status = capi.InvalidArgument
	// ErrTooLarge: a limit is exceeded; nothing was written.
	ErrTooLarge Status = capi.TooLarge
	// ErrBufferTooSmall: the value does not fit; the size that is needed was returned.
	ErrBufferTooSmall Status = capi.BufferTooSmall
	// ErrClosed: the object, or the store it belongs to, has been closed.
	ErrClosed Status = capi.Closed
	// ErrBusy: called from inside a callback that may not call this.
	ErrBusy Status = capi.Busy
	// ErrReadOnly: the store was opened for reading only.
	ErrReadOnly Status = capi.ReadOnly
	// ErrShardMismatch: the key belongs to another shard.
	ErrShardMismatch Status = capi.ShardMismatch
	// ErrForked: the object was made by the parent process.
	ErrForked Status = capi.Forked
)

// The machine's doing.
const (
	// ErrNoMemory: the library could not allocate memory; nothing was written.
	ErrNoMemory Status = capi.NoMemory
	// ErrIO: reading or writing failed. After a failed sync the store refuses writes.
	ErrIO Status = capi.IO
	// ErrNoSpace: the device or quota is full; reads and deletes go on.
	ErrNoSpace Status = capi.NoSpace
	// ErrLocked: another process, or another Store of this one, holds the directory.
	ErrLocked Status = capi.Locked
	// ErrPermissionDenied: the operating system denies access.
	ErrPermissionDenied Status = capi.PermissionDenied
)

// What lies in the files.
const (
	// ErrCorruption: damaged bytes; the message names the file and the offset.
	ErrCorruption Status = capi.Corruption
	// ErrUnsupportedVersion: files of a format that this library cannot read.
	ErrUnsupportedVersion Status = capi.UnsupportedVersion
	// ErrTooOld: the requested history is no longer kept.
	ErrTooOld Status = capi.TooOld
	// ErrWrongFamily: the directory belongs to another kind of store.
	ErrWrongFamily Status = capi.WrongFamily
)

// What a callback answered, and bugs.
const (
	// ErrHookFailed: a hook failed; the change is committed all the same.
	ErrHookFailed Status = capi.HookFailed
	// ErrCancelled: for callbacks that ask to stop and have no better error.
	ErrCancelled Status = capi.Cancelled
	// ErrInternal: a bug in Stave; please report the message.
	ErrInternal Status = capi.Internal
)

// String is the name of the code: "not_found". "unknown" for other numbers.
func (s Status) String() string { return capi.StatusName(int(s)) }

// Message is one sentence for people.
func (s Status) Message() string { return capi.StatusMessage(int(s)) }

// Error is the message as an error's text.
func (s Status) Error() string { return "stave: " + s.Message() }

package capi

// #include <stave/stave.h>
import "C"

// The statuses.
const (
	NotFound           = C.STAVE_NOT_FOUND
	Exists             = C.STAVE_EXISTS
	Mismatch           = C.STAVE_MISMATCH
	Conflict           = C.STAVE_CONFLICT
	Done               = C.STAVE_DONE
	InvalidArgument    = C.STAVE_INVALID_ARGUMENT
	TooLarge           = C.STAVE_TOO_LARGE
	BufferTooSmall     = C.STAVE_BUFFER_TOO_SMALL
	Closed             = C.STAVE_CLOSED
	Busy               = C.STAVE_BUSY
	ReadOnly           = C.STAVE_READ_ONLY
	ShardMismatch      = C.STAVE_SHARD_MISMATCH
	Forked             = C.STAVE_FORKED
	NoMemory           = C.STAVE_NO_MEMORY
	IO                 = C.STAVE_IO
	NoSpace            = C.STAVE_NO_SPACE
	Locked             = C.STAVE_LOCKED
	PermissionDenied   = C.STAVE_PERMISSION_DENIED
	Corruption         = C.STAVE_CORRUPTION
	UnsupportedVersion = C.STAVE_UNSUPPORTED_VERSION
	TooOld             = C.STAVE_TOO_OLD
	WrongFamily        = C.STAVE_WRONG_FAMILY
	HookFailed         = C.STAVE_HOOK_FAILED
	Cancelled          = C.STAVE_CANCELLED
	Internal           = C.STAVE_INTERNAL
)

// Deleted is the outcome of reads that tell a removed key from an absent one.
const Deleted = 255

// Durability, ways of reading, conditions, the sizes of absent and removed values, ways of keeping keys and
// values, changes, codecs, actions of a migration, and whether a memtable assigns its timestamps.
const (
	DurabilityDefault  = C.STAVE_DURABILITY_DEFAULT
	DurabilityMemory   = C.STAVE_DURABILITY_MEMORY
	DurabilityOS       = C.STAVE_DURABILITY_OS
	DurabilityDevice   = C.STAVE_DURABILITY_DEVICE
	IOBuffered         = C.STAVE_IO_BUFFERED
	IOMmap             = C.STAVE_IO_MMAP
	KeydirStored       = C.STAVE_KEYDIR_STORED
	KeydirMemory       = C.STAVE_KEYDIR_MEMORY
	KeydirDisk         = C.STAVE_KEYDIR_DISK
	RequireAbsent      = C.STAVE_REQUIRE_ABSENT
	RequireExists      = C.STAVE_REQUIRE_EXISTS
	RequireEqual       = C.STAVE_REQUIRE_EQUAL
	NeverExpires       = C.STAVE_NEVER_EXPIRES
	HookOldValue       = C.STAVE_HOOK_OLD_VALUE
	MigrateKeep        = C.STAVE_MIGRATE_KEEP
	MigrateUpdate      = C.STAVE_MIGRATE_UPDATE
	MigrateRemove      = C.STAVE_MIGRATE_REMOVE
	Absent             = C.STAVE_ABSENT
	Tombstone          = C.STAVE_TOMBSTONE
	KeysOwned          = C.STAVE_KEYS_OWNED
	KeysResolved       = C.STAVE_KEYS_RESOLVED
	KeysOwned16        = C.STAVE_KEYS_OWNED16
	ValuesVariable     = C.STAVE_VALUES_VARIABLE
	ValuesFixed        = C.STAVE_VALUES_FIXED
	ChangeAdded        = C.STAVE_CHANGE_ADDED
	ChangeChanged      = C.STAVE_CHANGE_CHANGED
	ChangeRemoved      = C.STAVE_CHANGE_REMOVED
	DiskIndexKeySize   = C.STAVE_DISK_INDEX_KEY_SIZE
	CodecNone          = C.STAVE_CODEC_NONE
	CodecLZ4           = C.STAVE_CODEC_LZ4
	CodecZstandard     = C.STAVE_CODEC_ZSTANDARD
	TimestampsManaged  = C.STAVE_TIMESTAMPS_MANAGED
	TimestampsExplicit = C.STAVE_TIMESTAMPS_EXPLICIT
)

package stave

import (
	"strings"
	"time"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// Durability says what a write survives, once the call has returned. See the package's description.
type Durability uint32

// The levels.
const (
	// DurabilityDefault is, in WriteOptions, what the store was opened with.
	DurabilityDefault Durability = capi.DurabilityDefault
	// DurabilityMemory promises nothing.
	DurabilityMemory Durability = capi.DurabilityMemory
	// DurabilityOS survives kill -9.
	DurabilityOS Durability = capi.DurabilityOS
	// DurabilityDevice survives power loss.
	DurabilityDevice Durability = capi.DurabilityDevice
)

// String is the level's name as options in text have it.
func (d Durability) String() string { return nameOf(uint32(d), "default", "memory", "os", "device") }

// IO is the way files are read.
type IO uint32

// The ways.
const (
	// IOBuffered reads with pread: a failing device is an error.
	IOBuffered IO = capi.IOBuffered
	// IOMmap maps the files: pins copy nothing; a failing device kills the process (SIGBUS).
	IOMmap IO = capi.IOMmap
)

// String is the way's name as options in text have it.
func (i IO) String() string { return nameOf(uint32(i), "default", "buffered", "mmap") }

// KeyDirectory is where a store keeps which record is a key's newest.
type KeyDirectory uint32

// The places.
const (
	// KeyDirectoryStored is as the store was made; a new one in memory.
	KeyDirectoryStored KeyDirectory = capi.KeydirStored
	// KeyDirectoryMemory takes about 14 bytes of memory a key; opening reads the whole log.
	KeyDirectoryMemory KeyDirectory = capi.KeydirMemory
	// KeyDirectoryDisk is a file, about 40 bytes a key: for more keys than fit in memory, and for
	// opening at once.
	KeyDirectoryDisk KeyDirectory = capi.KeydirDisk
)

// String is the place's name as options in text have it.
func (k KeyDirectory) String() string { return nameOf(uint32(k), "stored", "memory", "disk") }

func nameOf(number uint32, names ...string) string {
	if int(number) < len(names) {
		return names[number]
	}
	return "unknown"
}

// KeyMode says where the keys of an index are.
type KeyMode uint32

// The modes.
const (
	// KeysOwned: the index keeps the bytes of its keys.
	KeysOwned KeyMode = capi.KeysOwned
	// KeysResolved: the caller has them, and the index asks a Resolver.
	KeysResolved KeyMode = capi.KeysResolved
	// KeysOwned16: as KeysOwned, with up to 16 bytes of them in the entry instead of 8.
	KeysOwned16 KeyMode = capi.KeysOwned16
)

// String is the mode's name as options in text have it.
func (m KeyMode) String() string { return nameOf(uint32(m), "default", "owned", "resolved", "owned16") }

// ValueMode says whether the values of a map have one size.
type ValueMode uint32

// The modes.
const (
	// ValuesVariable: each value has a size of its own.
	ValuesVariable ValueMode = capi.ValuesVariable
	// ValuesFixed: all have ValueSize bytes.
	ValuesFixed ValueMode = capi.ValuesFixed
)

// String is the mode's name as options in text have it.
func (m ValueMode) String() string { return nameOf(uint32(m), "default", "variable", "fixed") }

// Timestamps says who keeps the time of a memtable.
type Timestamps uint32

// The kinds.
const (
	// TimestampsManaged: the table does, for transactions and snapshots.
	TimestampsManaged Timestamps = capi.TimestampsManaged
	// TimestampsExplicit: the caller does, in each call.
	TimestampsExplicit Timestamps = capi.TimestampsExplicit
)

// String is the kind's name as options in text have it.
func (t Timestamps) String() string { return nameOf(uint32(t), "default", "managed", "explicit") }

// described is the text that a call puts into a buffer.
func described(describe func(text *capi.Buffer) capi.Outcome) (string, error) {
	text := newBuffer()
	defer text.free()
	if err := errorOf(describe(&text.Buffer)); err != nil {
		return "", err
	}
	return string(text.Bytes()), nil
}

// checkOptions refuses what no options can be set from: no options, or a text that C would see only
// the beginning of.
func checkOptions(areNil bool, text string) error {
	switch {
	case areNil:
		return failed(ErrInvalidArgument, "options is nil")
	case strings.IndexByte(text, 0) >= 0:
		return failed(ErrInvalidArgument, "the text of options has a zero byte")
	}
	return nil
}

// WriteOptions are of one write. The zero value and nil are the defaults.
type WriteOptions struct {
	// Durability of this write; DurabilityDefault takes the store's.
	Durability Durability
	// ExpiresAt is the time, in whole milliseconds, from which on the keys that are put count as absent. The
	// zero time: by the store's DefaultTTL, in Update and FetchUpdate as before.
	ExpiresAt time.Time
	// NeverExpires: the keys that are put do not expire, and ExpiresAt counts for nothing.
	NeverExpires bool
}

// native is the options as C has them; it lies on the stack.
func (o *WriteOptions) native() capi.WriteOptions {
	if o == nil {
		return capi.WriteOptions{}
	}
	expiresAt := unixMilliseconds(o.ExpiresAt)
	if o.NeverExpires {
		expiresAt = capi.NeverExpires
	}
	return capi.WriteOptions{
		StructSize: capi.WriteOptionsSize, Durability: uint32(o.Durability), ExpiresAt: expiresAt,
	}
}

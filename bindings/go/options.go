package stave

import (
	"strings"

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

// Options are how a store is opened. Start from DefaultOptions: zeros are not the defaults.
type Options struct {
	// Durability of the writes that do not ask for another; default DurabilityDevice.
	Durability Durability
	// IO is the way files are read; default IOMmap.
	IO IO
	// Shards are independent locks, a power of two from 1 to 65536, fixed when the store is created;
	// default 0: the stored number, for a new store 16.
	Shards uint32
	// SegmentSize is the number of bytes after which a new log file begins, 4 KiB to 64 GiB; default
	// 256 MiB. A larger record gets a larger file.
	SegmentSize uint64
	// ReadOnly is default false. Any number of read-only stores may share a directory.
	ReadOnly bool
	// CreateIfMissing is default true.
	CreateIfMissing bool
	// ErrorIfExists is default false.
	ErrorIfExists bool
	// KeyDirectory is fixed when the store is created; default KeyDirectoryStored.
	KeyDirectory KeyDirectory
	// CheckpointInterval is, with KeyDirectoryDisk, the number of bytes of log after which the
	// directory is saved by itself, beside traffic; an open after a crash reads about as much. 0: only
	// when many changes have gathered. Default 256 MiB.
	CheckpointInterval uint64
	// Background says whether, with KeyDirectoryDisk, a thread of the library merges changes into the
	// directory, or else writers do, in slices; default true.
	Background bool
}

// DefaultOptions are the defaults of the library.
func DefaultOptions() *Options {
	native := newNativeOptions()
	defer capi.DeleteStoreOptions(native)
	return optionsFrom(native)
}

// Set sets members from text: "durability=os segment_size=64MiB", separated by spaces or commas.
// ErrInvalidArgument names the option that is unknown or out of range, and leaves all as it was.
func (o *Options) Set(text string) error {
	if err := checkOptions(o == nil, text); err != nil {
		return err
	}
	native := o.native()
	defer capi.DeleteStoreOptions(native)
	if err := errorOf(capi.StoreOptionsSet(native, text)); err != nil {
		return err
	}
	*o = *optionsFrom(native)
	return nil
}

// DescribeOptions lists all options with type, default and meaning, one a line, for people.
func DescribeOptions() (string, error) { return described(capi.StoreOptionsDescribe) }

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

func newNativeOptions() capi.StoreOptions {
	native := capi.NewStoreOptions()
	capi.StoreOptionsInit(native)
	return native
}

func optionsFrom(native capi.StoreOptions) *Options {
	return &Options{
		Durability:      Durability(native.GetDurability()),
		IO:              IO(native.GetIo()),
		Shards:          uint32(native.GetShards()),
		SegmentSize:     native.GetSegmentSize(),
		ReadOnly:        native.GetReadOnly(),
		CreateIfMissing: native.GetCreateIfMissing(),
		ErrorIfExists:   native.GetErrorIfExists(),

		KeyDirectory:       KeyDirectory(native.GetKeydir()),
		CheckpointInterval: native.GetCheckpointInterval(),
		Background:         native.GetBackground(),
	}
}

func (o *Options) native() capi.StoreOptions {
	native := newNativeOptions()
	native.SetDurability(uint(o.Durability))
	native.SetIo(uint(o.IO))
	native.SetShards(uint(o.Shards))
	native.SetSegmentSize(o.SegmentSize)
	native.SetReadOnly(o.ReadOnly)
	native.SetCreateIfMissing(o.CreateIfMissing)
	native.SetErrorIfExists(o.ErrorIfExists)
	native.SetKeydir(uint(o.KeyDirectory))
	native.SetCheckpointInterval(o.CheckpointInterval)
	native.SetBackground(o.Background)
	return native
}

// WriteOptions are of one write. The zero value and nil are the defaults.
type WriteOptions struct {
	// Durability of this write; DurabilityDefault takes the store's.
	Durability Durability
}

func (o *WriteOptions) durability() uint32 {
	if o == nil {
		return capi.DurabilityDefault
	}
	return uint32(o.Durability)
}

package stave

import "github.com/stavedb/stave/bindings/go/internal/capi"

// DiskIndexOptions are how a disk index is opened. Start from DefaultDiskIndexOptions: zeros are not the
// defaults.
type DiskIndexOptions struct {
	// RecordSize is 1 to 256 for opaque records; default 0: payload records in a new file, whatever it
	// holds in an old one.
	RecordSize uint32
	// DeltaMemory is the bytes of the tables of changes that are not merged yet, 64 KiB to 64 GiB;
	// default 64 MiB, and half as much again while changes come faster than they are merged. More makes
	// fewer, larger merges, and a larger log in the file.
	DeltaMemory uint64
	// BulkMemory is the bytes that a load sorts at a time, from 64 KiB; default 256 MiB.
	BulkMemory uint64
	// ReadOnly is default false. Any number of processes may read a file that nobody writes.
	ReadOnly bool
	// CreateIfMissing is default true.
	CreateIfMissing bool
	// CreateParents, default false, makes the directories that lead to a new file.
	CreateParents bool
	// ErrorIfExists is default false.
	ErrorIfExists bool
	// Background, default true, merges in a thread, started when one is near; else writers do
	// it, in slices.
	Background bool
}

// DefaultDiskIndexOptions are the defaults of the library.
func DefaultDiskIndexOptions() *DiskIndexOptions {
	native := newNativeDiskIndexOptions()
	defer capi.DeleteDiskIndexOptions(native)
	return diskIndexOptionsFrom(native)
}

// Set sets members from text: "record_size=8 delta_memory=1MiB", as Options.Set.
func (o *DiskIndexOptions) Set(text string) error {
	if err := checkOptions(o == nil, text); err != nil {
		return err
	}
	native := o.native()
	defer capi.DeleteDiskIndexOptions(native)
	if err := errorOf(capi.DiskIndexOptionsSet(native, text)); err != nil {
		return err
	}
	*o = *diskIndexOptionsFrom(native)
	return nil
}

// DescribeDiskIndexOptions lists all options with type, default and meaning, one a line, for people.
func DescribeDiskIndexOptions() (string, error) { return described(capi.DiskIndexOptionsDescribe) }

func newNativeDiskIndexOptions() capi.DiskIndexOptions {
	native := capi.NewDiskIndexOptions()
	capi.DiskIndexOptionsInit(native)
	return native
}

func diskIndexOptionsFrom(native capi.DiskIndexOptions) *DiskIndexOptions {
	return &DiskIndexOptions{
		RecordSize:      uint32(native.GetRecordSize()),
		DeltaMemory:     native.GetDeltaMemory(),
		BulkMemory:      native.GetBulkMemory(),
		ReadOnly:        native.GetReadOnly(),
		CreateIfMissing: native.GetCreateIfMissing(),
		CreateParents:   native.GetCreateParents(),
		ErrorIfExists:   native.GetErrorIfExists(),
		Background:      native.GetBackground(),
	}
}

func (o *DiskIndexOptions) native() capi.DiskIndexOptions {
	native := newNativeDiskIndexOptions()
	native.SetRecordSize(uint(o.RecordSize))
	native.SetDeltaMemory(o.DeltaMemory)
	native.SetBulkMemory(o.BulkMemory)
	native.SetReadOnly(o.ReadOnly)
	native.SetCreateIfMissing(o.CreateIfMissing)
	native.SetCreateParents(o.CreateParents)
	native.SetErrorIfExists(o.ErrorIfExists)
	native.SetBackground(o.Background)
	return native
}

package stave

import "github.com/stavedb/stave/bindings/go/internal/capi"

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

// MemtableOptions are how a memtable is made. Start from DefaultMemtableOptions: zeros are not the defaults.
type MemtableOptions struct {
	// Timestamps is default TimestampsManaged.
	Timestamps Timestamps
	// Capacity is the number of keys to make room for at once; default 0. No limit: tables grow piece by
	// piece.
	Capacity uint64
	// Background, default true, lets a thread of the library free what commits leave to be freed, within
	// a second; else later commits do it, and Prune. Explicit tables never use the thread.
	Background bool
}

// DefaultMemtableOptions are the defaults of the library.
func DefaultMemtableOptions() *MemtableOptions {
	native := newNativeMemtableOptions()
	defer capi.DeleteMemtableOptions(native)
	return memtableOptionsFrom(native)
}

// Set sets members from text: "timestamps=explicit capacity=1000000", as Options.Set.
func (o *MemtableOptions) Set(text string) error {
	if err := checkOptions(o == nil, text); err != nil {
		return err
	}
	native := o.native()
	defer capi.DeleteMemtableOptions(native)
	if err := errorOf(capi.MemtableOptionsSet(native, text)); err != nil {
		return err
	}
	*o = *memtableOptionsFrom(native)
	return nil
}

// DescribeMemtableOptions lists all options with type, default and meaning, one a line, for people.
func DescribeMemtableOptions() (string, error) { return described(capi.MemtableOptionsDescribe) }

func newNativeMemtableOptions() capi.MemtableOptions {
	native := capi.NewMemtableOptions()
	capi.MemtableOptionsInit(native)
	return native
}

func memtableOptionsFrom(native capi.MemtableOptions) *MemtableOptions {
	return &MemtableOptions{
		Timestamps: Timestamps(native.GetTimestamps()),
		Capacity:   native.GetCapacity(),
		Background: native.GetBackground(),
	}
}

func (o *MemtableOptions) native() capi.MemtableOptions {
	native := newNativeMemtableOptions()
	native.SetTimestamps(uint(o.Timestamps))
	native.SetCapacity(o.Capacity)
	native.SetBackground(o.Background)
	return native
}

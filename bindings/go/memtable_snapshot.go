package stave

import (
	"io"
	"runtime"
	"sync/atomic"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// MemtableSnapshot reads at one moment, for as long as it is open. It costs at most one version more of
// each key that changes, and blocks nobody. Any number of goroutines may use it at the same time.
//
// Methods of a nil or zero MemtableSnapshot return ErrInvalidArgument.
//
// Errors of every method: as Memtable's.
type MemtableSnapshot struct {
	native      *native[capi.MemtableSnapshot]
	tableClosed *atomic.Bool // for the cursors
}

var _ io.Closer = (*MemtableSnapshot)(nil)

// Snapshot opens a snapshot of this moment, of a managed table, which it does not keep, as Begin. O(1).
func (m *Memtable) Snapshot() (*MemtableSnapshot, error) {
	var handle capi.MemtableSnapshot
	if err := ended(m, capi.MemtableSnapshotOpen(m.raw(), &handle)); err != nil {
		return nil, err
	}
	return &MemtableSnapshot{newNative(handle, capi.MemtableSnapshotFree), m.native.closed}, nil
}

// raw is NULL for a nil snapshot, which C refuses.
func (s *MemtableSnapshot) raw() capi.MemtableSnapshot {
	if s == nil {
		return 0
	}
	return s.native.raw()
}

// Timestamp is what it reads at: it sees the commits with lower ones.
func (s *MemtableSnapshot) Timestamp() (uint64, error) {
	var timestamp uint64
	err := ended(s, capi.MemtableSnapshotTimestamp(s.raw(), &timestamp))
	return timestamp, err
}

// Get is MemtableTransaction.Get.
func (s *MemtableSnapshot) Get(key []byte) (value []byte, ok bool, err error) {
	return getValue(func(dst []byte) int64 { return s.read(dst, key) })
}

// AppendGet is MemtableTransaction.AppendGet.
func (s *MemtableSnapshot) AppendGet(dst, key []byte) (value []byte, ok bool, err error) {
	return appendValue(dst, func(dst []byte) int64 { return s.read(dst, key) })
}

// GetInto is MemtableTransaction.GetInto.
func (s *MemtableSnapshot) GetInto(dst, key []byte) (size int, ok bool, err error) {
	return copyValue(dst, func(dst []byte) int64 { return s.read(dst, key) })
}

func (s *MemtableSnapshot) read(dst, key []byte) int64 {
	answer := capi.MemtableSnapshotGet(s.raw(), key, dst)
	runtime.KeepAlive(s)
	return answer
}

// GetPin is MemtableTransaction.GetPin.
func (s *MemtableSnapshot) GetPin(key []byte) (*Pin, error) {
	pin := new(Pin)
	outcome := capi.MemtableSnapshotGetPin(s.raw(), key, &pin.native)
	runtime.KeepAlive(s)
	return pinOf(pin, outcome)
}

// Contains says whether the key exists.
func (s *MemtableSnapshot) Contains(key []byte) (bool, error) {
	return found(s, capi.MemtableSnapshotContains(s.raw(), key), capi.NotFound)
}

// MultiGet is MemtableTransaction.MultiGet.
func (s *MemtableSnapshot) MultiGet(keys [][]byte) (values [][]byte, err error) {
	values, _, err = s.AppendMultiGet(make([][]byte, 0, len(keys)), nil, keys)
	if err != nil {
		return nil, err
	}
	return values, nil
}

// AppendMultiGet is MemtableTransaction.AppendMultiGet.
func (s *MemtableSnapshot) AppendMultiGet(values [][]byte, memory []byte, keys [][]byte) (
	[][]byte, []byte, error) {
	return appendMany(values, memory, keys, func(call *flat) error {
		return ended(s, capi.MemtableSnapshotMultiGet(s.raw(), call.keys, call.keySizes,
			&call.native.Buffer, call.valueSizes))
	})
}

// Close lets go of the moment. Its cursors return ErrClosed afterwards. Closing again is no error.
func (s *MemtableSnapshot) Close() error {
	if s == nil {
		return nil
	}
	return s.native.close(capi.MemtableSnapshotClose)
}

// Cursor opens a cursor at the snapshot's moment. nil options are the defaults. It stands before the first
// record.
func (s *MemtableSnapshot) Cursor(options *MemtableCursorOptions) (*MemtableCursor, error) {
	if options == nil {
		options = new(MemtableCursorOptions)
	}
	var handle capi.MemtableCursor
	err := ended(s, capi.MemtableSnapshotCursor(s.raw(), options.Prefix, options.KeysOnly,
		options.Tombstones, &handle))
	if err != nil {
		return nil, err
	}
	return newMemtableCursor(handle, s.tableClosed, s.native.closed), nil
}

package stave

import (
	"io"
	"runtime"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// CowMap is a map from 64-bit integers to bytes, in memory, that is copied in O(1): copy on write.
//
// A Clone is a full map of its own: either side may be written, cloned and closed, at any time and by any
// goroutine, and neither ever sees what is written to the other. Both refer to the same memory until one
// of them writes; a write then copies the page of some dozens of entries that it changes, never the map.
//
// Every int64 is a key. A value has 0 to 2^31-1 bytes.
//
// Any number of goroutines may use a map at the same time. Reads take no lock and wait for nobody. Writes
// to one map, and copies of it (clones, cursors, diffs), wait for each other; different maps do not.
// Memory follows the number of entries, up and down. What takes one key is O(size of the value), and O(1)
// in the number of entries.
//
// Methods of a nil or zero CowMap return ErrInvalidArgument.
//
// Errors of every method: ErrInvalidArgument, ErrClosed. Of those that write or copy also ErrBusy (from
// inside a callback of the same map) and ErrNoMemory; of those that take a value also ErrTooLarge, and
// ErrInvalidArgument for one that has not the size of the map's fixed values. A failure has changed
// nothing.
type CowMap struct{ native *native[capi.CowMap] }

var _ io.Closer = (*CowMap)(nil)

// NewCowMap makes an empty map. nil options are the defaults. O(capacity / 60).
func NewCowMap(options *CowMapOptions) (*CowMap, error) {
	native := options.native()
	defer capi.DeleteCowMapOptions(native)
	var handle capi.CowMap
	if err := errorOf(capi.CowMapCreate(native, &handle)); err != nil {
		return nil, err
	}
	return &CowMap{newNative(handle, capi.CowMapFree)}, nil
}

// raw is NULL for a nil map, which C refuses.
func (m *CowMap) raw() capi.CowMap {
	if m == nil {
		return 0
	}
	return m.native.raw()
}

// Clone makes a copy, which has the same options and is no child of the map. O(1).
func (m *CowMap) Clone() (*CowMap, error) {
	var handle capi.CowMap
	if err := ended(m, capi.CowMapClone(m.raw(), &handle)); err != nil {
		return nil, err
	}
	return &CowMap{newNative(handle, capi.CowMapFree)}, nil
}

// Close lets go of all entries; clones go on, and pins keep their bytes. Closing again is no error.
// Cursors and diffs return ErrClosed afterwards. ErrBusy from inside a callback of the map. O(1).
func (m *CowMap) Close() error {
	if m == nil {
		return nil
	}
	return m.native.close(capi.CowMapClose)
}

// Options are the options that the map was made with.
func (m *CowMap) Options() (*CowMapOptions, error) {
	return readCowMapOptions(func(native capi.CowMapOptions) capi.Outcome {
		defer runtime.KeepAlive(m)
		return capi.CowMapOptionsGet(m.raw(), native)
	})
}

// Get returns the value in memory of its own, and whether the key exists.
func (m *CowMap) Get(key int64) (value []byte, ok bool, err error) {
	return getValue(func(dst []byte) int64 { return m.read(dst, key) })
}

// AppendGet appends the value to dst, which grows as needed, and returns the result, and whether the
// key exists. With a dst that is used again it allocates nothing.
func (m *CowMap) AppendGet(dst []byte, key int64) (value []byte, ok bool, err error) {
	return appendValue(dst, func(dst []byte) int64 { return m.read(dst, key) })
}

// GetInto copies the value to the beginning of dst, and returns the value's size, and whether the key
// exists. ErrBufferTooSmall when it does not fit: nothing is copied, and the size is what is needed
// (another writer may change it meanwhile).
func (m *CowMap) GetInto(dst []byte, key int64) (size int, ok bool, err error) {
	return copyValue(dst, func(dst []byte) int64 { return m.read(dst, key) })
}

func (m *CowMap) read(dst []byte, key int64) int64 {
	answer := capi.CowMapGet(m.raw(), key, dst)
	runtime.KeepAlive(m)
	return answer
}

// GetPin hands out the value as a pin: nothing is copied but values of 8 bytes and less. nil without an
// error when the key does not exist.
func (m *CowMap) GetPin(key int64) (*Pin, error) {
	pin := new(Pin)
	outcome := capi.CowMapGetPin(m.raw(), key, &pin.native)
	runtime.KeepAlive(m)
	return pinOf(pin, outcome)
}

// Contains says whether the key exists.
func (m *CowMap) Contains(key int64) (bool, error) {
	return found(m, capi.CowMapContains(m.raw(), key), capi.NotFound)
}

// MultiGet reads many keys in one crossing to C. values[i] is that of keys[i], or nil if that does not
// exist; an empty value is not nil. Each key is read atomically; for one moment of all, ask a Clone. The
// values share one allocation.
func (m *CowMap) MultiGet(keys []int64) (values [][]byte, err error) {
	values, _, err = m.AppendMultiGet(make([][]byte, 0, len(keys)), nil, keys)
	if err != nil {
		return nil, err
	}
	return values, nil
}

// AppendMultiGet is MultiGet for memory that is used again: it appends the values to values, and what
// they consist of to memory, which both grow as needed, and returns the results.
func (m *CowMap) AppendMultiGet(values [][]byte, memory []byte, keys []int64) (
	[][]byte, []byte, error) {
	call := takeFlat()
	defer call.release()
	call.valueSizes = room(call.valueSizes, len(keys))
	if err := ended(m, capi.CowMapMultiGet(m.raw(), keys, &call.native.Buffer, call.valueSizes)); err != nil {
		return values, memory, err
	}
	values, memory = call.appendValues(values, memory)
	return values, memory, nil
}

// Len is the number of entries. O(1).
func (m *CowMap) Len() (uint64, error) {
	var size uint64
	outcome := capi.CowMapSize(m.raw(), &size)
	runtime.KeepAlive(m)
	return size, errorOf(outcome)
}

// IsEmpty says whether there is no entry. O(1).
func (m *CowMap) IsEmpty() (bool, error) {
	var isEmpty bool
	outcome := capi.CowMapIsEmpty(m.raw(), &isEmpty)
	runtime.KeepAlive(m)
	return isEmpty, errorOf(outcome)
}

// Stats returns the figures of this moment. O(1).
func (m *CowMap) Stats() (CowMapStats, error) {
	return readCowMapStats(func(native capi.CowMapStats) capi.Outcome {
		defer runtime.KeepAlive(m)
		return capi.CowMapStatsGet(m.raw(), native)
	})
}

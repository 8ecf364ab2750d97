package stave

import (
	"runtime"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// Record is a key and its value.
type Record struct {
	Key, Value []byte // any bytes; nil is the same as empty
}

// MultiGet reads many keys in one crossing to C. values[i] is that of keys[i], or nil if that does not
// exist; an empty value is not nil. Each key is read atomically, the whole is not one snapshot. The
// values share one allocation.
func (s *Store) MultiGet(keys [][]byte) (values [][]byte, err error) {
	values, _, err = s.AppendMultiGet(make([][]byte, 0, len(keys)), nil, keys)
	if err != nil {
		return nil, err
	}
	return values, nil
}

// AppendMultiGet is MultiGet for memory that is used again: it appends the values to values, and what
// they consist of to memory, which both grow as needed, and returns the results.
func (s *Store) AppendMultiGet(values [][]byte, memory []byte, keys [][]byte) (
	[][]byte, []byte, error) {
	return appendMany(values, memory, keys, func(call *flat) error {
		outcome := capi.StoreMultiGet(s.raw(), call.keys, call.keySizes, &call.native.Buffer,
			call.valueSizes)
		runtime.KeepAlive(s)
		return errorOf(outcome)
	})
}

// MultiPut stores many records, all or nothing, like a batch. A key that comes twice keeps the later
// value.
func (s *Store) MultiPut(records []Record, options *WriteOptions) error {
	call := takeFlat()
	defer call.release()
	if err := call.setRecords(records); err != nil {
		return err
	}
	return ended(s, capi.StoreMultiPut(s.raw(), call.keys, call.keySizes, call.values, call.valueSizes,
		options.native()))
}

// MultiDelete removes many keys, all or nothing, and returns the number that existed. Absent keys are
// no error.
func (s *Store) MultiDelete(keys [][]byte, options *WriteOptions) (deleted uint64, err error) {
	call := takeFlat()
	defer call.release()
	if err := call.setKeys(keys); err != nil {
		return 0, err
	}
	outcome := capi.StoreMultiRemove(s.raw(), call.keys, call.keySizes, &deleted, options.native())
	runtime.KeepAlive(s)
	return deleted, errorOf(outcome)
}

package stave

import (
	"runtime"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// IndexEntry is a key and its value in an index.
type IndexEntry struct {
	Key   []byte // any bytes; nil is the same as empty
	Value uint64 // below 2^ValueBits of the index
}

// MultiGet looks many keys up in one crossing to C. The memory of the table is fetched for several keys
// at a time, so that they cost much less than one by one. found[i] says whether keys[i] exists, and
// values[i] is its value, or 0. Each key is looked up by itself, the whole is not one snapshot.
func (i *Index) MultiGet(keys [][]byte) (values []uint64, found []bool, err error) {
	values, found, err = i.AppendMultiGet(make([]uint64, 0, len(keys)), make([]bool, 0, len(keys)), keys)
	if err != nil {
		return nil, nil, err
	}
	return values, found, nil
}

// AppendMultiGet is MultiGet for memory that is used again: it appends to values and to found, which
// both grow as needed, and returns the results.
func (i *Index) AppendMultiGet(values []uint64, found []bool, keys [][]byte) (
	[]uint64, []bool, error) {
	call := takeFlat()
	defer call.release()
	if err := call.setKeys(keys); err != nil {
		return values, found, err
	}
	newValues, newFound := grown(values, len(keys)), grown(found, len(keys))
	if err := ended(i, capi.IndexMultiGet(i.raw(), call.keys, call.keySizes, newValues[len(values):],
		newFound[len(found):])); err != nil {
		return values, found, err
	}
	return newValues, newFound, nil
}

// grown is the slice with that many elements more, with whatever they hold.
func grown[T any](slice []T, count int) []T {
	size := len(slice) + count
	if size <= cap(slice) {
		return slice[:size]
	}
	return append(slice, make([]T, count)...)
}

// MultiPut stores many entries in one crossing to C, one after the other: the whole is not atomic.
// existed[i] says whether the i-th key existed, and previous[i] is the value that was replaced, or 0.
// With an error they have the entries before the one that failed, which have been stored.
func (i *Index) MultiPut(entries []IndexEntry) (previous []uint64, existed []bool, err error) {
	call := takeFlat()
	defer call.release()
	if err := call.setEntries(entries); err != nil {
		return nil, nil, err
	}
	// One more, so that there is an address also without entries.
	previous, existed = make([]uint64, len(entries)+1), make([]bool, len(entries)+1)
	done := new(uintptr)
	outcome := capi.IndexMultiPut(i.raw(), call.keys, call.keySizes, call.numbers, &previous[0],
		&existed[0], done)
	runtime.KeepAlive(i)
	return previous[:*done:*done], existed[:*done:*done], errorOf(outcome)
}

package stave

import (
	"runtime"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// CompareAndSwap replaces the value by desired if it is expected, and says whether it was. ErrNotFound if the key
// is absent. One step, as Update, with the errors of reads.
func (s *Store) CompareAndSwap(key, expected, desired []byte, options *WriteOptions) (
	swapped bool, err error) {
	return found(s, capi.StoreCompareAndSwap(s.raw(), key, expected, desired, options.native()),
		capi.Mismatch)
}

// Update lets edit change the value of a key, in one step: no other write comes between. It returns the new
// value, in memory of its own, and whether the key exists; if not, edit is not called. Also the errors of reads.
//
// edit is given a copy, which lies outside of Go's memory and is gone when edit returns. It may be written
// to, and may be a part of what edit returns, which is the new value. It runs at most once, under the lock of
// the key's shard, so it should be short.
//
// A callback may read from the store; what writes to it or closes it is ErrBusy. An error that the callback
// returns is returned by the call, which changes nothing, and so is a panic, as a *[PanicError]. It may not
// end its goroutine (runtime.Goexit, t.FailNow). All this holds for the callbacks of the store's other methods
// too.
func (s *Store) Update(key []byte, edit func(value []byte) ([]byte, error), options *WriteOptions) (
	updated []byte, ok bool, err error) {
	return s.update(capi.StoreUpdate, key, edit, options)
}

// FetchUpdate is Update that returns the value that there was.
func (s *Store) FetchUpdate(key []byte, edit func(value []byte) ([]byte, error), options *WriteOptions) (
	previous []byte, ok bool, err error) {
	return s.update(capi.StoreFetchUpdate, key, edit, options)
}

func (s *Store) update(update func(capi.Store, []byte, uintptr, *capi.Buffer, capi.WriteOptions) capi.Outcome,
	key []byte, edit func(value []byte) ([]byte, error), options *WriteOptions) (
	value []byte, ok bool, err error) {
	call := takeFlat()
	defer call.release()
	outcome, err := withEdit(edit, func(callback uintptr) capi.Outcome {
		return update(s.raw(), key, callback, &call.native.Buffer, options.native())
	})
	runtime.KeepAlive(s)
	if err != nil {
		return nil, false, err
	}
	if ok, err = foundOf(outcome, capi.NotFound); !ok {
		return nil, false, err
	}
	return call.result(), true, err
}

// Swap is Put that also returns the value that it replaced, in memory of its own, and whether there was one. One
// step, as Update, with the errors of reads.
func (s *Store) Swap(key, value []byte, options *WriteOptions) (
	previous []byte, replaced bool, err error) {
	call := takeFlat()
	defer call.release()
	call.flag = false
	outcome := capi.StoreExchange(s.raw(), key, value, &call.native.Buffer, &call.flag, options.native())
	if err = ended(s, outcome); !call.flag {
		return nil, false, err
	}
	return call.result(), true, err
}

// ShardFor is the number of the key's shard, from 0 to Options.Shards. Writes to keys of one shard exclude each
// other, and Atomic changes them together. O(size of key).
func (s *Store) ShardFor(key []byte) (uint32, error) {
	shard := new(uint32)
	err := ended(s, capi.StoreShardFor(s.raw(), key, shard))
	return *shard, err
}

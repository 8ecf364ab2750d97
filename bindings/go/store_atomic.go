package stave

import (
	"runtime"
	"sync/atomic"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// Atomic are the keys of one shard, inside of Store.Atomic. It is of use in its callback, by the goroutine that
// runs that; elsewhere and afterwards its methods return ErrClosed. There is nothing to close.
//
// The methods return what those of the store would, and ErrShardMismatch for a key of another shard. An error
// does not end the callback: what went before still counts.
type Atomic struct{ handle atomic.Uintptr }

// Atomic runs the callback once, under the lock of the shard that shardKey (which need not exist) lies in: it
// sees that shard's keys as no other write can change them, and what it has written itself. All that it writes
// becomes visible together, survives a crash together and costs one sync; what it does to one key counts as
// one change. It should be short.
//
// Keys of one shard are, with Options.ShardPrefixBits, those with a common prefix; else those of which ShardFor
// is equal. The options are those of all writes inside. version is the commit's, or 0 when nothing was written.
//
// An error that the callback returns undoes all that was written, and is returned; so does and is a panic. It
// may read from the store itself, where it does not see its own writes; for all else see Update.
func (s *Store) Atomic(shardKey []byte, change func(keys *Atomic) error, options *WriteOptions) (
	version uint64, err error) {
	if change == nil {
		return 0, errNilCallback
	}
	var stopped error
	callback := &capi.AtomicCallback{Run: func(handle capi.Atomic) bool {
		stopped = runAtomic(change, handle)
		return stopped == nil
	}}
	outcome, err := withCallback(callback, &stopped, func(callback uintptr) capi.Outcome {
		return capi.StoreAtomic(s.raw(), shardKey, callback, &version, options.native())
	})
	runtime.KeepAlive(s)
	if err != nil {
		return 0, err
	}
	return version, errorOf(outcome)
}

func runAtomic(change func(keys *Atomic) error, handle capi.Atomic) (err error) {
	returned := false
	defer recovered(&returned, &err)
	keys := new(Atomic)
	keys.handle.Store(uintptr(handle))
	defer keys.handle.Store(0)
	err = change(keys)
	returned = true
	return err
}

// raw is NULL for none, and when the callback has ended.
func (a *Atomic) raw() capi.Atomic {
	if a == nil {
		return 0
	}
	return capi.Atomic(a.handle.Load())
}

// Get returns the value in memory of its own, and whether the key exists.
func (a *Atomic) Get(key []byte) (value []byte, ok bool, err error) {
	call := takeFlat()
	defer call.release()
	if ok, err = foundOf(capi.AtomicGet(a.raw(), key, &call.native.Buffer), capi.NotFound); !ok {
		return nil, false, err
	}
	return call.result(), true, nil
}

// Contains says whether the key exists.
func (a *Atomic) Contains(key []byte) (bool, error) {
	return foundOf(capi.AtomicContains(a.raw(), key), capi.NotFound)
}

// Put stores the value, whether or not the key exists.
func (a *Atomic) Put(key, value []byte) error {
	return errorOf(capi.AtomicPut(a.raw(), key, value))
}

// Insert stores the value if the key is absent, and says whether it was.
func (a *Atomic) Insert(key, value []byte) (inserted bool, err error) {
	return foundOf(capi.AtomicInsert(a.raw(), key, value), capi.Exists)
}

// Replace stores the value if the key exists, and says whether it did.
func (a *Atomic) Replace(key, value []byte) (replaced bool, err error) {
	return foundOf(capi.AtomicReplace(a.raw(), key, value), capi.NotFound)
}

// Delete removes the key, and says whether it existed.
func (a *Atomic) Delete(key []byte) (deleted bool, err error) {
	return foundOf(capi.AtomicRemove(a.raw(), key), capi.NotFound)
}

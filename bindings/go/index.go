package stave

import (
	"io"
	"runtime"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// Index is a concurrent hash index in memory: bytes -> a 64-bit number, which is a file offset, a
// location, an id. Nothing is written to disk. Any number of goroutines may use it at the same time:
// readers never wait for writers, and writers for each other only where their keys share a bucket. All
// calls on one key happen in one order. Growth is spread over the writes.
//
// It is exact: a lookup returns the value of that very key, also when many keys have the same hash. By
// default it keeps the bytes of its keys; with a [Resolver] it keeps none.
//
// Keys have 0 to 65,535 bytes, values are below 2^ValueBits. Beyond: writes are ErrTooLarge and change
// nothing; a key that is too large is not found.
//
// Methods of a nil or zero Index return ErrInvalidArgument.
//
// Errors of every method: ErrInvalidArgument, ErrClosed, ErrBusy (from inside the resolver), ErrNoMemory
// (nothing is changed). Of every method that takes a key: what the resolver returns. Of every write:
// ErrTooLarge.
type Index struct {
	native *native[capi.Index]
	// C knows its address.
	resolver *capi.Resolver
	options  *Resolver
}

var _ io.Closer = (*Index)(nil)

// NewIndex makes an empty index. nil options are the defaults. O(capacity).
//
//   - ErrInvalidArgument: an option is out of range, or the key mode is KeysResolved without a Resolver
func NewIndex(options *IndexOptions) (*Index, error) {
	if options == nil {
		options = DefaultIndexOptions()
	}
	resolver, err := options.Resolver.native()
	if err != nil {
		return nil, err
	}
	native := options.native()
	defer capi.DeleteIndexOptions(native)
	if resolver != nil {
		native.SetKeyMode(capi.KeysResolved)
	}
	var handle capi.Index
	knowsHashes := resolver != nil && resolver.Hash != nil
	outcome := capi.IndexCreate(native, resolver, knowsHashes, &handle)
	if outcome != capi.OK {
		return nil, errorOf(outcome)
	}
	return &Index{newNative(handle, capi.IndexFree), resolver, options.Resolver}, nil
}

// raw is NULL for a nil Index, which C refuses.
func (i *Index) raw() capi.Index {
	if i == nil {
		return 0
	}
	return i.native.raw()
}

// Close waits for running calls and gives the memory of the entries back. Closing again is no error.
// Cursors return ErrClosed afterwards. ErrBusy from inside the resolver.
func (i *Index) Close() error {
	if i == nil {
		return nil
	}
	return i.native.close(capi.IndexClose)
}

// Options are the options in force: Shards and Seed as they were chosen, Capacity as it was asked for.
func (i *Index) Options() (*IndexOptions, error) {
	options, err := readIndexOptions(func(native capi.IndexOptions) capi.Outcome {
		defer runtime.KeepAlive(i)
		return capi.IndexOptionsGet(i.raw(), native)
	})
	if err != nil {
		return nil, err
	}
	options.Resolver = i.options
	return options, nil
}

// Put stores the value, whether or not the key exists, and returns the value that it replaced, and
// whether there was one. O(key size), as are all that take one key.
func (i *Index) Put(key []byte, value uint64) (previous uint64, existed bool, err error) {
	a := takeAnswer()
	return a.replaced(i, capi.IndexPut(i.raw(), key, value, &a.number, &a.existed))
}

// Insert stores the value if the key is absent, and says whether it was; if not, existing is the value
// that is there.
func (i *Index) Insert(key []byte, value uint64) (existing uint64, inserted bool, err error) {
	a := takeAnswer()
	return a.unless(i, capi.Exists, capi.IndexInsert(i.raw(), key, value, &a.number))
}

// CompareAndSwap stores desired if the key's value is expected, and says whether it was. actual is the
// value that the key had. ErrNotFound if the key is absent.
func (i *Index) CompareAndSwap(key []byte, expected, desired uint64) (
	actual uint64, swapped bool, err error) {
	a := takeAnswer()
	return a.ifEqual(i, expected,
		capi.IndexCompareAndSwap(i.raw(), key, expected, desired, &a.number))
}

// Get returns the key's value, and whether the key exists.
func (i *Index) Get(key []byte) (value uint64, ok bool, err error) {
	a := takeAnswer()
	return a.unless(i, capi.NotFound, capi.IndexGet(i.raw(), key, &a.number))
}

// Contains says whether the key exists.
func (i *Index) Contains(key []byte) (bool, error) {
	return found(i, capi.IndexContains(i.raw(), key), capi.NotFound)
}

// Delete removes the key, and returns the value that it had, and whether it existed. Its space is used
// again by the next writes.
func (i *Index) Delete(key []byte) (previous uint64, removed bool, err error) {
	a := takeAnswer()
	return a.unless(i, capi.NotFound, capi.IndexRemove(i.raw(), key, &a.number))
}

// DeleteIf removes the key if its value is expected, and says whether it was. actual is the value that
// the key had. ErrNotFound if the key is absent.
func (i *Index) DeleteIf(key []byte, expected uint64) (actual uint64, removed bool, err error) {
	a := takeAnswer()
	return a.ifEqual(i, expected, capi.IndexRemoveIf(i.raw(), key, expected, &a.number))
}

package stave

import (
	"io"
	"runtime"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// Batch is a list of changes and conditions that Store.Write applies atomically: all are visible at
// once, survive a crash together, and cost one sync. Conditions are judged against the state before
// the batch. It may be written to any store, any number of times. One goroutine at a time.
//
// Methods of a nil or zero Batch return ErrInvalidArgument.
type Batch struct{ native *native[capi.Batch] }

var _ io.Closer = (*Batch)(nil)

// NewBatch makes an empty batch. Close gives back its contents.
func NewBatch() (*Batch, error) {
	var handle capi.Batch
	if err := errorOf(capi.BatchCreate(&handle)); err != nil {
		return nil, err
	}
	return &Batch{newNative(handle, capi.BatchFree)}, nil
}

func (b *Batch) raw() capi.Batch {
	if b == nil {
		return 0
	}
	return b.native.raw()
}

// Put adds the storing of a value. The last change of a key wins. ErrTooLarge beyond the limits of one
// record; the batch stays as it was.
func (b *Batch) Put(key, value []byte) error {
	return ended(b, capi.BatchPut(b.raw(), key, value))
}

// Delete adds the removal of a key. An absent key is no error; add a condition if it should be.
func (b *Batch) Delete(key []byte) error {
	return ended(b, capi.BatchRemove(b.raw(), key))
}

// RequireAbsent adds the condition that the key does not exist.
func (b *Batch) RequireAbsent(key []byte) error { return b.require(key, capi.RequireAbsent, nil) }

// RequireExists adds the condition that the key exists.
func (b *Batch) RequireExists(key []byte) error { return b.require(key, capi.RequireExists, nil) }

// RequireEqual adds the condition that the key exists with exactly this value.
func (b *Batch) RequireEqual(key, value []byte) error {
	return b.require(key, capi.RequireEqual, value)
}

func (b *Batch) require(key []byte, condition uint, value []byte) error {
	return ended(b, capi.BatchRequire(b.raw(), key, condition, value))
}

// Count is the number of changes and conditions so far.
func (b *Batch) Count() (uint64, error) {
	var count uint64
	outcome := capi.BatchCount(b.raw(), &count)
	runtime.KeepAlive(b)
	return count, errorOf(outcome)
}

// Clear forgets all changes and conditions, and keeps their memory for the next ones.
func (b *Batch) Clear() error {
	return ended(b, capi.BatchClear(b.raw()))
}

// Close ends the batch. Closing again is no error.
func (b *Batch) Close() error {
	return ended(b, capi.BatchClose(b.raw()))
}

// Write applies the batch, which is left as it is. A *MismatchError when a condition does not hold:
// nothing is written. An empty batch is no error. version is the commit's, which is larger than that of every
// commit before it, or 0 when nothing was written.
func (s *Store) Write(batch *Batch, options *WriteOptions) (version uint64, err error) {
	answer := new(struct{ position, version uint64 })
	outcome := capi.StoreWrite(s.raw(), batch.raw(), &answer.position, &answer.version, options.native())
	runtime.KeepAlive(s)
	runtime.KeepAlive(batch)
	if outcome.Is(capi.Mismatch) {
		return 0, &MismatchError{answer.position}
	}
	return answer.version, errorOf(outcome)
}

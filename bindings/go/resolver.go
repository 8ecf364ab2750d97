package stave

import (
	"errors"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// Resolver knows the keys of an index that keeps none: the caller has them, in the records that the
// values lead to. The record at a value must be there before the value is given to a write. Once another
// goroutine has removed or replaced the value, calls that began before may still ask about it: answer
// ErrNotFound when the record is gone, and let no other key's record take its place as long as such
// calls run.
//
// The functions run on the goroutines that call the index, several at the same time, once or more for a
// call. They may use the same index for reading; what changes it, its cursors and Close are ErrBusy. An
// error that they return is returned by the call of the index, which changes nothing, and so is a panic,
// as a *[PanicError]. They may not end their goroutine (runtime.Goexit, t.FailNow).
//
// They should be short: while one waits, memory that is no longer needed is not given back, by anything
// of Stave in the whole process. Hash may run while the index grows, which one goroutine at a time does:
// it must not wait for one that calls Reserve or ShrinkToFit of the same index.
type Resolver struct {
	// Compare says whether the record at the value is that of this key. ErrNotFound: there is no record
	// any more; the entry counts as absent and may be replaced. The key is valid until Compare returns,
	// and must not be written to.
	Compare func(value uint64, key []byte) (equal bool, err error)
	// Hash is the hash of the record's key: what Index.Hash says, or what was passed to the method with a
	// hash that put it. ErrNotFound: there is no record any more. Asked when an index of 44-bit values has
	// grown by a factor of 2^19; with 64 it may be nil. After an error the index grows later.
	Hash func(value uint64) (hash uint64, err error)
}

// native is the Resolver as the raw layer wants it. nil stays nil.
func (r *Resolver) native() (*capi.Resolver, error) {
	if r == nil {
		return nil, nil
	}
	if r.Compare == nil {
		return nil, failed(ErrInvalidArgument, "the resolver has no Compare")
	}
	functions := *r
	native := &capi.Resolver{Compare: functions.compare}
	if r.Hash != nil {
		native.Hash = functions.hash
	}
	return native, nil
}

func (r *Resolver) compare(value uint64, key []byte) (status int, err error) {
	returned := false
	defer recovered(&returned, &err)
	equal, err := r.Compare(value, key)
	returned = true
	switch {
	case err != nil:
		return goneOr(err)
	case !equal:
		return capi.Mismatch, nil
	}
	return 0, nil
}

func (r *Resolver) hash(value uint64) (hash uint64, status int, err error) {
	returned := false
	defer recovered(&returned, &err)
	hash, err = r.Hash(value)
	returned = true
	if err != nil {
		status, err = goneOr(err)
	}
	return hash, status, err
}

func goneOr(err error) (status int, other error) {
	if errors.Is(err, ErrNotFound) {
		return capi.NotFound, nil
	}
	return 0, err
}

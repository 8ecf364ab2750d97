package stave

import (
	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// Hash is the hash that the methods without one give to the key: XXH3-64 with the index's seed.
//
// The methods with a hash are for callers who have it already or have a better one. Any number will do,
// and the more bits of it differ between keys the better; a key must always come with the same one. With
// what Hash says they can be mixed with the others.
func (i *Index) Hash(key []byte) (uint64, error) {
	a := takeAnswer()
	return a.only(i, capi.IndexHash(i.raw(), key, &a.number))
}

// PutHashed is Put for a key whose hash is known.
func (i *Index) PutHashed(key []byte, hash, value uint64) (
	previous uint64, existed bool, err error) {
	a := takeAnswer()
	return a.replaced(i, capi.IndexPutHashed(i.raw(), key, hash, value, &a.number, &a.existed))
}

// InsertHashed is Insert for a key whose hash is known.
func (i *Index) InsertHashed(key []byte, hash, value uint64) (
	existing uint64, inserted bool, err error) {
	a := takeAnswer()
	return a.unless(i, capi.Exists, capi.IndexInsertHashed(i.raw(), key, hash, value, &a.number))
}

// CompareAndSwapHashed is CompareAndSwap for a key whose hash is known.
func (i *Index) CompareAndSwapHashed(key []byte, hash, expected, desired uint64) (
	actual uint64, swapped bool, err error) {
	a := takeAnswer()
	return a.ifEqual(i, expected,
		capi.IndexCompareAndSwapHashed(i.raw(), key, hash, expected, desired, &a.number))
}

// GetHashed is Get for a key whose hash is known.
func (i *Index) GetHashed(key []byte, hash uint64) (value uint64, ok bool, err error) {
	a := takeAnswer()
	return a.unless(i, capi.NotFound, capi.IndexGetHashed(i.raw(), key, hash, &a.number))
}

// ContainsHashed is Contains for a key whose hash is known.
func (i *Index) ContainsHashed(key []byte, hash uint64) (bool, error) {
	return found(i, capi.IndexContainsHashed(i.raw(), key, hash), capi.NotFound)
}

// DeleteHashed is Delete for a key whose hash is known.
func (i *Index) DeleteHashed(key []byte, hash uint64) (previous uint64, removed bool, err error) {
	a := takeAnswer()
	return a.unless(i, capi.NotFound, capi.IndexRemoveHashed(i.raw(), key, hash, &a.number))
}

// DeleteIfHashed is DeleteIf for a key whose hash is known.
func (i *Index) DeleteIfHashed(key []byte, hash, expected uint64) (
	actual uint64, removed bool, err error) {
	a := takeAnswer()
	return a.ifEqual(i, expected,
		capi.IndexRemoveIfHashed(i.raw(), key, hash, expected, &a.number))
}

package stave

import (
	"errors"
	"runtime"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// Len is the number of entries: exact when no write is running. O(shards).
func (i *Index) Len() (uint64, error) {
	a := takeAnswer()
	return a.only(i, capi.IndexSize(i.raw(), &a.number))
}

// IsEmpty says whether there is no entry. O(shards).
func (i *Index) IsEmpty() (bool, error) {
	a := takeAnswer()
	_, isEmpty, err := a.replaced(i, capi.IndexIsEmpty(i.raw(), &a.existed))
	return isEmpty, err
}

// Capacity is the number of entries that the present memory is made for; beyond it the index grows.
// O(shards).
func (i *Index) Capacity() (uint64, error) {
	a := takeAnswer()
	return a.only(i, capi.IndexCapacity(i.raw(), &a.number))
}

// Clear removes all entries at one point in time: no other call sees some of them gone and others not.
// (Calls with many keys, and cursors, are many operations.)
func (i *Index) Clear() error {
	return ended(i, capi.IndexClear(i.raw()))
}

// Reserve makes room for that many entries in all, so that writes need not grow the index before there
// are as many (a few, where more keys than others fall into one shard). Other calls go on meanwhile.
// ErrTooLarge beyond 2^36. After a failure the entries are as they were, and the room that was made so
// far stays. O(capacity).
func (i *Index) Reserve(capacity uint64) error {
	return ended(i, capi.IndexReserve(i.raw(), capacity))
}

// ShrinkToFit gives back the memory that the present entries do not need, shard by shard. Reads go on
// meanwhile; writes wait while the shard of their key is built anew. O(capacity).
func (i *Index) ShrinkToFit() error {
	return ended(i, capi.IndexShrinkToFit(i.raw()))
}

// Values are all values, in no particular order. What a cursor promises about entries that come and go
// holds here. O(capacity).
func (i *Index) Values() ([]uint64, error) {
	buffer := newBuffer()
	defer buffer.free()
	a := takeAnswer()
	count, err := a.only(i, capi.IndexCollectValues(i.raw(), &buffer.Buffer, &a.number))
	if err != nil {
		return nil, err
	}
	values := make([]uint64, count)
	copy(values, buffer.Numbers())
	return values, nil
}

// Stats returns the figures of this moment: beside writes they are close, but not all of one moment.
// O(shards).
func (i *Index) Stats() (IndexStats, error) {
	return readIndexStats(func(native capi.IndexStats) capi.Outcome {
		defer runtime.KeepAlive(i)
		return capi.IndexStatsGet(i.raw(), native)
	})
}

// ShardStats returns the figures of one shard, numbered from 0, and whether there is one of that number.
func (i *Index) ShardStats(shard uint32) (stats IndexShardStats, ok bool, err error) {
	stats, err = readIndexShardStats(func(native capi.IndexShardStats) capi.Outcome {
		defer runtime.KeepAlive(i)
		return capi.IndexShardStatsGet(i.raw(), uint(shard), native)
	})
	if errors.Is(err, ErrNotFound) {
		return stats, false, nil
	}
	return stats, err == nil, err
}

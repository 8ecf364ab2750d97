package stave

import (
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
	outcome := capi.IndexClear(i.raw())
	runtime.KeepAlive(i)
	return errorOf(outcome)
}

// Reserve makes room for that many entries in all, so that writes need not grow the index before there
// are as many (a few, where more keys than others fall into one shard). Other calls go on meanwhile.
// ErrTooLarge beyond 2^36. After a failure the entries are as they were, and the room that was made so
// far stays. O(capacity).
func (i *Index) Reserve(capacity uint64) error {
	outcome := capi.IndexReserve(i.raw(), capacity)
	runtime.KeepAlive(i)
	return errorOf(outcome)
}

// ShrinkToFit gives back the memory that the present entries do not need, shard by shard. Reads go on
// meanwhile; writes wait while the shard of their key is built anew. O(capacity).
func (i *Index) ShrinkToFit() error {
	outcome := capi.IndexShrinkToFit(i.raw())
	runtime.KeepAlive(i)
	return errorOf(outcome)
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

// IndexStats are figures of an index. The load is Entries / Slots, the average probe
// ProbeSum / ProbeSamples.
type IndexStats struct {
	Shards        uint32 // parts that grow by themselves
	Entries       uint64 // as Len
	Capacity      uint64 // as Index.Capacity
	Bytes         uint64 // all memory of it, keys included
	KeyBytes      uint64 // of these, what holds the bytes of longer keys, free space included
	Buckets       uint64 // of all shards
	Slots         uint64 // entries that fit into the buckets
	OverflowNodes uint64 // where entries are whose bucket is full
	Splits        uint64 // of buckets, since the index was made or cleared: its growth
	SplitsMax     uint64 // by any one write: never more than 2
	ProbeSamples  uint64 // buckets that were looked at, some of each shard:
	ProbeSum      uint64 // groups of slots that a lookup in them reads, for all together,
	ProbeMax      uint64 // and at most
}

// Stats returns the figures of this moment: beside writes they are close, but not all of one moment.
// O(shards).
func (i *Index) Stats() (IndexStats, error) {
	native := capi.NewIndexStats()
	defer capi.DeleteIndexStats(native)
	capi.IndexStatsInit(native)
	outcome := capi.IndexStatsGet(i.raw(), native)
	runtime.KeepAlive(i)
	if outcome != capi.OK {
		return IndexStats{}, errorOf(outcome)
	}
	return IndexStats{
		Shards:        uint32(native.GetShards()),
		Entries:       native.GetEntries(),
		Capacity:      native.GetCapacity(),
		Bytes:         native.GetBytes(),
		KeyBytes:      native.GetKeyBytes(),
		Buckets:       native.GetBuckets(),
		Slots:         native.GetSlots(),
		OverflowNodes: native.GetOverflowNodes(),
		Splits:        native.GetSplits(),
		SplitsMax:     native.GetSplitsMax(),
		ProbeSamples:  native.GetProbeSamples(),
		ProbeSum:      native.GetProbeSum(),
		ProbeMax:      native.GetProbeMax(),
	}, nil
}

// IndexShardStats are figures of one shard of an index.
type IndexShardStats struct {
	Entries uint64 // in the shard
	Buckets uint64 // of the shard
	Bytes   uint64 // all memory of it
}

// ShardStats returns the figures of one shard, numbered from 0, and whether there is one of that number.
func (i *Index) ShardStats(shard uint32) (stats IndexShardStats, ok bool, err error) {
	native := capi.NewIndexShardStats()
	defer capi.DeleteIndexShardStats(native)
	capi.IndexShardStatsInit(native)
	outcome := capi.IndexShardStatsGet(i.raw(), uint(shard), native)
	runtime.KeepAlive(i)
	if ok, err = foundOf(outcome, capi.NotFound); !ok {
		return IndexShardStats{}, false, err
	}
	return IndexShardStats{native.GetEntries(), native.GetBuckets(), native.GetBytes()}, true, nil
}

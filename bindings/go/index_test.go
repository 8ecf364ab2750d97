package stave

import (
	"bytes"
	"encoding/binary"
	"math"
	"sort"
	"strings"
	"testing"
)

func newIndex(t testing.TB, text string) *Index {
	t.Helper()
	options := DefaultIndexOptions()
	check(t, options.Set(text))
	return newIndexWith(t, options)
}

func newIndexWith(t testing.TB, options *IndexOptions) *Index {
	t.Helper()
	index, err := NewIndex(options)
	check(t, err)
	t.Cleanup(func() { check(t, index.Close()) })
	return index
}

func counterKey(counter uint64) []byte { return binary.BigEndian.AppendUint64(nil, counter) }

// checkNumber demands what a call on one key answers: a number and a bool.
func checkNumber(t testing.TB, want uint64, wantOK bool) func(got uint64, ok bool, err error) {
	t.Helper()
	return func(got uint64, ok bool, err error) {
		t.Helper()
		check(t, err)
		checkEqual(t, wantOK, ok)
		checkEqual(t, want, got)
	}
}

func checkLen(t testing.TB, index *Index, want uint64) {
	t.Helper()
	size, err := index.Len()
	check(t, err)
	checkEqual(t, want, size)
	isEmpty, err := index.IsEmpty()
	check(t, err)
	checkEqual(t, want == 0, isEmpty)
}

func TestIndexOneKey(t *testing.T) {
	index := newIndex(t, "")
	checkNumber(t, 0, false)(index.Get(b("k")))
	checkNumber(t, 0, false)(index.Put(b("k"), 1))
	checkNumber(t, 1, true)(index.Put(b("k"), math.MaxUint64))
	checkNumber(t, math.MaxUint64, true)(index.Get(b("k")))
	checkNumber(t, math.MaxUint64, false)(index.Insert(b("k"), 5))
	checkNumber(t, 0, true)(index.Insert(b("l"), 5))

	checkNumber(t, 5, true)(index.CompareAndSwap(b("l"), 5, 6))
	checkNumber(t, 6, false)(index.CompareAndSwap(b("l"), 5, 7))
	_, swapped, err := index.CompareAndSwap(b("m"), 0, 1)
	checkIs(t, ErrNotFound, err)
	checkEqual(t, false, swapped)
	checkNumber(t, 6, false)(index.DeleteIf(b("l"), 5))
	checkNumber(t, 6, true)(index.DeleteIf(b("l"), 6))
	_, removed, err := index.DeleteIf(b("l"), 6)
	checkIs(t, ErrNotFound, err)
	checkEqual(t, false, removed)

	exists, err := index.Contains(b("k"))
	checkTrue(t, exists, err)
	checkLen(t, index, 1)
	checkNumber(t, math.MaxUint64, true)(index.Delete(b("k")))
	checkNumber(t, 0, false)(index.Delete(b("k")))
	exists, err = index.Contains(b("k"))
	checkFalse(t, exists, err)
	checkLen(t, index, 0)
}

// nil is the empty key, a zero is a value as any other, and what is too large is an error.
func TestIndexKeysAndValues(t *testing.T) {
	index := newIndex(t, "value_bits=44")
	checkNumber(t, 0, false)(index.Put(nil, 0))
	checkNumber(t, 0, true)(index.Get([]byte{}))
	for _, size := range []int{1, 7, 8, 9, 65535} {
		checkNumber(t, 0, false)(index.Put(bytes.Repeat(b("k"), size), uint64(size)))
	}
	for _, size := range []int{1, 7, 8, 9, 65535} {
		checkNumber(t, uint64(size), true)(index.Get(bytes.Repeat(b("k"), size)))
	}
	_, _, err := index.Put(make([]byte, 65536), 1)
	checkIs(t, ErrTooLarge, err)
	_, _, err = index.Put(b("k"), 1<<44)
	checkIs(t, ErrTooLarge, err)
	checkNumber(t, 0, false)(index.Get(make([]byte, 65536)))
	checkLen(t, index, 6)
}

// Two keys with one hash are two entries; with the index's own hash, the calls mix.
func TestIndexHashed(t *testing.T) {
	index := newIndex(t, "")
	checkNumber(t, 0, false)(index.PutHashed(b("a"), 42, 1))
	checkNumber(t, 1, true)(index.PutHashed(b("a"), 42, 2))
	checkNumber(t, 0, true)(index.InsertHashed(b("b"), 42, 3))
	checkNumber(t, 3, false)(index.InsertHashed(b("b"), 42, 4))
	checkNumber(t, 2, true)(index.GetHashed(b("a"), 42))
	checkNumber(t, 0, false)(index.GetHashed(b("c"), 42))
	checkNumber(t, 3, false)(index.CompareAndSwapHashed(b("b"), 42, 2, 5))
	checkNumber(t, 3, true)(index.CompareAndSwapHashed(b("b"), 42, 3, 5))
	checkNumber(t, 5, false)(index.DeleteIfHashed(b("b"), 42, 3))
	checkNumber(t, 5, true)(index.DeleteIfHashed(b("b"), 42, 5))
	exists, err := index.ContainsHashed(b("a"), 42)
	checkTrue(t, exists, err)
	checkNumber(t, 2, true)(index.DeleteHashed(b("a"), 42))
	checkLen(t, index, 0)

	hash, err := index.Hash(b("k"))
	check(t, err)
	checkNumber(t, 0, false)(index.PutHashed(b("k"), hash, 9))
	checkNumber(t, 9, true)(index.Get(b("k")))
	options, err := index.Options()
	check(t, err)
	again, err := newIndexWith(t, options).Hash(b("k"))
	check(t, err)
	checkEqual(t, hash, again)
}

func TestIndexMany(t *testing.T) {
	index := newIndex(t, "")
	entries := []IndexEntry{{b("1"), 1}, {nil, 2}, {b("1"), 3}}
	previous, existed, err := index.MultiPut(entries)
	check(t, err)
	checkEqual(t, true, equal(previous, []uint64{0, 0, 1}) && equal(existed, []bool{false, false, true}))
	values, found, err := index.MultiGet([][]byte{b("absent"), {}, b("1")})
	check(t, err)
	checkEqual(t, true, equal(values, []uint64{0, 2, 3}) && equal(found, []bool{false, true, true}))

	// The entries before one that fails are stored.
	previous, existed, err = index.MultiPut(
		[]IndexEntry{{b("before"), 1}, {b("1"), 4}, {make([]byte, 65536), 2}, {b("behind"), 3}})
	checkIs(t, ErrTooLarge, err)
	checkEqual(t, true, equal(previous, []uint64{0, 3}) && equal(existed, []bool{false, true}))
	checkNumber(t, 1, true)(index.Get(b("before")))
	checkNumber(t, 0, false)(index.Get(b("behind")))

	// No key at all.
	previous, existed, err = index.MultiPut(nil)
	check(t, err)
	checkEqual(t, 0, len(previous)+len(existed))
	values, found, err = index.MultiGet(nil)
	check(t, err)
	checkEqual(t, 0, len(values)+len(found))

	// Behind what is there already, whether it fits or not.
	values, found, err = index.AppendMultiGet([]uint64{7}, make([]bool, 1, 10), [][]byte{b("1"), b("2")})
	check(t, err)
	checkEqual(t, true, equal(values, []uint64{7, 4, 0}) && equal(found, []bool{false, true, false}))
}

func equal[T comparable](left, right []T) bool {
	if len(left) != len(right) {
		return false
	}
	for i := range left {
		if left[i] != right[i] {
			return false
		}
	}
	return true
}

func TestIndexWhole(t *testing.T) {
	const count = 5000
	index := newIndex(t, "shards=2 capacity=100")
	for counter := uint64(0); counter < count; counter++ {
		checkNumber(t, 0, false)(index.Put(counterKey(counter), counter))
	}
	values, err := index.Values()
	check(t, err)
	sort.Slice(values, func(i, j int) bool { return values[i] < values[j] })
	checkEqual(t, true, len(values) == count && values[0] == 0 && values[count-1] == count-1)
	stats, err := index.Stats()
	check(t, err)
	checkEqual(t, true, stats.Entries == count && stats.Shards == 2 && stats.Splits > 0 &&
		stats.SplitsMax <= 2 && stats.Slots >= count && stats.Bytes > 8*count)
	entries := uint64(0)
	for shard := uint32(0); shard < 2; shard++ {
		stats, ok, err := index.ShardStats(shard)
		checkTrue(t, ok, err)
		entries += stats.Entries
	}
	checkEqual(t, uint64(count), entries)
	_, ok, err := index.ShardStats(2)
	checkFalse(t, ok, err)

	check(t, index.Reserve(20000))
	capacity, err := index.Capacity()
	check(t, err)
	checkEqual(t, true, capacity >= 20000)
	checkIs(t, ErrTooLarge, index.Reserve(1<<36+1))
	checkNumber(t, 4321, true)(index.Get(counterKey(4321)))
	check(t, index.Clear())
	check(t, index.ShrinkToFit())
	checkLen(t, index, 0)
	values, err = index.Values()
	check(t, err)
	checkEqual(t, 0, len(values))
}

func TestIndexOptions(t *testing.T) {
	options := DefaultIndexOptions()
	checkEqual(t, IndexOptions{KeyMode: KeysOwned, ValueBits: 64}, *options)
	check(t, options.Set("key_mode=resolved value_bits=44,shards=4 capacity=1000 seed=5"))
	checkEqual(t, IndexOptions{KeysResolved, 44, 4, 1000, 5, nil}, *options)
	checkEqual(t, "owned resolved", KeysOwned.String()+" "+KeysResolved.String())
	err := options.Set("shards=3")
	checkIs(t, ErrInvalidArgument, err)
	checkEqual(t, true, strings.Contains(err.Error(), "shards"))
	checkIs(t, ErrInvalidArgument, options.Set("shards=1\x00"))
	checkIs(t, ErrInvalidArgument, (*IndexOptions)(nil).Set(""))
	text, err := DescribeIndexOptions()
	check(t, err)
	checkEqual(t, true, strings.HasPrefix(text, "key_mode="))

	_, err = NewIndex(options) // resolved, and nobody to ask
	checkIs(t, ErrInvalidArgument, err)
	_, err = NewIndex(&IndexOptions{})
	checkIs(t, ErrInvalidArgument, err)
	index, err := NewIndex(nil)
	check(t, err)
	inForce, err := index.Options()
	check(t, err)
	checkEqual(t, true, inForce.Shards > 0 && inForce.Seed != 0 && inForce.KeyMode == KeysOwned)
}

func TestIndexCursor(t *testing.T) {
	index := newIndex(t, "")
	want := map[string]uint64{"": 1, "b": 2, strings.Repeat("x", 300): 3, strings.Repeat("y", 8): 4}
	for key, value := range want {
		checkNumber(t, 0, false)(index.Put(b(key), value))
	}
	cursor, err := index.Cursor()
	check(t, err)
	checkEqual(t, true, cursor.Key() == nil)
	checkIs(t, ErrInvalidArgument, cursor.Err())
	got := map[string]uint64{}
	for cursor.Next() {
		key := cursor.Key()
		checkEqual(t, true, key != nil)
		got[string(key)] = cursor.Value()
	}
	check(t, cursor.Err())
	checkEqual(t, len(want), len(got))
	for key, value := range want {
		checkEqual(t, value, got[key])
	}
	checkEqual(t, false, cursor.Next())
	check(t, cursor.Err())
	checkEqual(t, uint64(0), cursor.Value())
	checkIs(t, ErrInvalidArgument, cursor.Err())

	empty := newIndex(t, "")
	checkNumber(t, 0, false)(empty.Put(nil, 1))
	cursor, err = empty.Cursor()
	check(t, err)
	checkEqual(t, true, cursor.Next() && cursor.Key() != nil && len(cursor.Key()) == 0)

	// The iterator stops where the loop does, and goes on from there.
	cursor, err = index.Cursor()
	check(t, err)
	count := 0
	for i := 0; i < len(want); i++ {
		cursor.All()(func(key []byte, value uint64) bool {
			checkEqual(t, want[string(key)], value)
			count++
			return false
		})
	}
	checkEqual(t, len(want), count)
	checkEqual(t, false, cursor.Next())
}

func TestIndexNextMany(t *testing.T) {
	index := newIndex(t, "")
	for counter := uint64(0); counter < 1000; counter++ {
		checkNumber(t, 0, false)(index.Put(counterKey(counter), counter))
	}
	cursor, err := index.Cursor()
	check(t, err)
	seen := map[uint64]bool{}
	for {
		entries, err := cursor.NextMany(30, 1<<20)
		check(t, err)
		checkEqual(t, true, cursor.Key() == nil)
		if len(entries) == 0 {
			break
		}
		for _, entry := range entries {
			checkEqual(t, true, bytes.Equal(counterKey(entry.Value), entry.Key))
			checkEqual(t, false, seen[entry.Value])
			seen[entry.Value] = true
		}
		values, err := cursor.NextValues(20)
		check(t, err)
		for _, value := range values {
			checkEqual(t, false, seen[value])
			seen[value] = true
		}
	}
	checkEqual(t, 1000, len(seen))
	cursor, err = index.Cursor()
	check(t, err)
	entries, err := cursor.NextMany(math.MaxInt, 0)
	check(t, err)
	checkEqual(t, 1, len(entries))
	values, err := cursor.NextValues(math.MaxInt)
	check(t, err)
	checkEqual(t, 999, len(values))
	_, err = cursor.NextMany(-1, 0)
	checkIs(t, ErrInvalidArgument, err)
	_, err = cursor.NextValues(-1)
	checkIs(t, ErrInvalidArgument, err)
}

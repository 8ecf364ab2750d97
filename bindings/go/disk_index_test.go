package stave

import (
	"errors"
	"fmt"
	"io"
	"math/rand"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func diskKey(counter uint64) []byte { return append(counterKey(counter), "-padding"...) }

func openDiskIndex(t testing.TB, text string) *DiskIndex {
	t.Helper()
	index := openDiskIndexAt(t, filepath.Join(t.TempDir(), "index"), text)
	t.Cleanup(func() { check(t, index.Close()) })
	return index
}

func openDiskIndexAt(t testing.TB, path, text string) *DiskIndex {
	t.Helper()
	options := DefaultDiskIndexOptions()
	check(t, options.Set(text))
	index, err := OpenDiskIndex(path, options)
	check(t, err)
	return index
}

// records8 is a source of that many records of 8 bytes, which ends with an error.
func records8(count uint64, end error) RecordSource {
	next := uint64(0)
	return func() (key, record []byte, err error) {
		if next == count {
			return nil, nil, end
		}
		next++
		return diskKey(next - 1), counterKey(next - 1), nil
	}
}

func TestDiskIndexOneKey(t *testing.T) {
	index := openDiskIndex(t, "record_size=3")
	key := diskKey(1)
	checkResult(t, "", false)(index.Get(key))
	check(t, index.Put(key, b("one")))
	inserted, err := index.Insert(key, b("two"))
	checkFalse(t, inserted, err)
	checkResult(t, "one", true)(index.Get(key))
	checkResult(t, "is one", true)(index.AppendGet(b("is "), key))
	exists, err := index.Contains(key)
	checkTrue(t, exists, err)
	size, err := index.Len()
	check(t, err)
	checkEqual(t, uint64(1), size)
	deleted, err := index.Delete(key)
	checkTrue(t, deleted, err)
	deleted, err = index.Delete(key)
	checkFalse(t, deleted, err)
	inserted, err = index.Insert(key, b("two"))
	checkTrue(t, inserted, err)
	for _, wrong := range []error{index.Put(key[1:], b("one")), index.Put(key, b("four"))} {
		checkIs(t, ErrInvalidArgument, wrong)
	}
}

func TestDiskIndexPayload(t *testing.T) {
	index := openDiskIndex(t, "")
	payload := Payload{1 << 40, 700, 1800, CodecLZ4}
	checkEqual(t, payload, PayloadOf(payload.Record()))
	check(t, index.Put(diskKey(1), payload.Record()))
	got, ok, err := index.GetPayload(diskKey(1))
	checkTrue(t, ok, err)
	checkEqual(t, payload, got)
	_, ok, err = index.GetPayload(diskKey(2))
	checkFalse(t, ok, err)
	checkIs(t, ErrInvalidArgument, index.Put(diskKey(1), Payload{Codec: 9}.Record()))
	checkEqual(t, "none lz4 zstandard", CodecNone.String()+" "+CodecLZ4.String()+" "+CodecZstandard.String())
	_, _, err = openDiskIndex(t, "record_size=8").GetPayload(diskKey(1))
	checkIs(t, ErrInvalidArgument, err)
}

func TestDiskIndexMany(t *testing.T) {
	index := openDiskIndex(t, "record_size=1")
	done, err := index.MultiPut([]Record{{diskKey(1), b("1")}, {diskKey(2), b("2")}, {diskKey(1), b("3")}})
	check(t, err)
	checkEqual(t, 3, done)
	done, err = index.MultiPut(nil)
	check(t, err)
	checkEqual(t, 0, done)
	records, err := index.MultiGet([][]byte{diskKey(2), diskKey(3), diskKey(1)})
	check(t, err)
	checkEqual(t, true, string(records[0]) == "2" && records[1] == nil && string(records[2]) == "3")
	records, err = index.MultiGet(nil)
	check(t, err)
	checkEqual(t, 0, len(records))
	_, err = index.MultiPut([]Record{{diskKey(1), nil}})
	checkIs(t, ErrInvalidArgument, err)
	_, err = index.MultiGet([][]byte{nil})
	checkIs(t, ErrInvalidArgument, err)
}

func TestDiskIndexLoad(t *testing.T) {
	const count = 20000
	path := filepath.Join(t.TempDir(), "index")
	index := openDiskIndexAt(t, path, "record_size=8")
	other := errors.New("other")
	checkEqual(t, other, index.BulkLoad(records8(count, other)))
	checkIs(t, other, index.BulkLoad(func() ([]byte, []byte, error) { panic(other) }))
	checkIs(t, ErrInvalidArgument, index.BulkLoad(func() ([]byte, []byte, error) { return nil, nil, nil }))
	checkIs(t, ErrInvalidArgument, index.BulkLoad(nil))
	checkIs(t, ErrBusy, index.BulkLoad(func() ([]byte, []byte, error) {
		return nil, nil, index.Put(diskKey(1), counterKey(1))
	}))
	size, err := index.Len()
	check(t, err)
	checkEqual(t, uint64(0), size)
	check(t, index.BulkLoad(records8(count, io.EOF)))
	check(t, index.Put(diskKey(count), counterKey(count)))
	checkRecords(t, index, count+1)
	check(t, index.Reserve(2*count))
	check(t, index.Save(41))
	check(t, index.Checkpoint(42))
	check(t, index.ShrinkToFit())
	stats, err := index.Stats()
	check(t, err)
	checkEqual(t, true, stats.Entries == count+1 && stats.LSN == 42 && stats.Segments > 0 &&
		stats.SegmentBytes > 0 && stats.FileBytes > 24*count && stats.DeltaEntries == 0)
	checkIs(t, ErrLocked, RebuildDiskIndex(path, nil, records8(0, io.EOF)))
	check(t, index.Close())
	options := DefaultDiskIndexOptions()
	options.RecordSize = 8
	checkEqual(t, other, RebuildDiskIndex(path, options, records8(1, other)))
	check(t, RebuildDiskIndex(path, options, records8(5, io.EOF)))
	checkRecords(t, openDiskIndexAt(t, path, "read_only=yes"), 5)
	_, err = OpenDiskIndex("a\x00b", nil)
	checkIs(t, ErrInvalidArgument, err)
	checkIs(t, ErrInvalidArgument, RebuildDiskIndex("a\x00b", nil, nil))
	_, err = OpenDiskIndex(filepath.Join(t.TempDir(), "none", "index"), nil)
	checkIs(t, ErrNotFound, err)
}

// checkRecords demands the records of that many counters, by cursors.
func checkRecords(t testing.TB, index *DiskIndex, count uint64) {
	t.Helper()
	cursor, err := index.Cursor()
	check(t, err)
	checkEqual(t, true, cursor.Key() == nil)
	checkIs(t, ErrInvalidArgument, cursor.Err())
	seen := map[string]bool{}
	visit := func(key, record []byte) bool {
		if string(key[:8]) != string(record) || seen[string(key)] {
			t.Errorf("%q is the record of %q", record, key)
		}
		seen[string(key)] = true
		return len(seen) < 3
	}
	cursor.All()(visit)
	for records, err := cursor.NextMany(30); len(records) > 0 || err != nil; records, err = cursor.NextMany(30) {
		check(t, err)
		for _, record := range records {
			visit(record.Key, record.Value)
		}
	}
	checkEqual(t, int(count), len(seen))
	checkEqual(t, false, cursor.Next())
	check(t, cursor.Err())
	_, err = cursor.NextMany(-1)
	checkIs(t, ErrInvalidArgument, err)
}

func TestDiskIndexVerify(t *testing.T) {
	index := openDiskIndex(t, "record_size=8")
	check(t, index.BulkLoad(records8(100, io.EOF)))
	check(t, index.Verify(nil))
	complete := false
	check(t, index.Verify(func(done, total uint64) error { complete = done == total; return nil }))
	checkEqual(t, true, complete)
	checkIs(t, ErrBusy, index.Verify(func(uint64, uint64) error { _, err := index.Len(); return err }))
	var panicked *PanicError
	checkEqual(t, true, errors.As(index.Verify(func(uint64, uint64) error { panic("oh") }), &panicked))
}

func TestDiskIndexOptions(t *testing.T) {
	options := DefaultDiskIndexOptions()
	check(t, options.Set("record_size=8, delta_memory=1MiB background=no"))
	want := DiskIndexOptions{RecordSize: 8, DeltaMemory: 1 << 20, BulkMemory: 256 << 20, CreateIfMissing: true}
	checkEqual(t, want, *options)
	checkIs(t, ErrInvalidArgument, options.Set("record_size=257"))
	text, err := DescribeDiskIndexOptions()
	check(t, err)
	checkEqual(t, true, strings.HasPrefix(text, "record_size="))
	inForce, err := openDiskIndex(t, "").Options()
	check(t, err)
	checkEqual(t, uint32(PayloadSize), inForce.RecordSize)
}

// diskIndexStorm is what the goroutines of TestDiskIndexStorm share. A record is the key's counter.
type diskIndexStorm struct {
	storm
	index  atomic.Pointer[DiskIndex]
	cursor atomic.Pointer[DiskIndexCursor]
}

// As TestStorm: calls, loads and verifications with callbacks, and indexes that are closed under them.
func TestDiskIndexStorm(t *testing.T) {
	const goroutines = 8
	before := collectUntil(0)
	s := &diskIndexStorm{storm: storm{t: t, folder: t.TempDir()}}
	random := rand.New(rand.NewSource(seed(t)))
	s.replace()
	var group sync.WaitGroup
	for i := 0; i < goroutines; i++ {
		group.Add(1)
		go func(random *rand.Rand) {
			defer group.Done()
			for end := int64(scaled(1000000)); s.calls.Add(1) <= end && !t.Failed(); {
				s.step(random)
			}
		}(rand.New(rand.NewSource(random.Int63())))
	}
	group.Wait()
	check(t, s.index.Load().Close())
	s = nil
	checkEqual(t, before, collectUntil(before))
}

func (s *diskIndexStorm) replace() *DiskIndex {
	path := filepath.Join(s.folder, fmt.Sprint(s.stores.Add(1)))
	return s.index.Swap(openDiskIndexAt(s.t, path, "record_size=8 delta_memory=64KiB"))
}

func (s *diskIndexStorm) checkRecord(key, record []byte) {
	if string(key[:8]) != string(record) {
		s.t.Errorf("%q is the record of %q", record, key)
	}
}

// step is one call, or one act of destruction.
func (s *diskIndexStorm) step(random *rand.Rand) {
	index := s.index.Load()
	counter := uint64(random.Intn(stormKeys))
	key, record := diskKey(counter), counterKey(counter)
	switch choice := random.Intn(100000); {
	case choice < 20:
		s.expect(s.replace().Close())
	case choice < 40:
		s.replace() // and the old one is the collector's
	case choice < 90:
		runtime.GC()
	case choice < 120:
		// A callback of one index uses another, maybe the same: that one is busy.
		s.expect(index.BulkLoad(func() ([]byte, []byte, error) {
			_, _, err := s.index.Load().Get(key)
			s.expect(err, ErrBusy)
			if counter++; counter%50 == 0 {
				return nil, nil, [...]error{io.EOF, errStopped}[random.Intn(2)]
			}
			return diskKey(counter), counterKey(counter), nil
		}), errStopped)
	case choice < 140:
		s.expect(index.Verify(func(done, total uint64) error { return ErrCancelled }), ErrCancelled)
	case choice < 2000:
		s.stepOfCursor(random, index)
	case choice < 40000:
		s.expect(index.Put(key, record))
	case choice < 50000:
		_, err := index.Delete(key)
		s.expect(err)
	default:
		got, ok, err := index.Get(key)
		s.expect(err)
		if ok {
			s.checkRecord(key, got)
		}
	}
}

// A cursor belongs to one goroutine at a time, but anybody may close it.
func (s *diskIndexStorm) stepOfCursor(random *rand.Rand, index *DiskIndex) {
	cursor, err := index.Cursor()
	s.expect(err)
	if err != nil {
		return
	}
	old := s.cursor.Swap(cursor)
	if random.Intn(2) == 0 {
		s.expect(old.Close())
	}
	count := 0
	cursor.All()(func(key, record []byte) bool {
		s.checkRecord(key, record)
		count++
		return count < 10
	})
	records, err := cursor.NextMany(20)
	s.expect(err)
	for _, record := range records {
		s.checkRecord(record.Key, record.Value)
	}
}

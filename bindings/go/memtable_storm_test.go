package stave

import (
	"bytes"
	"math/rand"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// memtableStorm is what the goroutines of TestMemtableStorm share. A value begins with its key; each
// transaction writes the same number behind it to all keys of a group, in all or in none.
type memtableStorm struct {
	storm
	table       atomic.Pointer[Memtable] // managed
	explicit    atomic.Pointer[Memtable]
	snapshot    atomic.Pointer[MemtableSnapshot]
	transaction atomic.Pointer[MemtableTransaction]
	cursor      atomic.Pointer[MemtableCursor]
	made        atomic.Int64
	number      atomic.Uint64 // the last that a transaction has
}

const (
	memtableGroups  = 20
	memtableMembers = 3
)

// As TestStorm, on tables, their transactions, snapshots and cursors. Every snapshot sees each commit as a
// whole or not at all, also while tables are closed and left behind.
func TestMemtableStorm(t *testing.T) {
	const goroutines = 8
	before := collectUntil(0)
	s := &memtableStorm{storm: storm{t: t}}
	random := rand.New(rand.NewSource(seed(t)))
	s.replace(&s.table, TimestampsManaged)
	s.replace(&s.explicit, TimestampsExplicit)
	var group sync.WaitGroup
	for i := 0; i < goroutines; i++ {
		group.Add(1)
		go func(random *rand.Rand) {
			defer group.Done()
			for end := int64(scaled(500000)); s.calls.Add(1) <= end && !t.Failed(); {
				s.step(random)
			}
		}(rand.New(rand.NewSource(random.Int63())))
	}
	group.Wait()
	t.Logf("%d steps on %d tables", s.calls.Load(), s.made.Load())
	check(t, s.table.Load().Close())
	check(t, s.explicit.Load().Close())
	s = nil
	checkEqual(t, before, collectUntil(before))
}

// replace puts a new table in one's place and returns the old one.
func (s *memtableStorm) replace(place *atomic.Pointer[Memtable], timestamps Timestamps) *Memtable {
	options := DefaultMemtableOptions()
	options.Timestamps = timestamps
	table, err := NewMemtable(options)
	s.expect(err)
	s.made.Add(1)
	return place.Swap(table)
}

// groupKeys are the keys of a group.
func groupKeys(random *rand.Rand) [][]byte {
	group := random.Intn(memtableGroups)
	keys := make([][]byte, memtableMembers)
	for i := range keys {
		keys[i] = counterKey(uint64(group*memtableMembers + i))
	}
	return keys
}

// checkGroup demands that the values are of their keys, and of one transaction.
func (s *memtableStorm) checkGroup(keys, values [][]byte) {
	for i, value := range values {
		switch {
		case (value == nil) != (values[0] == nil):
			s.t.Errorf("a part of a commit: %q", values)
		case value != nil && !bytes.HasPrefix(value, keys[i]):
			s.t.Errorf("%q is the value of %q", value, keys[i])
		case value != nil && !bytes.Equal(value[8:], values[0][8:]):
			s.t.Errorf("parts of two commits: %q", values)
		}
	}
}

// groupWrites are what a transaction writes to the keys: a value each, or their removal.
func (s *memtableStorm) groupWrites(random *rand.Rand, keys [][]byte) []MemtableRecord {
	tail := append(counterKey(s.number.Add(1)), bytes.Repeat(b("."), random.Intn(100))...)
	isDeleted := random.Intn(10) == 0
	records := make([]MemtableRecord, len(keys))
	for i, key := range keys {
		records[i] = MemtableRecord{key, append(key[:8:8], tail...), isDeleted}
	}
	return records
}

// step is one call, or one act of destruction.
func (s *memtableStorm) step(random *rand.Rand) {
	switch choice := random.Intn(20000); {
	case choice < 10:
		s.expect(s.replace(&s.table, TimestampsManaged).Close())
	case choice < 20:
		s.replace(&s.table, TimestampsManaged) // and the old one is the collector's
	case choice < 30:
		s.expect(s.replace(&s.explicit, TimestampsExplicit).Close())
	case choice < 40:
		s.replace(&s.explicit, TimestampsExplicit)
	case choice < 50:
		runtime.GC()
	case choice < 60:
		s.expect(s.table.Load().Clear(), ErrBusy)
	case choice < 100:
		_, err := s.table.Load().Prune(0)
		s.expect(err)
	case choice < 9000:
		s.stepOfTransaction(random, s.table.Load())
	case choice < 14000:
		s.stepOfSnapshot(random, s.table.Load())
	default:
		s.stepOfExplicit(random, s.explicit.Load())
	}
}

// A transaction belongs to one goroutine at a time, but anybody may close it.
func (s *memtableStorm) stepOfTransaction(random *rand.Rand, table *Memtable) {
	keys := groupKeys(random)
	_, err := table.Transact(func(transaction *MemtableTransaction) error {
		old := s.transaction.Swap(transaction)
		if random.Intn(4) == 0 {
			s.expect(old.Close())
		}
		values, err := transaction.MultiGet(keys)
		if err != nil {
			return err
		}
		s.checkGroup(keys, values)
		if random.Intn(20) == 0 {
			s.visit(transaction.Cursor(nil))
		}
		_, err = transaction.MultiWrite(s.groupWrites(random, keys))
		if err == nil && random.Intn(8) == 0 {
			err = ErrCancelled
		}
		return err
	})
	s.expect(err, ErrConflict, ErrCancelled)
	if random.Intn(10) == 0 { // left behind with a write
		transaction, err := table.Begin()
		s.expect(err)
		if err == nil && random.Intn(2) == 0 {
			s.expect(transaction.Put(keys[0], nil), ErrConflict)
			s.expect(transaction.Rollback())
		}
	}
}

// Snapshots are used by many, and closed by anybody.
func (s *memtableStorm) stepOfSnapshot(random *rand.Rand, table *Memtable) {
	if random.Intn(4) == 0 {
		snapshot, err := table.Snapshot()
		s.expect(err)
		if err != nil {
			return
		}
		old := s.snapshot.Swap(snapshot)
		if random.Intn(2) == 0 {
			s.expect(old.Close())
		}
	}
	snapshot := s.snapshot.Load()
	if snapshot == nil {
		return
	}
	keys := groupKeys(random)
	values, err := snapshot.MultiGet(keys)
	s.expect(err)
	s.checkGroup(keys, values)
	pin, err := snapshot.GetPin(keys[0])
	s.expect(err)
	if pin != nil && random.Intn(2) == 0 {
		s.expect(pin.View(func(value []byte) error { s.checkMember(keys[0], value); return nil }))
	}
	if random.Intn(20) == 0 {
		s.visit(snapshot.Cursor(nil))
	}
}

func (s *memtableStorm) checkMember(key, value []byte) {
	if !bytes.HasPrefix(value, key) {
		s.t.Errorf("%q is the value of %q", value, key)
	}
}

// visit visits some records of a cursor that others may close.
func (s *memtableStorm) visit(cursor *MemtableCursor, err error) {
	s.expect(err)
	if err != nil {
		return
	}
	old := s.cursor.Swap(cursor)
	if old != nil {
		s.expect(old.Close())
	}
	count := 0
	cursor.All()(func(key, value []byte) bool {
		s.checkMember(key, value)
		count++
		return count < 10
	})
	records, err := cursor.NextMany(20, 1000)
	s.expect(err, ErrTooOld)
	for _, record := range records {
		s.checkMember(record.Key, record.Value)
	}
}

// Each transaction has a number of its own, which is also its timestamp.
func (s *memtableStorm) stepOfExplicit(random *rand.Rand, table *Memtable) {
	keys := groupKeys(random)
	number := s.number.Add(1)
	written, err := table.MultiWrite(s.groupWrites(random, keys), number)
	s.expect(err, ErrConflict)
	switch {
	case err == nil && random.Intn(4) != 0:
		s.expect(table.Commit(number, number, keys))
	case written > 0:
		s.expect(table.Abort(number, keys[:written]))
	}
	values, _, err := table.MultiRead(keys, number, 0)
	s.expect(err, ErrTooOld)
	for i, value := range values {
		if value != nil {
			s.checkMember(keys[i], value)
		}
	}
	_, err = table.ReadWith(keys[0], number, 0, func(value []byte) error {
		s.checkMember(keys[0], value)
		s.expect(table.Close(), ErrBusy)
		_, err := table.ReadWith(keys[1], number, 0, func(value []byte) error {
			s.checkMember(keys[1], value)
			if random.Intn(4) == 0 {
				panic(ErrCancelled)
			}
			return nil
		})
		return err
	})
	s.expect(err, ErrTooOld, ErrCancelled)
	if random.Intn(50) == 0 && number > 1000 {
		_, err := table.Prune(number - 1000)
		s.expect(err)
		s.visit(table.Cursor(number, 0, nil))
	}
}

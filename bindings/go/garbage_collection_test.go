package stave

import (
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// Everything that is left behind is freed, in whatever order the collector comes across it.
func TestGarbageCollection(t *testing.T) {
	checkEqual(t, uint64(0), collectUntil(0))
	path := filepath.Join(t.TempDir(), "store")
	for i := 0; i < 10; i++ {
		leaveBehind(t, path, i)
		checkEqual(t, uint64(0), collectUntil(0))
	}
}

// What is left behind is freed whatever was allocated beside it. Batches and cursors of indexes were once
// small enough to share blocks with other objects, and lived as long as any of these.
func TestGarbageCollectionBesideTinyObjects(t *testing.T) {
	index := newIndex(t, "")
	before := collectUntil(1)
	kept := leaveBehindBesideTinyObjects(t, index)
	checkEqual(t, before, collectUntil(before))
	runtime.KeepAlive(kept)
}

func leaveBehindBesideTinyObjects(t *testing.T, index *Index) (kept []*uint64) {
	for i := 0; i < 100; i++ {
		_, err := NewBatch()
		check(t, err)
		kept = append(kept, new(uint64))
		_, err = index.Cursor()
		check(t, err)
		kept = append(kept, new(uint64))
	}
	return kept
}

func leaveBehind(t *testing.T, path string, kept int) {
	store := openAt(t, path, "")
	check(t, store.Put(b("k"), b("v"), nil))
	cursor, err := store.Cursor(nil)
	check(t, err)
	pin, err := store.GetPin(b("k"))
	check(t, err)
	batch, err := NewBatch()
	check(t, err)
	switch kept % 4 {
	case 0:
		check(t, store.Close())
	case 1:
		// The cursor does not keep its store alive: it is closed, and the directory free again.
		store = nil
		collectGarbage()
		checkEqual(t, false, cursor.Next())
		checkIs(t, ErrClosed, cursor.Err())
		again := openAt(t, path, "")
		checkValue(t, again, "k", b("v"))
		check(t, again.Close())
	case 2:
		check(t, cursor.Close())
		check(t, pin.Close())
	}
	runtime.KeepAlive(pin)
	runtime.KeepAlive(batch)
}

// The same of indexes, those included whose resolver refers to them. Only in these does a cursor keep
// its index alive.
func TestIndexGarbageCollection(t *testing.T) {
	before := collectUntil(0)
	for kept := 0; kept < 12; kept++ {
		leaveIndexBehind(t, kept)
		checkEqual(t, before, collectUntil(before))
	}
}

func leaveIndexBehind(t *testing.T, kept int) {
	refersToItself := kept%2 == 0
	index, err := NewIndex(nil)
	check(t, err)
	if refersToItself {
		index = newRecords(t, "").index
	}
	checkNumber(t, 0, false)(index.Put(b("k"), 1))
	cursor, err := index.Cursor()
	check(t, err)
	switch kept % 3 {
	case 0:
		check(t, index.Close())
	case 1:
		index = nil
		collectGarbage()
		checkEqual(t, refersToItself, cursor.Next())
		if !refersToItself {
			checkIs(t, ErrClosed, cursor.Err())
		}
	case 2:
		check(t, cursor.Close())
	}
	runtime.KeepAlive(index)
}

// The same of maps: cursors and diffs do not keep them alive.
func TestCowMapGarbageCollection(t *testing.T) {
	before := collectUntil(0)
	for kept := 0; kept < 6; kept++ {
		leaveMapBehind(t, kept)
		checkEqual(t, before, collectUntil(before))
	}
}

func leaveMapBehind(t *testing.T, kept int) {
	m, err := NewCowMap(nil)
	check(t, err)
	_, err = m.Put(1, b("one"))
	check(t, err)
	clone, err := m.Clone()
	check(t, err)
	cursor, err := m.Cursor()
	check(t, err)
	diff, err := clone.Diff(m)
	check(t, err)
	pin, err := m.GetPin(1)
	check(t, err)
	switch kept % 3 {
	case 0:
		check(t, m.Close())
	case 1:
		m = nil
		collectGarbage()
		checkEqual(t, false, cursor.Next())
		checkIs(t, ErrClosed, cursor.Err())
		checkEqual(t, false, diff.Next())
		checkIs(t, ErrClosed, diff.Err())
	case 2:
		check(t, cursor.Close())
		check(t, diff.Close())
	}
	checkResult(t, "one", true)(clone.Get(1))
	runtime.KeepAlive(m)
	runtime.KeepAlive(pin)
}

// The same of memtables: transactions, snapshots and cursors do not keep them alive.
func TestMemtableGarbageCollection(t *testing.T) {
	before := collectUntil(0)
	for kept := 0; kept < 8; kept++ {
		leaveMemtableBehind(t, kept)
		checkEqual(t, before, collectUntil(before))
	}
}

func leaveMemtableBehind(t *testing.T, kept int) {
	table, err := NewMemtable(nil)
	check(t, err)
	committed(t, table, put("k", "value"))
	transaction, err := table.Begin()
	check(t, err)
	check(t, transaction.Put(b("k"), b("never committed")))
	snapshot, err := table.Snapshot()
	check(t, err)
	cursors := [2]*MemtableCursor{}
	cursors[0], err = transaction.Cursor(nil)
	check(t, err)
	cursors[1], err = snapshot.Cursor(nil)
	check(t, err)
	pin, err := transaction.GetPin(b("k"))
	check(t, err)
	switch kept % 4 {
	case 0:
		check(t, table.Close())
	case 1:
		table = nil
		collectGarbage()
		checkAll(t, ErrClosed, memtableTransactionCalls(transaction))
		checkAll(t, ErrClosed, memtableSnapshotCalls(snapshot))
	case 2: // a transaction left behind is rolled back
		transaction, snapshot = nil, nil
		collectGarbage()
		for _, cursor := range cursors {
			checkEqual(t, false, cursor.Next())
			checkIs(t, ErrClosed, cursor.Err())
		}
		committed(t, table, put("k", "new"))
	case 3:
		check(t, transaction.Close())
		check(t, snapshot.Close())
		check(t, cursors[0].Close())
	}
	check(t, pin.View(func(value []byte) error { checkEqual(t, "never committed", string(value)); return nil }))
	runtime.KeepAlive(table)
	runtime.KeepAlive(transaction)
	runtime.KeepAlive(snapshot)
	runtime.KeepAlive(cursors)
}

// A call keeps its store alive, whatever happens to the variable meanwhile.
func TestCollectionDuringCalls(t *testing.T) {
	path := t.TempDir()
	var group sync.WaitGroup
	stop := make(chan struct{})
	group.Add(1)
	go func() {
		defer group.Done()
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	for i := 0; i < scaled(200); i++ {
		hooked := openAt(t, path, "shards=1")
		check(t, hooked.OnWrite(func(Change) error { collectGarbage(); return nil }, nil))
		check(t, hooked.Put(b("k"), b("v"), nil))
		hooked = nil
		collectGarbage()
		value, ok, err := openAt(t, path, "").Get(b("k"))
		checkTrue(t, ok, err)
		checkEqual(t, "v", string(value))
		collectGarbage()
		checkNumber(t, 0, true)(newRecords(t, "", "k").index.Get(b("k")))
		m, err := NewCowMap(nil)
		check(t, err)
		_, inserted, err := m.GetOrInsertWith(1, func() ([]byte, error) { collectGarbage(); return nil, nil })
		checkTrue(t, inserted, err)
		table, err := NewMemtable(&MemtableOptions{Timestamps: TimestampsExplicit})
		check(t, err)
		check(t, table.Write(b("k"), nil, 1))
		_, err = table.ReadWith(b("k"), 0, 1, func([]byte) error { collectGarbage(); return nil })
		check(t, err)
	}
	close(stop)
	group.Wait()
}

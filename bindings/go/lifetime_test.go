package stave

import (
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

func checkAll(t *testing.T, want error, calls map[string]func() error) {
	t.Helper()
	for name, call := range calls {
		t.Run(name, func(t *testing.T) { checkIs(t, want, call()) })
	}
}

func TestUseAfterClose(t *testing.T) {
	store := openStore(t, "")
	check(t, store.Put(b("k"), b("v"), nil))
	pin, err := store.GetPin(b("k"))
	check(t, err)
	ofClosedStore, err := store.Cursor(nil)
	check(t, err)
	checkEqual(t, true, ofClosedStore.Next())
	closed, err := store.Cursor(nil)
	check(t, err)
	checkEqual(t, true, closed.Next())
	batch, err := NewBatch()
	check(t, err)
	for i := 0; i < 2; i++ {
		check(t, closed.Close())
		check(t, batch.Close())
	}
	checkAll(t, ErrClosed, cursorCalls(closed))
	checkAll(t, ErrClosed, batchCalls(batch))
	checkIs(t, ErrClosed, store.Write(batch, nil))
	for i := 0; i < 2; i++ {
		check(t, store.Close())
	}
	checkAll(t, ErrClosed, storeCalls(store))
	checkAll(t, ErrClosed, cursorCalls(ofClosedStore))
	check(t, ofClosedStore.Close())
	for i := 0; i < 2; i++ {
		check(t, pin.Close())
	}
	_, err = pin.Size()
	checkIs(t, ErrClosed, err)
}

func TestIndexUseAfterClose(t *testing.T) {
	index := newIndex(t, "")
	checkNumber(t, 0, false)(index.Put(b("k"), 1))
	ofClosedIndex, err := index.Cursor()
	check(t, err)
	checkEqual(t, true, ofClosedIndex.Next())
	closed, err := index.Cursor()
	check(t, err)
	checkEqual(t, true, closed.Next())
	for i := 0; i < 2; i++ {
		check(t, closed.Close())
	}
	checkAll(t, ErrClosed, indexCursorCalls(closed))
	for i := 0; i < 2; i++ {
		check(t, index.Close())
	}
	checkAll(t, ErrClosed, indexCalls(index))
	checkAll(t, ErrClosed, indexCursorCalls(ofClosedIndex))
	check(t, ofClosedIndex.Close())
}

func TestCowMapUseAfterClose(t *testing.T) {
	m, after := newCowMapWith(t, ""), newCowMapWith(t, "")
	_, err := m.Put(1, b("one"))
	check(t, err)
	pin, err := m.GetPin(1)
	check(t, err)
	var cursors [2]*CowMapCursor
	var diffs [3]*CowMapDiff
	for i := range cursors {
		cursors[i], err = m.Cursor()
		check(t, err)
		checkEqual(t, true, cursors[i].Next())
	}
	for i := range diffs {
		diffs[i], err = m.Diff(after)
		check(t, err)
		checkEqual(t, true, diffs[i].Next())
	}
	for i := 0; i < 2; i++ {
		check(t, cursors[0].Close())
		check(t, diffs[0].Close())
	}
	checkAll(t, ErrClosed, cowMapCursorCalls(cursors[0]))
	checkAll(t, ErrClosed, cowMapDiffCalls(diffs[0]))
	check(t, after.Close())
	checkAll(t, ErrClosed, cowMapDiffCalls(diffs[1]))
	for i := 0; i < 2; i++ {
		check(t, m.Close())
	}
	checkAll(t, ErrClosed, cowMapCalls(m))
	checkAll(t, ErrClosed, cowMapCursorCalls(cursors[1]))
	checkAll(t, ErrClosed, cowMapDiffCalls(diffs[2]))
	check(t, cursors[1].Close())
	check(t, diffs[2].Close())
	check(t, pin.View(func(value []byte) error { checkEqual(t, "one", string(value)); return nil }))
}

func TestDiskIndexUseAfterClose(t *testing.T) {
	index := openDiskIndex(t, "record_size=8")
	check(t, index.Put(diskKey(1), counterKey(1)))
	ofClosedIndex, err := index.Cursor()
	check(t, err)
	checkEqual(t, true, ofClosedIndex.Next())
	closed, err := index.Cursor()
	check(t, err)
	for i := 0; i < 2; i++ {
		check(t, closed.Close())
	}
	checkAll(t, ErrClosed, diskIndexCursorCalls(closed))
	for i := 0; i < 2; i++ {
		check(t, index.Close())
	}
	checkAll(t, ErrClosed, diskIndexCalls(index))
	checkAll(t, ErrClosed, diskIndexCursorCalls(ofClosedIndex))
	check(t, ofClosedIndex.Close())
}

func TestMemtableUseAfterClose(t *testing.T) {
	table := newMemtable(t, "")
	committed(t, table, put("k", "value"))
	// A child, and a cursor of it, that are closed; and of each kind one whose table is closed.
	var transactions [3]*MemtableTransaction
	var snapshots [2]*MemtableSnapshot
	var cursors []*MemtableCursor
	open := func(cursor *MemtableCursor, err error) {
		check(t, err)
		checkEqual(t, true, cursor.Next())
		cursors = append(cursors, cursor)
	}
	var err error
	for i := range transactions {
		transactions[i], err = table.Begin()
		check(t, err)
		open(transactions[i].Cursor(nil))
	}
	for i := range snapshots {
		snapshots[i], err = table.Snapshot()
		check(t, err)
		open(snapshots[i].Cursor(nil))
	}
	open(snapshots[1].Cursor(nil))
	pin, err := snapshots[0].GetPin(b("k"))
	check(t, err)
	_, err = transactions[0].Commit()
	check(t, err)
	for i := 0; i < 2; i++ {
		check(t, transactions[0].Close())
		check(t, transactions[1].Close())
		check(t, snapshots[0].Close())
		check(t, cursors[5].Close())
	}
	for _, i := range []int{0, 1, 3, 5} {
		checkAll(t, ErrClosed, memtableCursorCalls(cursors[i]))
	}
	for i := 0; i < 2; i++ {
		check(t, table.Close())
	}
	for _, transaction := range transactions {
		checkAll(t, ErrClosed, memtableTransactionCalls(transaction))
		check(t, transaction.Close())
	}
	for _, snapshot := range snapshots {
		checkAll(t, ErrClosed, memtableSnapshotCalls(snapshot))
		check(t, snapshot.Close())
	}
	for _, cursor := range cursors {
		checkAll(t, ErrClosed, memtableCursorCalls(cursor))
		check(t, cursor.Close())
	}
	checkAll(t, ErrClosed, memtableCalls(table))
	check(t, pin.View(func(value []byte) error { checkEqual(t, "value", string(value)); return nil }))

	explicit := newMemtable(t, "timestamps=explicit")
	check(t, explicit.Write(b("k"), nil, 1))
	cursor, err := explicit.Cursor(0, 1, nil)
	check(t, err)
	checkEqual(t, true, cursor.Next())
	check(t, explicit.Close())
	checkAll(t, ErrClosed, memtableCalls(explicit))
	checkAll(t, ErrClosed, memtableCursorCalls(cursor))
}

func TestNilAndZero(t *testing.T) {
	for _, store := range []*Store{nil, {}} {
		checkAll(t, ErrInvalidArgument, storeCalls(store))
		check(t, store.Close())
	}
	for _, batch := range []*Batch{nil, {}} {
		checkAll(t, ErrInvalidArgument, batchCalls(batch))
		check(t, batch.Close())
		checkIs(t, ErrInvalidArgument, openStore(t, "").Write(batch, nil))
	}
	for _, cursor := range []*Cursor{nil, {}} {
		checkAll(t, ErrInvalidArgument, cursorCalls(cursor))
		check(t, cursor.Close())
	}
	for _, index := range []*Index{nil, {}} {
		checkAll(t, ErrInvalidArgument, indexCalls(index))
		check(t, index.Close())
	}
	for _, cursor := range []*IndexCursor{nil, {}} {
		checkAll(t, ErrInvalidArgument, indexCursorCalls(cursor))
		check(t, cursor.Close())
	}
	for _, m := range []*CowMap{nil, {}} {
		checkAll(t, ErrInvalidArgument, cowMapCalls(m))
		check(t, m.Close())
	}
	for _, cursor := range []*CowMapCursor{nil, {}} {
		checkAll(t, ErrInvalidArgument, cowMapCursorCalls(cursor))
		check(t, cursor.Close())
	}
	for _, diff := range []*CowMapDiff{nil, {}} {
		checkAll(t, ErrInvalidArgument, cowMapDiffCalls(diff))
		check(t, diff.Close())
	}
	for _, index := range []*DiskIndex{nil, {}} {
		checkAll(t, ErrInvalidArgument, diskIndexCalls(index))
		check(t, index.Close())
	}
	for _, cursor := range []*DiskIndexCursor{nil, {}} {
		checkAll(t, ErrInvalidArgument, diskIndexCursorCalls(cursor))
		check(t, cursor.Close())
	}
	for _, table := range []*Memtable{nil, {}} {
		checkAll(t, ErrInvalidArgument, memtableCalls(table))
		check(t, table.Close())
	}
	for _, transaction := range []*MemtableTransaction{nil, {}} {
		checkAll(t, ErrInvalidArgument, memtableTransactionCalls(transaction))
		check(t, transaction.Close())
	}
	for _, snapshot := range []*MemtableSnapshot{nil, {}} {
		checkAll(t, ErrInvalidArgument, memtableSnapshotCalls(snapshot))
		check(t, snapshot.Close())
	}
	for _, cursor := range []*MemtableCursor{nil, {}} {
		checkAll(t, ErrInvalidArgument, memtableCursorCalls(cursor))
		check(t, cursor.Close())
	}
	for _, pin := range []*Pin{nil, {}} {
		_, err := pin.Size()
		checkIs(t, ErrClosed, err)
		check(t, pin.Close())
	}
	checkIs(t, ErrInvalidArgument, (*Options)(nil).Set(""))
}

// A view ends before its pin does, even if that is closed inside.
func TestPinClosedInsideView(t *testing.T) {
	store := openStore(t, "")
	check(t, store.Put(b("k"), b("value"), nil))
	before := collectUntil(1)
	pin, err := store.GetPin(b("k"))
	check(t, err)
	check(t, pin.View(func(value []byte) error {
		check(t, pin.Close())
		checkEqual(t, before+1, LiveHandles())
		checkEqual(t, "value", string(value))
		checkIs(t, ErrClosed, pin.View(func([]byte) error { return nil }))
		return nil
	}))
	checkEqual(t, before, LiveHandles())
	// A panic passes through, and the view ends all the same.
	pin, err = store.GetPin(b("k"))
	check(t, err)
	func() {
		defer func() { checkEqual(t, "oh", recover()) }()
		_ = pin.View(func([]byte) error { panic("oh") })
	}()
	check(t, pin.Close())
	checkEqual(t, before, LiveHandles())
}

// Everything that is left behind is freed, in whatever order the collector comes across it.
func TestGarbageCollection(t *testing.T) {
	checkEqual(t, uint64(0), collectUntil(0))
	path := filepath.Join(t.TempDir(), "store")
	for i := 0; i < 10; i++ {
		leaveBehind(t, path, i)
		checkEqual(t, uint64(0), collectUntil(0))
	}
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
		check(t, openAt(t, path, "shards=1").Put(b("k"), b("v"), nil))
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

package stave

import "testing"

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
	_, err = store.Write(batch, nil)
	checkIs(t, ErrClosed, err)
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
		_, err := openStore(t, "").Write(batch, nil)
		checkIs(t, ErrInvalidArgument, err)
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

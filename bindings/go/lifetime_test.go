package stave

import (
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// storeCalls is every method that takes an open store.
func storeCalls(store *Store) map[string]func() error {
	batch, _ := NewBatch()
	return map[string]func() error{
		"Options":   func() error { _, err := store.Options(); return err },
		"Put":       func() error { return store.Put(b("k"), b("v"), nil) },
		"Insert":    func() error { _, err := store.Insert(b("k"), b("v"), nil); return err },
		"Replace":   func() error { _, err := store.Replace(b("k"), b("v"), nil); return err },
		"Delete":    func() error { _, err := store.Delete(b("k"), nil); return err },
		"Get":       func() error { _, _, err := store.Get(b("k")); return err },
		"AppendGet": func() error { _, _, err := store.AppendGet(nil, b("k")); return err },
		"GetInto":   func() error { _, _, err := store.GetInto(nil, b("k")); return err },
		"GetPin":    func() error { _, err := store.GetPin(b("k")); return err },
		"Contains":  func() error { _, err := store.Contains(b("k")); return err },
		"Size":      func() error { _, err := store.Size(); return err },
		"MultiGet":  func() error { _, err := store.MultiGet([][]byte{b("k")}); return err },
		"AppendMultiGet": func() error {
			_, _, err := store.AppendMultiGet(nil, nil, [][]byte{b("k")})
			return err
		},
		"MultiPut":    func() error { return store.MultiPut([]Record{{b("k"), b("v")}}, nil) },
		"MultiDelete": func() error { _, err := store.MultiDelete([][]byte{b("k")}, nil); return err },
		"Write":       func() error { return store.Write(batch, nil) },
		"Cursor":      func() error { _, err := store.Cursor(nil); return err },
		"Flush":       func() error { return store.Flush() },
		"Sync":        func() error { return store.Sync() },
		"Stats":       func() error { _, err := store.Stats(); return err },
		"Verify":      func() error { return store.Verify(nil) },
	}
}

func batchCalls(batch *Batch) map[string]func() error {
	return map[string]func() error{
		"Put":           func() error { return batch.Put(b("k"), b("v")) },
		"Delete":        func() error { return batch.Delete(b("k")) },
		"RequireAbsent": func() error { return batch.RequireAbsent(b("k")) },
		"RequireExists": func() error { return batch.RequireExists(b("k")) },
		"RequireEqual":  func() error { return batch.RequireEqual(b("k"), b("v")) },
		"Count":         func() error { _, err := batch.Count(); return err },
		"Clear":         func() error { return batch.Clear() },
	}
}

func cursorCalls(cursor *Cursor) map[string]func() error {
	return map[string]func() error{
		"Next":     func() error { cursor.Next(); return cursor.Err() },
		"Key":      func() error { cursor.Key(); return cursor.Err() },
		"Value":    func() error { cursor.Value(); return cursor.Err() },
		"NextMany": func() error { _, err := cursor.NextMany(1, 1); return err },
	}
}

// indexCalls is every method that takes an open index.
func indexCalls(index *Index) map[string]func() error {
	key := b("k")
	return map[string]func() error{
		"Options":        func() error { _, err := index.Options(); return err },
		"Put":            func() error { _, _, err := index.Put(key, 1); return err },
		"Insert":         func() error { _, _, err := index.Insert(key, 1); return err },
		"CompareAndSwap": func() error { _, _, err := index.CompareAndSwap(key, 1, 1); return err },
		"Get":            func() error { _, _, err := index.Get(key); return err },
		"Contains":       func() error { _, err := index.Contains(key); return err },
		"Remove":         func() error { _, _, err := index.Remove(key); return err },
		"RemoveIf":       func() error { _, _, err := index.RemoveIf(key, 1); return err },
		"Hash":           func() error { _, err := index.Hash(key); return err },
		"PutHashed":      func() error { _, _, err := index.PutHashed(key, 1, 1); return err },
		"InsertHashed":   func() error { _, _, err := index.InsertHashed(key, 1, 1); return err },
		"CompareAndSwapHashed": func() error {
			_, _, err := index.CompareAndSwapHashed(key, 1, 1, 1)
			return err
		},
		"GetHashed":      func() error { _, _, err := index.GetHashed(key, 1); return err },
		"ContainsHashed": func() error { _, err := index.ContainsHashed(key, 1); return err },
		"RemoveHashed":   func() error { _, _, err := index.RemoveHashed(key, 1); return err },
		"RemoveIfHashed": func() error { _, _, err := index.RemoveIfHashed(key, 1, 1); return err },
		"MultiGet":       func() error { _, _, err := index.MultiGet([][]byte{key}); return err },
		"AppendMultiGet": func() error {
			_, _, err := index.AppendMultiGet(nil, nil, [][]byte{key})
			return err
		},
		"MultiPut":    func() error { _, _, err := index.MultiPut([]IndexEntry{{key, 1}}); return err },
		"Len":         func() error { _, err := index.Len(); return err },
		"IsEmpty":     func() error { _, err := index.IsEmpty(); return err },
		"Capacity":    func() error { _, err := index.Capacity(); return err },
		"Clear":       func() error { return index.Clear() },
		"Reserve":     func() error { return index.Reserve(1) },
		"ShrinkToFit": func() error { return index.ShrinkToFit() },
		"Stats":       func() error { _, err := index.Stats(); return err },
		"ShardStats":  func() error { _, _, err := index.ShardStats(0); return err },
		"Values":      func() error { _, err := index.Values(); return err },
		"Cursor":      func() error { _, err := index.Cursor(); return err },
	}
}

func indexCursorCalls(cursor *IndexCursor) map[string]func() error {
	return map[string]func() error{
		"Next":       func() error { cursor.Next(); return cursor.Err() },
		"Key":        func() error { cursor.Key(); return cursor.Err() },
		"Value":      func() error { cursor.Value(); return cursor.Err() },
		"NextMany":   func() error { _, err := cursor.NextMany(1, 1); return err },
		"NextValues": func() error { _, err := cursor.NextValues(1); return err },
		"All": func() error {
			cursor.All()(func([]byte, uint64) bool { return true })
			return cursor.Err()
		},
	}
}

// cowMapCalls is every method that takes an open map.
func cowMapCalls(m *CowMap) map[string]func() error {
	other, _ := NewCowMap(nil)
	calls := callbackCalls(m, func() error { return nil })
	for name, call := range map[string]func() error{
		"Clone":    func() error { _, err := m.Clone(); return err },
		"Options":  func() error { _, err := m.Options(); return err },
		"Put":      func() error { _, err := m.Put(1, nil); return err },
		"Swap":     func() error { _, _, err := m.Swap(1, nil); return err },
		"Delete":   func() error { _, err := m.Delete(1); return err },
		"Remove":   func() error { _, _, err := m.Remove(1); return err },
		"Get":      func() error { _, _, err := m.Get(1); return err },
		"GetInto":  func() error { _, _, err := m.GetInto(nil, 1); return err },
		"GetPin":   func() error { _, err := m.GetPin(1); return err },
		"Contains": func() error { _, err := m.Contains(1); return err },
		"MultiGet": func() error { _, err := m.MultiGet([]int64{1}); return err },
		"AppendGet": func() error {
			_, _, err := m.AppendGet(nil, 1)
			return err
		},
		"AppendMultiGet": func() error {
			_, _, err := m.AppendMultiGet(nil, nil, []int64{1})
			return err
		},
		"GetOrInsert": func() error { _, _, err := m.GetOrInsert(1, nil); return err },
		"Len":         func() error { _, err := m.Len(); return err },
		"IsEmpty":     func() error { _, err := m.IsEmpty(); return err },
		"Clear":       func() error { return m.Clear() },
		"ShrinkToFit": func() error { return m.ShrinkToFit() },
		"Stats":       func() error { _, err := m.Stats(); return err },
		"Cursor":      func() error { _, err := m.Cursor(); return err },
		"Diff":        func() error { _, err := m.Diff(other); return err },
		"Diff to it":  func() error { _, err := other.Diff(m); return err },
	} {
		calls[name] = call
	}
	return calls
}

func cowMapCursorCalls(cursor *CowMapCursor) map[string]func() error {
	return map[string]func() error{
		"Next":       func() error { cursor.Next(); return cursor.Err() },
		"Key":        func() error { cursor.Key(); return cursor.Err() },
		"Value":      func() error { cursor.Value(); return cursor.Err() },
		"NextMany":   func() error { _, err := cursor.NextMany(1, 1); return err },
		"NextKeys":   func() error { _, err := cursor.NextKeys(1); return err },
		"NextValues": func() error { _, err := cursor.NextValues(1, 1); return err },
	}
}

func cowMapDiffCalls(diff *CowMapDiff) map[string]func() error {
	return map[string]func() error{
		"Next":   func() error { diff.Next(); return diff.Err() },
		"Key":    func() error { diff.Key(); return diff.Err() },
		"Change": func() error { diff.Change(); return diff.Err() },
	}
}

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
	}
	close(stop)
	group.Wait()
}

package stave

import (
	"io"
	"time"
)

// What the tests of closed, nil and zero objects call: all methods of each type.

// storeCalls is every method that takes an open store.
func storeCalls(store *Store) map[string]func() error {
	batch, _ := NewBatch()
	calls := storeCallbacks(store, func() error { return nil })
	for name, call := range map[string]func() error{
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
		"Write":       func() error { _, err := store.Write(batch, nil); return err },
		"Cursor":      func() error { _, err := store.Cursor(nil); return err },
		"Flush":       func() error { return store.Flush() },
		"Sync":        func() error { return store.Sync() },
		"Checkpoint":  func() error { return store.Checkpoint() },
		"Stats":       func() error { _, err := store.Stats(); return err },
		"Verify":      func() error { return store.Verify(nil) },
		"Expire":      func() error { _, err := store.Expire(b("k"), time.Time{}, nil); return err },
		"ExpiresAt":   func() error { _, _, err := store.ExpiresAt(b("k")); return err },
		"DeleteExpired": func() error {
			_, err := store.DeleteExpired()
			return err
		},
		"Clear":          func() error { _, err := store.Clear(nil); return err },
		"CompareAndSwap": func() error { _, err := store.CompareAndSwap(b("k"), nil, nil, nil); return err },
		"Swap":           func() error { _, _, err := store.Swap(b("k"), nil, nil); return err },
		"ShardFor":       func() error { _, err := store.ShardFor(b("k")); return err },
		"ValueSize":      func() error { _, _, err := store.ValueSize(b("k")); return err },
		"OnWrite":        func() error { return store.OnWrite(func(Change) error { return nil }, nil) },
		"OnOpen":         func() error { return store.OnOpen(func(Change) error { return nil }) },
	} {
		calls[name] = call
	}
	return calls
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
		"Token":    func() error { _, err := cursor.Token(); return err },
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
		"Delete":         func() error { _, _, err := index.Delete(key); return err },
		"DeleteIf":       func() error { _, _, err := index.DeleteIf(key, 1); return err },
		"Hash":           func() error { _, err := index.Hash(key); return err },
		"PutHashed":      func() error { _, _, err := index.PutHashed(key, 1, 1); return err },
		"InsertHashed":   func() error { _, _, err := index.InsertHashed(key, 1, 1); return err },
		"CompareAndSwapHashed": func() error {
			_, _, err := index.CompareAndSwapHashed(key, 1, 1, 1)
			return err
		},
		"GetHashed":      func() error { _, _, err := index.GetHashed(key, 1); return err },
		"ContainsHashed": func() error { _, err := index.ContainsHashed(key, 1); return err },
		"DeleteHashed":   func() error { _, _, err := index.DeleteHashed(key, 1); return err },
		"DeleteIfHashed": func() error { _, _, err := index.DeleteIfHashed(key, 1, 1); return err },
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
		"Clone":        func() error { _, err := m.Clone(); return err },
		"Options":      func() error { _, err := m.Options(); return err },
		"Put":          func() error { _, err := m.Put(1, nil); return err },
		"Insert":       func() error { _, err := m.Insert(1, nil); return err },
		"Replace":      func() error { _, _, err := m.Replace(1, nil); return err },
		"MultiPut":     func() error { _, err := m.MultiPut([]CowMapEntry{{1, nil}}); return err },
		"Swap":         func() error { _, _, err := m.Swap(1, nil); return err },
		"Delete":       func() error { _, err := m.Delete(1); return err },
		"GetAndDelete": func() error { _, _, err := m.GetAndDelete(1); return err },
		"Get":          func() error { _, _, err := m.Get(1); return err },
		"GetInto":      func() error { _, _, err := m.GetInto(nil, 1); return err },
		"GetPin":       func() error { _, err := m.GetPin(1); return err },
		"Contains":     func() error { _, err := m.Contains(1); return err },
		"MultiGet":     func() error { _, err := m.MultiGet([]int64{1}); return err },
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

// diskIndexCalls is every method that takes an open disk index.
func diskIndexCalls(index *DiskIndex) map[string]func() error {
	key, record := diskKey(1), counterKey(1)
	return map[string]func() error{
		"Options":     func() error { _, err := index.Options(); return err },
		"Put":         func() error { return index.Put(key, record) },
		"Insert":      func() error { _, err := index.Insert(key, record); return err },
		"Delete":      func() error { _, err := index.Delete(key); return err },
		"Get":         func() error { _, _, err := index.Get(key); return err },
		"AppendGet":   func() error { _, _, err := index.AppendGet(nil, key); return err },
		"GetPayload":  func() error { _, _, err := index.GetPayload(key); return err },
		"Contains":    func() error { _, err := index.Contains(key); return err },
		"Len":         func() error { _, err := index.Len(); return err },
		"MultiPut":    func() error { _, err := index.MultiPut(nil); return err },
		"MultiGet":    func() error { _, err := index.MultiGet([][]byte{key}); return err },
		"BulkLoad":    func() error { return index.BulkLoad(records8(1, io.EOF)) },
		"Reserve":     func() error { return index.Reserve(1) },
		"Save":        func() error { return index.Save(1) },
		"Checkpoint":  func() error { return index.Checkpoint(1) },
		"ShrinkToFit": func() error { return index.ShrinkToFit() },
		"Stats":       func() error { _, err := index.Stats(); return err },
		"Verify":      func() error { return index.Verify(nil) },
		"Cursor":      func() error { _, err := index.Cursor(); return err },
	}
}

func diskIndexCursorCalls(cursor *DiskIndexCursor) map[string]func() error {
	return map[string]func() error{
		"Next":     func() error { cursor.Next(); return cursor.Err() },
		"Key":      func() error { cursor.Key(); return cursor.Err() },
		"Record":   func() error { cursor.Record(); return cursor.Err() },
		"NextMany": func() error { _, err := cursor.NextMany(1); return err },
	}
}

// memtableCalls is every method that takes an open table. Of a managed one, those of explicit ones fail,
// and the other way round; but not when both are closed.
func memtableCalls(table *Memtable) map[string]func() error {
	key, keys := b("k"), [][]byte{b("k")}
	return map[string]func() error{
		"Options":   func() error { _, err := table.Options(); return err },
		"Len":       func() error { _, err := table.Len(); return err },
		"SizeBytes": func() error { _, err := table.SizeBytes(); return err },
		"IsEmpty":   func() error { _, err := table.IsEmpty(); return err },
		"Prune":     func() error { _, err := table.Prune(0); return err },
		"Clear":     func() error { return table.Clear() },
		"Stats":     func() error { _, err := table.Stats(); return err },
		"Begin":     func() error { _, err := table.Begin(); return err },
		"Snapshot":  func() error { _, err := table.Snapshot(); return err },
		"Transact": func() error {
			_, err := table.Transact(func(*MemtableTransaction) error { return nil })
			return err
		},
		"Read":       func() error { _, _, err := table.Read(key, 1, 1); return err },
		"AppendRead": func() error { _, _, err := table.AppendRead(nil, key, 1, 1); return err },
		"ReadInto":   func() error { _, _, err := table.ReadInto(nil, key, 1, 1); return err },
		"ReadPin":    func() error { _, _, err := table.ReadPin(key, 1, 1); return err },
		"ReadWith": func() error {
			_, err := table.ReadWith(key, 1, 1, func([]byte) error { return nil })
			return err
		},
		"MultiRead":        func() error { _, _, err := table.MultiRead(keys, 1, 1); return err },
		"Write":            func() error { return table.Write(key, nil, 1) },
		"WriteTombstone":   func() error { return table.WriteTombstone(key, 1) },
		"MultiWrite":       func() error { _, err := table.MultiWrite(nil, 1); return err },
		"Commit":           func() error { return table.Commit(1, 1, keys) },
		"Abort":            func() error { return table.Abort(1, keys) },
		"HasWriteConflict": func() error { _, err := table.HasWriteConflict(key, 1); return err },
		"Cursor":           func() error { _, err := table.Cursor(1, 1, nil); return err },
	}
}

func momentCalls(reads moment) map[string]func() error {
	key, keys := b("k"), [][]byte{b("k")}
	return map[string]func() error{
		"Get":            func() error { _, _, err := reads.Get(key); return err },
		"AppendGet":      func() error { _, _, err := reads.AppendGet(nil, key); return err },
		"GetInto":        func() error { _, _, err := reads.GetInto(nil, key); return err },
		"GetPin":         func() error { _, err := reads.GetPin(key); return err },
		"Contains":       func() error { _, err := reads.Contains(key); return err },
		"MultiGet":       func() error { _, err := reads.MultiGet(keys); return err },
		"AppendMultiGet": func() error { _, _, err := reads.AppendMultiGet(nil, nil, keys); return err },
		"Cursor":         func() error { _, err := reads.Cursor(nil); return err },
	}
}

func memtableTransactionCalls(transaction *MemtableTransaction) map[string]func() error {
	calls := momentCalls(transaction)
	for name, call := range map[string]func() error{
		"ID":         func() error { _, err := transaction.ID(); return err },
		"Snapshot":   func() error { _, err := transaction.Snapshot(); return err },
		"Put":        func() error { return transaction.Put(b("k"), nil) },
		"Delete":     func() error { return transaction.Delete(b("k")) },
		"MultiWrite": func() error { _, err := transaction.MultiWrite(nil); return err },
		"Commit":     func() error { _, err := transaction.Commit(); return err },
		"Rollback":   func() error { return transaction.Rollback() },
	} {
		calls[name] = call
	}
	return calls
}

func memtableSnapshotCalls(snapshot *MemtableSnapshot) map[string]func() error {
	calls := momentCalls(snapshot)
	calls["Timestamp"] = func() error { _, err := snapshot.Timestamp(); return err }
	return calls
}

func memtableCursorCalls(cursor *MemtableCursor) map[string]func() error {
	return map[string]func() error{
		"Next":     func() error { cursor.Next(); return cursor.Err() },
		"Key":      func() error { cursor.Key(); return cursor.Err() },
		"Value":    func() error { cursor.Value(); return cursor.Err() },
		"Deleted":  func() error { cursor.Deleted(); return cursor.Err() },
		"NextMany": func() error { _, err := cursor.NextMany(1, 1); return err },
		"All": func() error {
			cursor.All()(func(key, value []byte) bool { return true })
			return cursor.Err()
		},
	}
}

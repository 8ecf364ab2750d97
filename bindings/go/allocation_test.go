//go:build !asan && !race

package stave

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Reads into memory that is used again allocate nothing. (What watches memory allocates.)
func TestAppendAllocatesNothing(t *testing.T) {
	store := openStore(t, "")
	check(t, store.Put(b("k"), b("value"), nil))
	key, dst := b("k"), make([]byte, 0, 64)
	checkEqual(t, 0.0, testing.AllocsPerRun(100, func() {
		if _, ok, err := store.AppendGet(dst[:0], key); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}))
	keys, values := [][]byte{key, b("absent")}, make([][]byte, 0, 2)
	checkEqual(t, 0.0, testing.AllocsPerRun(100, func() {
		if _, _, err := store.AppendMultiGet(values[:0], dst[:0], keys); err != nil {
			t.Fatal(err)
		}
	}))
}

// Nor do writes, with options or without; the options lie on the stack.
func TestWritesAllocateNothing(t *testing.T) {
	store := openStore(t, "")
	key, value := b("k"), b("value")
	options := WriteOptions{Durability: DurabilityMemory, ExpiresAt: time.Now().Add(time.Hour)}
	for name, call := range map[string]func() error{
		"Put":            func() error { return store.Put(key, value, nil) },
		"PutWith":        func() error { return store.Put(key, value, &options) },
		"InsertWith":     func() error { _, err := store.Insert(key, value, &options); return err },
		"ReplaceWith":    func() error { _, err := store.Replace(key, value, &WriteOptions{NeverExpires: true}); return err },
		"CompareAndSwap": func() error { _, err := store.CompareAndSwap(key, value, value, &options); return err },
		"Delete":         func() error { _, err := store.Delete(value, &options); return err },
		"ValueSize":      func() error { _, _, err := store.ValueSize(key); return err },
	} {
		check(t, store.Put(key, value, nil))
		t.Run(name, func(t *testing.T) {
			checkEqual(t, 0.0, testing.AllocsPerRun(100, func() { check(t, call()) }))
		})
	}
	// And a hook that allocates nothing is called without an allocation.
	check(t, store.OnWrite(func(Change) error { return nil }, nil))
	checkEqual(t, 0.0, testing.AllocsPerRun(100, func() { check(t, store.Put(key, value, nil)) }))
}

// Nor do calls on an index that take one key, or memory that is used again.
func TestIndexAllocatesNothing(t *testing.T) {
	index := newIndex(t, "")
	key, values, found := b("k"), make([]uint64, 0, 2), make([]bool, 0, 2)
	keys := [][]byte{key, b("absent")}
	for name, call := range map[string]func() error{
		"Put":    func() error { _, _, err := index.Put(key, 1); return err },
		"Get":    func() error { _, _, err := index.Get(key); return err },
		"Absent": func() error { _, _, err := index.Get(keys[1]); return err },
		"Insert": func() error { _, _, err := index.Insert(key, 2); return err },
		"Swap":   func() error { _, _, err := index.CompareAndSwap(key, 1, 1); return err },
		"AppendMultiGet": func() error {
			_, _, err := index.AppendMultiGet(values, found, keys)
			return err
		},
		"Delete": func() error { _, _, err := index.Delete(keys[1]); return err },
	} {
		check(t, index.Clear())
		_, _, err := index.Put(key, 1)
		check(t, err)
		t.Run(name, func(t *testing.T) {
			checkEqual(t, 0.0, testing.AllocsPerRun(100, func() { check(t, call()) }))
		})
	}
}

// Nor do those on a map that return no new value, but for the value that C keeps.
func TestCowMapAllocatesNothing(t *testing.T) {
	m := newCowMapWith(t, "")
	value, dst := b("value"), make([]byte, 0, 64)
	keys, values := []int64{1, 2}, make([][]byte, 0, 2)
	for name, call := range map[string]func() error{
		"Put":       func() error { _, err := m.Put(1, value); return err },
		"AppendGet": func() error { _, _, err := m.AppendGet(dst[:0], 1); return err },
		"Delete":    func() error { _, err := m.Delete(2); return err },
		"AppendMultiGet": func() error {
			_, _, err := m.AppendMultiGet(values[:0], dst[:0], keys)
			return err
		},
	} {
		_, err := m.Put(1, value)
		check(t, err)
		t.Run(name, func(t *testing.T) {
			checkEqual(t, 0.0, testing.AllocsPerRun(100, func() { check(t, call()) }))
		})
	}
}

// Nor do those on a memtable.
func TestMemtableAllocatesNothing(t *testing.T) {
	table, explicit := newMemtable(t, ""), newMemtable(t, "timestamps=explicit")
	key, value, dst := b("k"), b("value"), make([]byte, 0, 64)
	keys, values := [][]byte{key, b("absent")}, make([][]byte, 0, 2)
	committed(t, table, put("k", "value"))
	transaction, err := table.Begin()
	check(t, err)
	snapshot, err := table.Snapshot()
	check(t, err)
	for name, call := range map[string]func() error{
		"Put":              func() error { return transaction.Put(key, value) },
		"Delete":           func() error { return transaction.Delete(keys[1]) },
		"Transaction":      func() error { _, _, err := transaction.AppendGet(dst[:0], key); return err },
		"Snapshot":         func() error { _, _, err := snapshot.AppendGet(dst[:0], key); return err },
		"Contains":         func() error { _, err := snapshot.Contains(key); return err },
		"Write":            func() error { return explicit.Write(key, value, 1) },
		"Read":             func() error { _, _, err := explicit.AppendRead(dst[:0], key, 0, 1); return err },
		"ReadInto":         func() error { _, _, err := explicit.ReadInto(dst[:8], keys[1], 0, 1); return err },
		"AbortAndWrite":    func() error { return errorsOf(explicit.Abort(1, keys[:1]), explicit.Write(key, value, 1)) },
		"SnapshotMultiGet": func() error { _, _, err := snapshot.AppendMultiGet(values[:0], dst[:0], keys); return err },
		"AppendMultiGet":   func() error { _, _, err := transaction.AppendMultiGet(values[:0], dst[:0], keys); return err },
	} {
		check(t, explicit.Write(key, value, 1))
		t.Run(name, func(t *testing.T) {
			checkEqual(t, 0.0, testing.AllocsPerRun(100, func() { check(t, call()) }))
		})
	}
}

// The map's calls once kept C's message about each callback that had failed: 570 bytes a call.
func TestFailingCallbacksLeaveNothing(t *testing.T) {
	m, table := newCowMapWith(t, ""), newMemtable(t, "timestamps=explicit")
	_, err := m.Put(1, nil)
	check(t, err)
	check(t, table.Write(b("k"), nil, 1))
	fail := func() error { return ErrCancelled }
	calls := callbackCalls(m, fail)
	store := openStore(t, "")
	check(t, store.Put(b("k"), nil, nil))
	for name, call := range storeCallbacks(store, fail) {
		calls[name] = call
	}
	calls["ReadWith"] = func() error {
		_, err := table.ReadWith(b("k"), 0, 1, func([]byte) error { return fail() })
		return err
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			const count, kept = 40000, 400
			before := residentBytes(t)
			for i := 0; i < count; i++ {
				checkIs(t, ErrCancelled, call())
			}
			if grown := residentBytes(t) - before; grown > count*kept {
				t.Errorf("%d bytes are left of %d calls", grown, count)
			}
		})
	}
}

// residentBytes is the memory of the process, Go's and C's.
func residentBytes(t testing.TB) int {
	t.Helper()
	content, err := os.ReadFile("/proc/self/statm")
	check(t, err)
	pages, err := strconv.Atoi(strings.Fields(string(content))[1])
	check(t, err)
	return pages * os.Getpagesize()
}

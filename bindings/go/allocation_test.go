//go:build !asan && !race

package stave

import "testing"

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
		"Remove": func() error { _, _, err := index.Remove(keys[1]); return err },
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

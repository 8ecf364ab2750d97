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

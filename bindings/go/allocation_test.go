//go:build !asan && !race

package stave

import "testing"

// A read into memory that is used again allocates nothing. (What watches memory allocates.)
func TestAppendGetAllocatesNothing(t *testing.T) {
	store := openStore(t, "")
	check(t, store.Put(b("k"), b("value"), nil))
	key, dst := b("k"), make([]byte, 0, 64)
	checkEqual(t, 0.0, testing.AllocsPerRun(100, func() {
		if _, ok, err := store.AppendGet(dst[:0], key); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}))
}

package stave

import (
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// What tests make and do not close is the garbage collector's, and nothing may be left in the end.
func TestMain(m *testing.M) {
	status := m.Run()
	if handles := collectUntil(0); handles != 0 {
		fmt.Printf("%d native handles are left\n", handles)
		status = 1
	}
	os.Exit(status)
}

// collectGarbage returns when the finalizers of all that was garbage have run. They run in batches, each
// of them all that wait when the one before is done, in any order. What the first collection finds is
// in the batch of the second one's mark or in an earlier one, and the third one's is in a later one.
func collectGarbage() {
	for i := 0; i < 3; i++ {
		done := make(chan struct{})
		runtime.SetFinalizer(new([16]byte), func(*[16]byte) { close(done) })
		runtime.GC()
		<-done
	}
}

// collectUntil collects garbage until that many handles are left, or for a second, and returns how many
// are left. Once is not always enough: a goroutine that has reported its end may still be there.
func collectUntil(want uint64) uint64 {
	for i := 0; i < 100 && LiveHandles() != want; i++ {
		collectGarbage()
		time.Sleep(10 * time.Millisecond)
	}
	return LiveHandles()
}

func openStore(t testing.TB, text string) *Store {
	t.Helper()
	store := openAt(t, filepath.Join(t.TempDir(), "store"), text)
	t.Cleanup(func() { check(t, store.Close()) })
	return store
}

func openAt(t testing.TB, path, text string) *Store {
	t.Helper()
	options := DefaultOptions()
	options.Durability = DurabilityMemory
	check(t, options.Set(text))
	store, err := Open(path, options)
	check(t, err)
	return store
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func checkIs(t testing.TB, want error, err error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

// errorsOf is the first of two errors.
func errorsOf(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

func checkEqual(t testing.TB, want, got any) {
	t.Helper()
	if got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func checkTrue(t testing.TB, ok bool, err error) {
	t.Helper()
	check(t, err)
	checkEqual(t, true, ok)
}

func checkFalse(t testing.TB, ok bool, err error) {
	t.Helper()
	check(t, err)
	checkEqual(t, false, ok)
}

// checkValue demands the value, or with nil, that the key is absent.
func checkValue(t testing.TB, store *Store, key string, want []byte) {
	t.Helper()
	value, ok, err := store.Get([]byte(key))
	check(t, err)
	checkEqual(t, want != nil, ok)
	checkEqual(t, string(want), string(value))
	checkEqual(t, ok, value != nil)
}

// scaled is that percentage of a number which the environment asks for.
func scaled(number int) int {
	percent, err := strconv.Atoi(os.Getenv("STAVE_TEST_SCALE"))
	if err != nil {
		percent = 10
	}
	return number * percent / 100
}

// seed is printed when a test that uses it fails.
func seed(t testing.TB) int64 {
	seed, err := strconv.ParseInt(os.Getenv("STAVE_SEED"), 10, 64)
	if err != nil {
		seed = rand.New(rand.NewSource(int64(os.Getpid()))).Int63()
	}
	t.Logf("STAVE_SEED=%d", seed)
	return seed
}

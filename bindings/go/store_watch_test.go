package stave

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"
)

// noted is a change as text.
func noted(change Change) string {
	text := fmt.Sprintf("%d %s=%s", change.Version, change.Key, change.Value)
	if change.Deleted {
		text = fmt.Sprintf("%d %s deleted", change.Version, change.Key)
	}
	if change.OldValue != nil {
		text += fmt.Sprintf(" was %q", change.OldValue)
	}
	if !change.ExpiresAt.IsZero() {
		text += fmt.Sprint(" expires ", change.ExpiresAt.UnixMilli())
	}
	return text
}

func TestHooks(t *testing.T) {
	store := openStore(t, "shards=1")
	check(t, store.Put(b("before"), nil, nil))
	var got, withOld []string
	check(t, store.OnWrite(func(change Change) error {
		got = append(got, noted(change))
		value, ok, err := store.Get(change.Key)
		checkEqual(t, !change.Deleted, ok)
		checkEqual(t, string(change.Value), string(value))
		checkIs(t, ErrBusy, store.Put(b("k"), nil, nil))
		return err
	}, nil))
	check(t, store.OnWrite(func(change Change) error {
		withOld = append(withOld, noted(change))
		return nil
	}, &HookOptions{OldValues: true}))
	check(t, store.Put(b("k"), b("1"), &WriteOptions{ExpiresAt: time.UnixMilli(4102444800000)}))
	_, _, err := store.Swap(b("k"), nil, nil)
	check(t, err)
	_, err = store.Delete(b("k"), nil)
	check(t, err)
	_, err = store.Delete(b("k"), nil)
	check(t, err)
	checkEqual(t, fmt.Sprint([]string{"2 k=1 expires 4102444800000", "3 k=", "4 k deleted"}), fmt.Sprint(got))
	checkEqual(t, fmt.Sprint([]string{"2 k=1 expires 4102444800000", `3 k= was "1"`, `4 k deleted was ""`}),
		fmt.Sprint(withOld))

	records := map[string]uint64{}
	check(t, store.OnOpen(func(change Change) error {
		records[string(change.Key)] = change.Version
		return nil
	}))
	checkEqual(t, fmt.Sprint(map[string]uint64{"before": 1}), fmt.Sprint(records))
}

// A hook that fails leaves the change as it is, and what it returned is in the error.
func TestHooksThatFail(t *testing.T) {
	store := openStore(t, "shards=1")
	var fail func() error
	calls := 0
	check(t, store.OnWrite(func(Change) error { return fail() }, nil))
	check(t, store.OnWrite(func(Change) error { calls++; return nil }, nil))
	checkHookError := func(err error) {
		t.Helper()
		var failure *HookError
		checkEqual(t, true, errors.As(err, &failure))
		checkIs(t, ErrHookFailed, err)
		checkIs(t, errOther, err)
	}
	for _, fail = range []func() error{func() error { return errOther }, func() error { panic(errOther) }} {
		checkHookError(store.Put(b("k"), b("1"), nil))
		checkValue(t, store, "k", b("1"))
		inserted, err := store.Insert(b("l"), nil, nil)
		checkHookError(err)
		checkEqual(t, true, inserted)
		previous, replaced, err := store.Swap(b("k"), b("2"), nil)
		checkHookError(err)
		checkEqual(t, true, replaced && string(previous) == "1")
		updated, ok, err := store.Update(b("k"), func([]byte) ([]byte, error) { return b("3"), nil }, nil)
		checkHookError(err)
		checkEqual(t, true, ok && string(updated) == "3")
		version, err := store.Atomic(b("k"), func(keys *Atomic) error { return keys.Put(b("k"), b("4")) }, nil)
		checkHookError(err)
		checkEqual(t, true, version > 0)
		deleted, err := store.MultiDelete([][]byte{b("l"), b("absent")}, nil)
		checkHookError(err)
		checkEqual(t, uint64(1), deleted)
		checkHookError(store.OnOpen(func(Change) error { return fail() }))
	}
	checkEqual(t, 12, calls)
	// What a hook of another store returns inside is that store's.
	other := openStore(t, "")
	check(t, other.OnWrite(func(Change) error { return ErrCancelled }, nil))
	fail = func() error {
		checkIs(t, ErrCancelled, other.Put(b("k"), nil, nil))
		return errOther
	}
	checkHookError(store.Put(b("k"), nil, nil))
	fail = func() error { _ = other.Put(b("k"), nil, nil); return nil }
	check(t, store.Put(b("k"), nil, nil))
}

// Hooks of many goroutines come one after the other, in the order of the versions.
func TestHooksComeInOrder(t *testing.T) {
	store := openStore(t, "")
	const goroutines, each = 8, 200
	last, calls := uint64(0), 0 // without a lock: the race detector proves the rest
	check(t, store.OnWrite(func(change Change) error {
		if change.Version <= last {
			t.Errorf("%d after %d", change.Version, last)
		}
		last = change.Version
		calls++
		if calls%50 == 0 {
			runtime.GC()
		}
		return nil
	}, nil))
	var group sync.WaitGroup
	for i := 0; i < goroutines; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			for j := 0; j < each; j++ {
				if err := store.Put(b(fmt.Sprint(i, j)), b("value"), nil); err != nil {
					t.Error(err)
				}
			}
		}(i)
	}
	group.Wait()
	checkEqual(t, goroutines*each, calls)
}

// The error of a hook reaches the write that called it, and no other.
func TestHookErrorsReachTheirWriters(t *testing.T) {
	store := openStore(t, "")
	check(t, store.OnWrite(func(change Change) error {
		if change.Key[0]%2 == 0 {
			return nil
		}
		return errors.New(string(change.Key))
	}, nil))
	var group sync.WaitGroup
	for i := 0; i < 8; i++ {
		group.Add(1)
		go func(key []byte) {
			defer group.Done()
			for j := 0; j < 200; j++ {
				err := store.Put(key, nil, nil)
				var failure *HookError
				if failed := errors.As(err, &failure); failed != (key[0]%2 == 1) ||
					failed && failure.Err.Error() != string(key) {
					t.Errorf("%s: %v", key, err)
				}
			}
		}([]byte{byte('0' + i)})
	}
	group.Wait()
}

// Hooks may be added while others run, which may try to add some themselves.
func TestHooksAddedMeanwhile(t *testing.T) {
	store := openStore(t, "")
	add := func() error { return store.OnWrite(func(Change) error { return nil }, nil) }
	check(t, store.OnWrite(func(Change) error {
		if err := add(); !errors.Is(err, ErrBusy) {
			t.Error(err)
		}
		return nil
	}, nil))
	var group sync.WaitGroup
	for i := 0; i < 4; i++ {
		group.Add(2)
		go func() { defer group.Done(); _ = store.Put(b("k"), nil, nil) }()
		go func() {
			defer group.Done()
			if err := add(); err != nil {
				t.Error(err)
			}
		}()
	}
	group.Wait()
	checkEqual(t, 5, len(store.hooks.added))
}

// A store that its hooks refer to is collected; one that is closed lets go of them.
func TestHooksAreCollected(t *testing.T) {
	before := collectUntil(0)
	freed := make(chan string, 2)
	leave := func(close bool) *Store {
		store := openAt(t, t.TempDir(), "")
		witness := new([64]byte)
		runtime.SetFinalizer(witness, func(*[64]byte) { freed <- "freed" })
		check(t, store.OnWrite(func(change Change) error {
			witness[0]++
			_, _, err := store.Get(change.Key)
			return err
		}, nil))
		check(t, store.Put(b("k"), nil, nil))
		collectGarbage()
		check(t, store.Put(b("k"), nil, nil))
		checkEqual(t, byte(2), witness[0])
		if !close {
			return nil
		}
		check(t, store.Close())
		return store
	}
	leave(false)
	checkEqual(t, before, collectUntil(before))
	checkEqual(t, "freed", <-freed)
	closed := leave(true)
	collectGarbage()
	checkEqual(t, "freed", <-freed)
	checkIs(t, ErrClosed, closed.OnWrite(func(Change) error { return nil }, nil))
	checkEqual(t, 0, len(closed.hooks.added))
}

func TestReadOnlyHooks(t *testing.T) {
	path := t.TempDir()
	store := openAt(t, path, "")
	check(t, store.Put(b("k"), nil, nil))
	check(t, store.Close())
	store = openAt(t, path, "read_only=yes")
	defer store.Close()
	checkIs(t, ErrReadOnly, store.OnWrite(func(Change) error { return nil }, nil))
	checkEqual(t, 0, len(store.hooks.added))
	check(t, store.OnOpen(func(Change) error { return nil }))
}

func TestMigrate(t *testing.T) {
	store := openStore(t, "")
	for i := 0; i < 2000; i++ {
		check(t, store.Put(b(fmt.Sprint(i)), b("old"), nil))
	}
	visited := map[string]int{}
	decide := func(key, value []byte) (MigrateAction, []byte, error) {
		visited[string(key)]++
		switch key[len(key)-1] {
		case '0':
			return MigrateDelete, nil, nil
		case '1':
			return MigrateKeep, b("does not count"), nil
		}
		return MigrateUpdate, append(value, " and new"...), nil
	}
	// It stops after a commit, twice, and goes on from there.
	var token []byte
	changed := uint64(0)
	for _, stop := range []error{errOther, errOther, nil} {
		count, err := store.Migrate(decide, func(done, total uint64, at []byte) error {
			checkEqual(t, true, done <= total)
			token = at
			return stop
		}, token, nil)
		checkEqual(t, stop, err)
		checkEqual(t, true, count > 0)
		changed += count
	}
	checkEqual(t, uint64(1800), changed)
	checkEqual(t, 2000, len(visited))
	size, err := store.Size()
	check(t, err)
	checkEqual(t, uint64(1800), size)
	checkValue(t, store, "10", nil)
	checkValue(t, store, "11", b("old"))
	checkValue(t, store, "12", b("old and new"))

	_, err = store.Migrate(decide, nil, b("no token"), nil)
	checkIs(t, ErrInvalidArgument, err)
	_, err = store.Migrate(func(key, value []byte) (MigrateAction, []byte, error) { return 9, nil, nil }, nil, nil, nil)
	checkIs(t, ErrInvalidArgument, err)
}

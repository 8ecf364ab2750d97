package stave

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

var errOther = errors.New("other")

func TestCompareAndSwap(t *testing.T) {
	store := openStore(t, "")
	_, err := store.CompareAndSwap(b("k"), nil, b("1"), nil)
	checkIs(t, ErrNotFound, err)
	check(t, store.Put(b("k"), b("1"), nil))
	swapped, err := store.CompareAndSwap(b("k"), b("2"), b("3"), nil)
	checkFalse(t, swapped, err)
	swapped, err = store.CompareAndSwap(b("k"), b("1"), nil, nil)
	checkTrue(t, swapped, err)
	checkValue(t, store, "k", b(""))
}

func TestUpdate(t *testing.T) {
	store := openStore(t, "")
	grow := func(value []byte) ([]byte, error) { return append(value, "23"...), nil }
	value, ok, err := store.Update(b("k"), grow, nil)
	checkFalse(t, ok, err)
	checkEqual(t, true, value == nil)
	check(t, store.Put(b("k"), b("1"), nil))
	checkResult(t, "123", true)(store.Update(b("k"), grow, nil))
	checkResult(t, "123", true)(store.FetchUpdate(b("k"), grow, nil))
	// A part of what there was, in its own memory.
	checkResult(t, "323", true)(store.Update(b("k"), func(value []byte) ([]byte, error) { return value[2:], nil }, nil))
	checkResult(t, "323", true)(store.Swap(b("k"), nil, nil))
	checkResult(t, "", true)(store.Swap(b("k"), b("1"), nil))
	checkResult(t, "", false)(store.Swap(b("new"), b("1"), nil))
	size, ok, err := store.ValueSize(b("k"))
	checkTrue(t, ok, err)
	checkEqual(t, 1, size)
	_, ok, err = store.ValueSize(b("absent"))
	checkFalse(t, ok, err)
}

// Updates of many goroutines lose nothing.
func TestUpdatesAreOneStep(t *testing.T) {
	store := openStore(t, "")
	check(t, store.Put(b("k"), make([]byte, 8), nil))
	increment := func(value []byte) ([]byte, error) {
		binary.LittleEndian.PutUint64(value, binary.LittleEndian.Uint64(value)+1)
		return value, nil
	}
	const goroutines, each = 8, 200
	var group sync.WaitGroup
	for i := 0; i < goroutines; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := 0; i < each; i++ {
				if _, _, err := store.Update(b("k"), increment, nil); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	group.Wait()
	value, ok, err := store.Get(b("k"))
	checkTrue(t, ok, err)
	checkEqual(t, uint64(goroutines*each), binary.LittleEndian.Uint64(value))
}

// storeCallbacks are the calls whose callback can stop them, with what that does.
func storeCallbacks(store *Store, fail func() error) map[string]func() error {
	edit := func(value []byte) ([]byte, error) { return append(value, '!'), fail() }
	decide := func(key, value []byte) (MigrateAction, []byte, error) { return MigrateDelete, nil, fail() }
	keep := func(key, value []byte) (MigrateAction, []byte, error) { return MigrateKeep, nil, nil }
	return map[string]func() error{
		"Update":      func() error { _, _, err := store.Update(b("k"), edit, nil); return err },
		"FetchUpdate": func() error { _, _, err := store.FetchUpdate(b("k"), edit, nil); return err },
		"Verify":      func() error { return store.Verify(func(uint64, uint64) error { return fail() }) },
		"Migrate":     func() error { _, err := store.Migrate(decide, nil, nil, nil); return err },
		"Progress": func() error {
			_, err := store.Migrate(keep, func(uint64, uint64, []byte) error { return fail() }, nil, nil)
			return err
		},
		"Atomic": func() error {
			_, err := store.Atomic(b("k"), func(keys *Atomic) error {
				check := keys.Put(b("k"), b("x"))
				return errorsOf(check, fail())
			}, nil)
			return err
		},
	}
}

// What a callback returns is what the call returns, and nothing has changed; a panic likewise.
func TestCallbacksThatFail(t *testing.T) {
	store := openStore(t, "shards=1")
	check(t, store.Put(b("k"), b("1"), nil))
	for name, call := range storeCallbacks(store, func() error { return errOther }) {
		t.Run(name, func(t *testing.T) {
			checkEqual(t, errOther, call())
			checkValue(t, store, "k", b("1"))
		})
	}
	for name, call := range storeCallbacks(store, func() error { panic(errOther) }) {
		t.Run(name+" panics", func(t *testing.T) {
			err := call()
			var panicked *PanicError
			checkEqual(t, true, errors.As(err, &panicked) && panicked.Value == errOther)
			checkIs(t, errOther, err)
			checkValue(t, store, "k", b("1"))
		})
	}
	// Reads are allowed in all of them, and no writes.
	read := func() error {
		_, ok, err := store.Get(b("k"))
		if !ok {
			return errOther
		}
		return err
	}
	for name, call := range storeCallbacks(store, func() error { return errorsOf(read(), ErrCancelled) }) {
		t.Run(name+" reads", func(t *testing.T) { checkIs(t, ErrCancelled, call()) })
	}
	for name, call := range storeCallbacks(store, func() error { return store.Put(b("k"), nil, nil) }) {
		t.Run(name+" writes", func(t *testing.T) { checkIs(t, ErrBusy, call()) })
	}
	for name, call := range storeCallbacks(store, store.Close) {
		t.Run(name+" closes", func(t *testing.T) { checkIs(t, ErrBusy, call()) })
	}
}

func TestNilCallbacks(t *testing.T) {
	store := openStore(t, "")
	for name, call := range map[string]func() error{
		"Update":      func() error { _, _, err := store.Update(b("k"), nil, nil); return err },
		"FetchUpdate": func() error { _, _, err := store.FetchUpdate(b("k"), nil, nil); return err },
		"Atomic":      func() error { _, err := store.Atomic(b("k"), nil, nil); return err },
		"OnWrite":     func() error { return store.OnWrite(nil, nil) },
		"OnOpen":      func() error { return store.OnOpen(nil) },
		"Migrate":     func() error { _, err := store.Migrate(nil, nil, nil, nil); return err },
	} {
		t.Run(name, func(t *testing.T) { checkIs(t, ErrInvalidArgument, call()) })
	}
}

func TestAtomic(t *testing.T) {
	store := openStore(t, "shards=16 shard_prefix_bits=8")
	check(t, store.Put(b("a1"), b("5"), nil))
	version, err := store.Atomic(b("a"), func(keys *Atomic) error {
		checkResult(t, "5", true)(keys.Get(b("a1")))
		check(t, keys.Put(b("a1"), b("4")))
		checkResult(t, "4", true)(keys.Get(b("a1")))
		checkValue(t, store, "a1", b("5"))
		inserted, err := keys.Insert(b("a1"), nil)
		checkFalse(t, inserted, err)
		inserted, err = keys.Insert(b("a2"), b("1"))
		checkTrue(t, inserted, err)
		replaced, err := keys.Replace(b("a3"), nil)
		checkFalse(t, replaced, err)
		deleted, err := keys.Delete(b("a3"))
		checkFalse(t, deleted, err)
		ok, err := keys.Contains(b("a2"))
		checkTrue(t, ok, err)
		_, ok, err = keys.Get(b("a3"))
		checkFalse(t, ok, err)
		return nil
	}, nil)
	check(t, err)
	checkEqual(t, uint64(2), version)
	checkValue(t, store, "a1", b("4"))
	checkValue(t, store, "a2", b("1"))

	// A key of another shard is refused, and does not end the callback.
	other := ""
	for i := 0; other == ""; i++ {
		one, err := store.ShardFor(b("a"))
		check(t, err)
		another, err := store.ShardFor([]byte{byte(i)})
		check(t, err)
		if one != another {
			other = string([]byte{byte(i)})
		}
	}
	version, err = store.Atomic(b("a"), func(keys *Atomic) error {
		checkIs(t, ErrShardMismatch, keys.Put(b(other), nil))
		return nil
	}, nil)
	check(t, err)
	checkEqual(t, uint64(0), version)
}

func atomicCalls(keys *Atomic) map[string]func() error {
	return map[string]func() error{
		"Get":      func() error { _, _, err := keys.Get(b("k")); return err },
		"Contains": func() error { _, err := keys.Contains(b("k")); return err },
		"Put":      func() error { return keys.Put(b("k"), nil) },
		"Insert":   func() error { _, err := keys.Insert(b("k"), nil); return err },
		"Replace":  func() error { _, err := keys.Replace(b("k"), nil); return err },
		"Delete":   func() error { _, err := keys.Delete(b("k")); return err },
	}
}

// The keys of Atomic are refused after its callback, in the callback of another one at the same place, and by
// other goroutines; of an outer one they are not.
func TestAtomicElsewhere(t *testing.T) {
	store, second := openStore(t, ""), openStore(t, "")
	var kept *Atomic
	_, err := store.Atomic(b("k"), func(keys *Atomic) error {
		kept = keys
		done := make(chan struct{})
		go func() {
			defer close(done)
			for name, call := range atomicCalls(keys) {
				if err := call(); !errors.Is(err, ErrClosed) {
					t.Error(name, err)
				}
			}
		}()
		<-done
		_, err := second.Atomic(b("k"), func(inner *Atomic) error {
			return errorsOf(inner.Put(b("k"), b("inner")), keys.Put(b("k"), b("outer")))
		}, nil)
		return err
	}, nil)
	check(t, err)
	checkValue(t, store, "k", b("outer"))
	checkValue(t, second, "k", b("inner"))
	checkAll(t, ErrClosed, atomicCalls(kept))
	checkAll(t, ErrClosed, atomicCalls(nil))
	checkAll(t, ErrClosed, atomicCalls(new(Atomic)))
	_, err = store.Atomic(b("k"), func(*Atomic) error { return kept.Put(b("k"), b("late")) }, nil)
	checkIs(t, ErrClosed, err)
	checkValue(t, store, "k", b("outer"))
}

func TestExpiry(t *testing.T) {
	store := openStore(t, "default_ttl=3600000 background=no")
	later := time.UnixMilli(4102444800000)
	checkAt := func(want time.Time) {
		t.Helper()
		at, ok, err := store.ExpiresAt(b("k"))
		checkTrue(t, ok, err)
		checkEqual(t, true, want.Equal(at))
	}
	check(t, store.Put(b("k"), nil, nil))
	at, ok, err := store.ExpiresAt(b("k"))
	checkTrue(t, ok, err)
	left := time.Until(at)
	checkEqual(t, true, 59*time.Minute < left && left <= time.Hour)

	check(t, store.Put(b("k"), nil, &WriteOptions{ExpiresAt: later.Add(time.Microsecond)}))
	checkAt(later)
	check(t, store.Put(b("k"), nil, &WriteOptions{ExpiresAt: later, NeverExpires: true}))
	checkAt(time.Time{})
	ok, err = store.Expire(b("k"), later, nil)
	checkTrue(t, ok, err)
	checkAt(later)
	ok, err = store.Expire(b("k"), time.Time{}, nil)
	checkTrue(t, ok, err)
	checkAt(time.Time{})
	// What has passed has passed, also before there were Unix times.
	for _, past := range []time.Time{time.Now().Add(-time.Second), time.UnixMilli(0), time.UnixMilli(-1)} {
		check(t, store.Put(b("k"), nil, &WriteOptions{NeverExpires: true}))
		ok, err = store.Expire(b("k"), past, nil)
		checkTrue(t, ok, err)
		checkValue(t, store, "k", nil)
		check(t, store.Put(b("k"), nil, &WriteOptions{ExpiresAt: past}))
		checkValue(t, store, "k", nil)
	}
	at, ok, err = store.ExpiresAt(b("k"))
	checkFalse(t, ok, err)
	checkEqual(t, true, at.IsZero())
	ok, err = store.Expire(b("k"), later, nil)
	checkFalse(t, ok, err)
	deleted, err := store.DeleteExpired()
	check(t, err)
	checkEqual(t, uint64(1), deleted)
	check(t, store.MultiPut([]Record{{b("1"), nil}, {b("2"), nil}}, nil))
	deleted, err = store.Clear(nil)
	check(t, err)
	checkEqual(t, uint64(2), deleted)
}

// Whatever a number means to C means the same here and back.
func TestTimesAndDurations(t *testing.T) {
	for _, milliseconds := range []uint64{0, 1, 1 << 40, 1<<63 - 1} {
		checkEqual(t, milliseconds, unixMilliseconds(timeOf(milliseconds)))
	}
	checkEqual(t, uint64(1<<63-1), unixMilliseconds(timeOf(1<<64-2)))
	for duration, milliseconds := range map[time.Duration]uint64{
		0: 0, 1: 1, -1: 1, time.Millisecond: 1, 1999 * time.Microsecond: 1, time.Hour: 3600000,
	} {
		checkEqual(t, milliseconds, millisecondsOf(duration))
	}
	checkEqual(t, time.Hour, durationOf(3600000))
	checkEqual(t, true, durationOf(1<<64-1) > 290*365*24*time.Hour)
	checkEqual(t, durationOf(1<<64-1), durationOf(1<<63))
}

// A cursor goes on where another one has stood, also in the store that is opened again.
func TestCursorToken(t *testing.T) {
	path := t.TempDir()
	store := openAt(t, path, "")
	for i := 0; i < 100; i++ {
		check(t, store.Put(b(fmt.Sprint(i)), nil, nil))
	}
	seen, token := map[string]int{}, []byte(nil)
	for part := 0; part < 11; part++ {
		cursor, err := store.Cursor(&CursorOptions{Token: token, KeysOnly: true})
		check(t, err)
		for i := 0; i < 10 && cursor.Next(); i++ {
			seen[string(cursor.Key())]++
		}
		check(t, cursor.Err())
		token, err = cursor.Token()
		check(t, err)
		check(t, store.Close())
		store = openAt(t, path, "")
	}
	checkEqual(t, 100, len(seen))
	for key, count := range seen {
		if count != 1 {
			t.Errorf("%s was visited %d times", key, count)
		}
	}
	token[len(token)-1] ^= 1
	_, err := store.Cursor(&CursorOptions{Token: token})
	checkIs(t, ErrInvalidArgument, err)
	check(t, store.Close())
}

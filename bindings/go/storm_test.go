package stave

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// storm is what the goroutines of TestStorm share: objects that any of them uses, closes, replaces and
// leaves behind at any time.
type storm struct {
	t      *testing.T
	folder string
	stores atomic.Int64
	store  atomic.Pointer[Store]
	pin    atomic.Pointer[Pin]
	batch  atomic.Pointer[Batch]
	cursor atomic.Pointer[Cursor]
	calls  atomic.Int64
}

// A million calls from many goroutines, while others close what they use, or drop it for the garbage
// collector: every call does its work or answers that it came too late.
func TestStorm(t *testing.T) {
	const goroutines = 8
	s := &storm{t: t, folder: t.TempDir()}
	random := rand.New(rand.NewSource(seed(t)))
	s.replaceStore()
	var group sync.WaitGroup
	for i := 0; i < goroutines; i++ {
		group.Add(1)
		go func(random *rand.Rand) {
			defer group.Done()
			for end := int64(scaled(1000000)); s.calls.Add(1) <= end && !t.Failed(); {
				s.step(random)
			}
		}(rand.New(rand.NewSource(random.Int63())))
	}
	group.Wait()
	t.Logf("%d calls on %d stores", s.calls.Load(), s.stores.Load())
	check(t, s.store.Load().Close())
	s = nil
	checkEqual(t, uint64(0), collectUntil(0))
}

// expect counts everything as good but a wrong answer.
func (s *storm) expect(err error, allowed ...error) {
	for _, one := range append(allowed, ErrClosed) {
		if errors.Is(err, one) {
			return
		}
	}
	if err != nil {
		s.t.Error(err)
	}
}

func (s *storm) replaceStore() {
	path := filepath.Join(s.folder, fmt.Sprint(s.stores.Add(1)))
	store := openAt(s.t, path, "shards=4 segment_size=1MiB")
	s.expect(store.OnWrite(func(change Change) error {
		_, err := store.Contains(change.Key)
		s.expect(err)
		return nil
	}, &HookOptions{OldValues: true}))
	s.expect(store.Put(b("always"), b("always here"), nil))
	s.store.Store(store)
}

// step is one call, or one act of destruction.
func (s *storm) step(random *rand.Rand) {
	store := s.store.Load()
	key := b(fmt.Sprint("key ", random.Intn(100)))
	value := append(key[:len(key):len(key)], bytes.Repeat(b("."), random.Intn(600))...)
	switch choice := random.Intn(10000); {
	case choice < 3:
		s.replaceStore()
		s.expect(store.Close())
	case choice < 6:
		s.replaceStore() // and the old one is the collector's
	case choice < 12:
		runtime.GC()
	case choice < 1000:
		s.stepOfPin(random, store, key)
	case choice < 2000:
		s.stepOfBatch(random, store, key, value)
	case choice < 4000:
		s.stepOfCursor(random, store)
	default:
		s.stepOfStore(random, store, key, value)
	}
}

func (s *storm) checkValue(key, value []byte) {
	if !bytes.HasPrefix(value, key) {
		s.t.Errorf("%q is the value of %q", value, key)
	}
}

func (s *storm) stepOfStore(random *rand.Rand, store *Store, key, value []byte) {
	switch random.Intn(11) {
	case 0:
		s.expect(store.Put(key, value, nil))
	case 1:
		_, err := store.Delete(key, nil)
		s.expect(err)
	case 2:
		if got, ok, err := store.Get(key); ok {
			s.checkValue(key, got)
		} else {
			s.expect(err)
		}
	case 3:
		got, ok, err := store.AppendGet(make([]byte, 0, 100), b("always"))
		s.expect(err)
		if err == nil && !(ok && string(got) == "always here") {
			s.t.Errorf("%q, %v", got, ok)
		}
	case 4:
		values, err := store.MultiGet([][]byte{key, b("always"), b("never")})
		s.expect(err)
		if err == nil && !(string(values[1]) == "always here" && values[2] == nil) {
			s.t.Errorf("%q", values)
		}
	case 5:
		s.expect(store.MultiPut([]Record{{key, value}, {value, value}}, nil))
	case 6:
		_, err := store.Stats()
		s.expect(err)
	case 7:
		if random.Intn(20) == 0 {
			s.expect(store.Verify(func(done, total uint64) error {
				_, err := store.Size()
				s.expect(err, ErrBusy)
				return ErrCancelled
			}), ErrCancelled)
		}
	default:
		s.stepOfCallback(random, store, key, value)
	}
}

func (s *storm) stepOfCallback(random *rand.Rand, store *Store, key, value []byte) {
	switch random.Intn(3) {
	case 0:
		previous, ok, err := store.FetchUpdate(key, func([]byte) ([]byte, error) { return value, nil },
			&WriteOptions{NeverExpires: true})
		s.expect(err)
		if ok {
			s.checkValue(key, previous)
		}
	case 1:
		_, err := store.Atomic(key, func(keys *Atomic) error {
			if random.Intn(20) == 0 {
				runtime.GC()
			}
			return errorsOf(keys.Put(key, value), keys.Put(key, value))
		}, nil)
		s.expect(err)
	case 2:
		if random.Intn(20) == 0 {
			_, err := store.Migrate(func(key, value []byte) (MigrateAction, []byte, error) {
				return MigrateUpdate, value, nil
			}, nil, nil, nil)
			s.expect(err)
		}
	}
}

func (s *storm) stepOfPin(random *rand.Rand, store *Store, key []byte) {
	if random.Intn(2) == 0 {
		pin, err := store.GetPin(b("always"))
		s.expect(err)
		old := s.pin.Swap(pin)
		if random.Intn(2) == 0 {
			s.expect(old.Close())
		}
	}
	if pin := s.pin.Load(); pin != nil {
		s.expect(pin.View(func(value []byte) error {
			if random.Intn(4) == 0 {
				s.expect(pin.Close())
			}
			if string(value) != "always here" {
				s.t.Errorf("%q", value)
			}
			return nil
		}))
	}
}

// A batch belongs to one goroutine at a time, but anybody may close it.
func (s *storm) stepOfBatch(random *rand.Rand, store *Store, key, value []byte) {
	batch, err := NewBatch()
	s.expect(err)
	old := s.batch.Swap(batch)
	if random.Intn(2) == 0 {
		s.expect(old.Close())
	}
	s.expect(batch.RequireExists(b("always")))
	s.expect(batch.Put(key, value))
	s.expect(batch.Put(b("always"), b("always here")))
	_, err = store.Write(batch, nil)
	s.expect(err)
}

// As with batches.
func (s *storm) stepOfCursor(random *rand.Rand, store *Store) {
	cursor, err := store.Cursor(nil)
	s.expect(err)
	if err != nil {
		return
	}
	old := s.cursor.Swap(cursor)
	if random.Intn(2) == 0 {
		s.expect(old.Close())
	}
	for i := 0; i < 10 && cursor.Next(); i++ {
		if key, value := cursor.Key(), cursor.Value(); key != nil && value != nil {
			s.checkValue(key[:3], value)
		}
	}
	records, err := cursor.NextMany(5, 1000)
	s.expect(err)
	for _, record := range records {
		s.checkValue(record.Key[:3], record.Value)
	}
}

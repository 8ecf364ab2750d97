package stave

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// indexStorm is what the goroutines of TestIndexStorm share. A value says which key it belongs to: the
// counter in its high bits.
type indexStorm struct {
	storm
	indexes     atomic.Int64
	index       atomic.Pointer[Index]
	indexCursor atomic.Pointer[IndexCursor]
}

const (
	stormKeys  = 2000
	stormShift = 16
)

var errRefused = errors.New("the resolver refuses")

func stormKey(counter uint64) []byte {
	return append(counterKey(counter), make([]byte, counter%20)...)
}

// The calls of many goroutines on indexes that grow, are cleared, closed, and dropped for the garbage
// collector at any time, every other one with a resolver that refers to it and fails now and then.
func TestIndexStorm(t *testing.T) {
	const goroutines = 8
	s := &indexStorm{storm: storm{t: t}}
	random := rand.New(rand.NewSource(seed(t)))
	s.replace()
	var group sync.WaitGroup
	for i := 0; i < goroutines; i++ {
		group.Add(1)
		go func(random *rand.Rand) {
			defer group.Done()
			for end := int64(scaled(2000000)); s.calls.Add(1) <= end && !t.Failed(); {
				s.step(random)
			}
		}(rand.New(rand.NewSource(random.Int63())))
	}
	group.Wait()
	t.Logf("%d calls on %d indexes", s.calls.Load(), s.indexes.Load())
	s = nil
	checkEqual(t, uint64(0), collectUntil(0))
}

func (s *indexStorm) replace() *Index {
	options := DefaultIndexOptions()
	var index *Index
	if number := s.indexes.Add(1); number%2 == 0 {
		options.ValueBits = 44
		options.Resolver = &Resolver{
			Compare: func(value uint64, key []byte) (bool, error) {
				if value%97 == 0 {
					return false, fmt.Errorf("value %d: %w", value, errRefused)
				}
				return bytes.Equal(stormKey(value>>stormShift), key), nil
			},
			Hash: func(value uint64) (uint64, error) { return index.Hash(stormKey(value >> stormShift)) },
		}
	}
	index, err := NewIndex(options)
	s.expect(err)
	return s.index.Swap(index)
}

func (s *indexStorm) checkValue(counter, value uint64) {
	if value>>stormShift != counter {
		s.t.Errorf("%d is the value of %d", value, counter)
	}
}

// step is one call, or one act of destruction.
func (s *indexStorm) step(random *rand.Rand) {
	index := s.index.Load()
	counter := uint64(random.Intn(stormKeys))
	value := counter<<stormShift | uint64(random.Intn(1<<stormShift))
	switch choice := random.Intn(20000); {
	case choice < 3:
		s.expect(s.replace().Close())
	case choice < 6:
		s.replace() // and the old one is the collector's
	case choice < 9:
		runtime.GC()
	case choice < 12:
		s.expect(index.Clear())
	case choice < 15:
		s.expect(index.ShrinkToFit())
	case choice < 600:
		s.stepOfCursor(random, index)
	case choice < 1200:
		s.stepOfMany(random, index)
	default:
		s.stepOfKey(random, index, counter, value)
	}
}

func (s *indexStorm) stepOfKey(random *rand.Rand, index *Index, counter, value uint64) {
	key := stormKey(counter)
	var got uint64
	var ok bool
	var err error
	switch random.Intn(8) {
	case 0:
		got, ok, err = index.Put(key, value)
	case 1:
		got, ok, err = index.Insert(key, value)
		ok = !ok && err == nil
	case 2:
		if got, ok, err = index.Get(key); ok {
			s.checkValue(counter, got)
			got, _, err = index.CompareAndSwap(key, got, value)
		}
		ok = ok && err == nil
	case 3:
		got, ok, err = index.Delete(key)
	case 4:
		got, _, err = index.DeleteIf(key, value)
		ok = err == nil
	case 5:
		_, err = index.Contains(key)
	default:
		got, ok, err = index.Get(key)
	}
	s.expect(err, errRefused, ErrNotFound)
	if ok {
		s.checkValue(counter, got)
	}
}

func (s *indexStorm) stepOfMany(random *rand.Rand, index *Index) {
	first := uint64(random.Intn(stormKeys))
	var entries []IndexEntry
	var keys [][]byte
	for i := uint64(0); i < 20; i++ {
		keys = append(keys, stormKey(first+i))
		entries = append(entries, IndexEntry{keys[i], (first + i) << stormShift})
	}
	values, found, err := index.MultiGet(keys)
	if random.Intn(2) == 0 {
		values, found, err = index.MultiPut(entries)
	}
	s.expect(err, errRefused)
	for i, value := range values {
		if found[i] {
			s.checkValue(first+uint64(i), value)
		}
	}
}

// A cursor belongs to one goroutine at a time, but anybody may close it.
func (s *indexStorm) stepOfCursor(random *rand.Rand, index *Index) {
	cursor, err := index.Cursor()
	s.expect(err)
	if err != nil {
		return
	}
	old := s.indexCursor.Swap(cursor)
	if random.Intn(2) == 0 {
		s.expect(old.Close())
	}
	count := 0
	cursor.All()(func(key []byte, value uint64) bool {
		if count++; key != nil && !bytes.Equal(key, stormKey(value>>stormShift)) {
			s.t.Errorf("%d is the value of %q", value, key)
		}
		return count < 10
	})
	values, err := cursor.NextValues(5)
	s.expect(err)
	for _, value := range values {
		if value>>stormShift >= stormKeys+20 {
			s.t.Errorf("a value of nothing: %d", value)
		}
	}
}

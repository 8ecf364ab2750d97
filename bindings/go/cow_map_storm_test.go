package stave

import (
	"bytes"
	"errors"
	"math/rand"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// cowMapStorm is what the goroutines of TestCowMapStorm share. A value begins with its key.
type cowMapStorm struct {
	storm
	maps   [2]atomic.Pointer[CowMap]
	cursor atomic.Pointer[CowMapCursor]
	diff   atomic.Pointer[CowMapDiff]
	made   atomic.Int64
}

var errStopped = errors.New("the callback stops")

// As TestStorm, on maps that are clones of each other now and then, and whose callbacks use each other's
// maps, so that many callbacks are inside of callbacks.
func TestCowMapStorm(t *testing.T) {
	const goroutines = 8
	before := collectUntil(0)
	s := &cowMapStorm{storm: storm{t: t}}
	random := rand.New(rand.NewSource(seed(t)))
	for i := range s.maps {
		m, err := NewCowMap(nil)
		check(t, err)
		s.maps[i].Store(m)
	}
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
	t.Logf("%d calls on %d maps", s.calls.Load(), s.made.Load())
	for i := range s.maps {
		check(t, s.maps[i].Load().Close())
	}
	s = nil
	checkEqual(t, before, collectUntil(before))
}

// replace puts a map in one's place, a clone or an empty one, and returns the old one.
func (s *cowMapStorm) replace(random *rand.Rand) *CowMap {
	place := random.Intn(len(s.maps))
	var fresh *CowMap
	var err error
	if random.Intn(2) == 0 {
		fresh, err = NewCowMap(nil)
	} else {
		fresh, err = s.maps[random.Intn(len(s.maps))].Load().Clone()
	}
	s.expect(err)
	if err != nil {
		return nil
	}
	s.made.Add(1)
	return s.maps[place].Swap(fresh)
}

func (s *cowMapStorm) checkEntry(key int64, value []byte) {
	if !bytes.HasPrefix(value, counterKey(uint64(key))) {
		s.t.Errorf("%q is the value of %d", value, key)
	}
}

// step is one call, or one act of destruction.
func (s *cowMapStorm) step(random *rand.Rand) {
	m, other := s.maps[random.Intn(2)].Load(), s.maps[random.Intn(2)].Load()
	key := random.Int63n(stormKeys)
	value := append(counterKey(uint64(key)), bytes.Repeat(b("."), random.Intn(100))...)
	switch choice := random.Intn(20000); {
	case choice < 30:
		s.expect(s.replace(random).Close())
	case choice < 60:
		s.replace(random) // and the old one is the collector's
	case choice < 69:
		runtime.GC()
	case choice < 75:
		s.expect(m.Clear())
	case choice < 80:
		s.expect(m.ShrinkToFit())
	case choice < 400:
		s.stepOfCursor(random, m)
	case choice < 700:
		s.stepOfDiff(random, m, other)
	case choice < 7000:
		s.stepOfCallback(random, m, other, key, value)
	default:
		s.stepOfKey(random, m, key, value)
	}
}

func (s *cowMapStorm) stepOfKey(random *rand.Rand, m *CowMap, key int64, value []byte) {
	var got []byte
	var ok bool
	var err error
	switch random.Intn(8) {
	case 0:
		_, err = m.Put(key, value)
	case 1:
		got, ok, err = m.Swap(key, value)
	case 2:
		got, ok, err = m.GetAndDelete(key)
	case 3:
		_, err = m.Delete(key)
	case 4:
		got, _, err = m.GetOrInsert(key, value)
		ok = err == nil
	case 5:
		var values [][]byte
		values, err = m.MultiGet([]int64{key, -1, key + 1})
		if err == nil && values[1] != nil {
			s.t.Errorf("%q is the value of nothing", values[1])
		}
	case 6:
		pin, failure := m.GetPin(key)
		if err = failure; pin != nil {
			s.expect(pin.View(func(value []byte) error { s.checkEntry(key, value); return nil }))
		}
	default:
		got, ok, err = m.Get(key)
	}
	s.expect(err)
	if ok {
		s.checkEntry(key, got)
	}
}

// A callback of one map reads it, and writes to the other by a call with a callback.
func (s *cowMapStorm) stepOfCallback(random *rand.Rand, m, other *CowMap, key int64, value []byte) {
	inner := func(value []byte) ([]byte, error) {
		s.checkEntry(key, value)
		return append(value, '+'), nil
	}
	edit := func(old []byte) ([]byte, error) {
		if len(old) > 0 {
			s.checkEntry(key, old)
		}
		got, ok, err := m.Get(key)
		s.expect(err)
		if ok {
			s.checkEntry(key, got)
		}
		s.expect(m.Clear(), ErrBusy)
		if m != other && random.Intn(2) == 0 && m == s.maps[0].Load() {
			_, err := other.Modify(key, inner) // from the first into the second: nobody waits in a circle
			s.expect(err, ErrBusy)
		}
		switch random.Intn(5) {
		case 0:
			return nil, errStopped
		case 1:
			panic(errStopped)
		case 2:
			runtime.Gosched()
		}
		return value, nil
	}
	var current []byte
	var err error
	switch random.Intn(3) {
	case 0:
		_, err = m.Modify(key, edit)
	case 1:
		current, _, err = m.GetOrInsertWith(key, func() ([]byte, error) { return edit(nil) })
	case 2:
		current, _, err = m.UpdateOrInsert(key, edit, value)
	}
	s.expect(err, errStopped)
	if current != nil {
		s.checkEntry(key, current)
	}
}

// A cursor belongs to one goroutine at a time, but anybody may close it.
func (s *cowMapStorm) stepOfCursor(random *rand.Rand, m *CowMap) {
	cursor, err := m.Cursor()
	s.expect(err)
	if err != nil {
		return
	}
	old := s.cursor.Swap(cursor)
	if random.Intn(2) == 0 {
		s.expect(old.Close())
	}
	count := 0
	cursor.All()(func(key int64, value []byte) bool {
		s.checkEntry(key, value)
		count++
		return count < 10
	})
	entries, err := cursor.NextMany(20, 1000)
	s.expect(err)
	for _, entry := range entries {
		s.checkEntry(entry.Key, entry.Value)
	}
}

// As with cursors.
func (s *cowMapStorm) stepOfDiff(random *rand.Rand, m, other *CowMap) {
	diff, err := m.Diff(other)
	s.expect(err)
	if err != nil {
		return
	}
	old := s.diff.Swap(diff)
	if random.Intn(2) == 0 {
		s.expect(old.Close())
	}
	count := 0
	diff.All()(func(key int64, change CowMapChange) bool {
		if change.Before != nil {
			s.checkEntry(key, change.Before)
		}
		if change.After != nil {
			s.checkEntry(key, change.After)
		}
		count++
		return count < 20
	})
	s.expect(diff.Err())
}

package stave

import (
	"runtime"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// Put stores the value, whether or not the key exists, and says whether it did.
func (m *CowMap) Put(key int64, value []byte) (replaced bool, err error) {
	answer := capi.CowMapSet(m.raw(), key, value)
	runtime.KeepAlive(m)
	if answer < 0 {
		return false, errorFrom(capi.Outcome(-answer))
	}
	return answer != 0, nil
}

// Swap is Put that also returns the value that it replaced, in memory of its own.
func (m *CowMap) Swap(key int64, value []byte) (previous []byte, replaced bool, err error) {
	call := takeFlat()
	defer call.release()
	call.flag = false
	outcome := capi.CowMapPut(m.raw(), key, value, &call.flag, &call.native.Buffer)
	runtime.KeepAlive(m)
	if outcome != capi.OK || !call.flag {
		return nil, false, errorOf(outcome)
	}
	return call.result(), true, nil
}

// Insert stores the value if the key is absent, and says whether it was.
func (m *CowMap) Insert(key int64, value []byte) (inserted bool, err error) {
	return found(m, capi.CowMapInsert(m.raw(), key, value), capi.Exists)
}

// Replace stores the value if the key exists, and returns the value that it replaced, in memory of its own,
// and whether there was one.
func (m *CowMap) Replace(key int64, value []byte) (previous []byte, replaced bool, err error) {
	call := takeFlat()
	defer call.release()
	outcome := capi.CowMapReplace(m.raw(), key, value, &call.native.Buffer)
	if replaced, err = found(m, outcome, capi.NotFound); !replaced {
		return nil, false, err
	}
	return call.result(), true, nil
}

// MultiPut stores many values in one crossing to C, each as a Put of its own, in their order. The memory
// of several keys is fetched together, so that they cost much less than one by one. replaced[i] says
// whether the i-th key existed. With an error it has the entries before the one that failed, which have
// been stored.
func (m *CowMap) MultiPut(entries []CowMapEntry) (replaced []bool, err error) {
	call := takeFlat()
	defer call.release()
	call.integers, call.valueSizes = room(call.integers, len(entries)), room(call.valueSizes, len(entries))
	for i, entry := range entries {
		call.integers[i], call.valueSizes[i] = entry.Key, uint64(len(entry.Value))
		call.values = append(call.values, entry.Value...)
	}
	// One more, so that there is an address also without entries.
	replaced = make([]bool, len(entries)+1)
	stored := new(uintptr)
	err = ended(m, capi.CowMapMultiPut(m.raw(), call.integers, call.values, call.valueSizes, &replaced[0],
		stored))
	return replaced[:*stored:*stored], err
}

// Delete removes the key, and says whether it existed.
func (m *CowMap) Delete(key int64) (deleted bool, err error) {
	return found(m, capi.CowMapRemove(m.raw(), key, nil), capi.NotFound)
}

// GetAndDelete is Delete that also returns the value that the key had, in memory of its own.
func (m *CowMap) GetAndDelete(key int64) (removed []byte, ok bool, err error) {
	call := takeFlat()
	defer call.release()
	outcome := capi.CowMapRemove(m.raw(), key, &call.native.Buffer)
	runtime.KeepAlive(m)
	if ok, err = foundOf(outcome, capi.NotFound); !ok {
		return nil, false, err
	}
	return call.result(), true, nil
}

// Clear removes all entries. O(1).
func (m *CowMap) Clear() error {
	return ended(m, capi.CowMapClear(m.raw()))
}

// ShrinkToFit gives back the room for growth, of memory that this map does not share. ErrNoMemory: some
// of it is given back. O(entries).
func (m *CowMap) ShrinkToFit() error {
	return ended(m, capi.CowMapShrinkToFit(m.raw()))
}

// Modify lets edit change the value of a key, and says whether the key exists; if not, edit is not
// called. Others see the value before or after, nothing between.
//
// edit is given a copy, which lies outside of Go's memory and is gone when edit returns. It may be written
// to, and may be a part of what edit returns, which is the new value.
//
// A callback may read the map, which it sees as it was, and use all other maps; what writes to this map,
// copies or closes it is ErrBusy. Other writers of the map wait meanwhile. An error that the callback
// returns is returned by Modify, which changes nothing, and so is a panic, as a *[PanicError]. It may not
// end its goroutine (runtime.Goexit, t.FailNow). All this holds for the callbacks of the other methods
// too.
func (m *CowMap) Modify(key int64, edit func(value []byte) ([]byte, error)) (modified bool, err error) {
	outcome, err := withEdit(edit, func(callback uintptr) capi.Outcome {
		return capi.CowMapModify(m.raw(), key, callback)
	})
	runtime.KeepAlive(m)
	if err != nil {
		return false, err
	}
	return foundOf(outcome, capi.NotFound)
}

// GetOrInsert stores the value if the key is absent, and says whether it was. current is the value that
// the key has now, in memory of its own.
func (m *CowMap) GetOrInsert(key int64, value []byte) (current []byte, inserted bool, err error) {
	call := takeFlat()
	defer call.release()
	outcome := capi.CowMapGetOrInsert(m.raw(), key, value, &call.native.Buffer)
	runtime.KeepAlive(m)
	return call.current(outcome)
}

// GetOrInsertWith is GetOrInsert of a value that make returns; it is called only if the key is absent. For
// what it may do see Modify.
func (m *CowMap) GetOrInsertWith(key int64, make func() ([]byte, error)) (
	current []byte, inserted bool, err error) {
	var edit func([]byte) ([]byte, error)
	if make != nil {
		edit = func([]byte) ([]byte, error) { return make() }
	}
	call := takeFlat()
	defer call.release()
	outcome, err := withEdit(edit, func(callback uintptr) capi.Outcome {
		return capi.CowMapGetOrInsertWith(m.raw(), key, callback, &call.native.Buffer)
	})
	runtime.KeepAlive(m)
	if err != nil {
		return nil, false, err
	}
	return call.current(outcome)
}

// UpdateOrInsert lets edit change the value if the key exists, as Modify does, and else stores value, and
// says whether it did. current is the value that the key has now, in memory of its own.
func (m *CowMap) UpdateOrInsert(key int64, edit func(value []byte) ([]byte, error), value []byte) (
	current []byte, inserted bool, err error) {
	call := takeFlat()
	defer call.release()
	outcome, err := withEdit(edit, func(callback uintptr) capi.Outcome {
		return capi.CowMapUpdateOrInsert(m.raw(), key, callback, value, &call.native.Buffer)
	})
	runtime.KeepAlive(m)
	if err != nil {
		return nil, false, err
	}
	return call.current(outcome)
}

package stave

import (
	"io"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// CowMapEntry is a key and its value in a map.
type CowMapEntry struct {
	Key   int64  // any number
	Value []byte // any bytes; nil is the same as empty
}

// CowMapCursor visits the entries of a map as it was when the cursor was opened, each once, in no
// particular order:
//
//	for cursor.Next() {
//		use(cursor.Key(), cursor.Value())
//	}
//	if err := cursor.Err(); err != nil { ... }
//
// Writes meanwhile, and Clear, do not disturb it. It holds on to the memory of that moment until it is
// closed. One goroutine at a time. ErrClosed once its map is closed.
//
// Methods of a nil or zero CowMapCursor find nothing, and Err is ErrInvalidArgument.
type CowMapCursor struct {
	walk  walk[capi.CowMapCursor]
	key   int64
	value []byte
	size  uint64
}

var _ io.Closer = (*CowMapCursor)(nil)

// Cursor opens a cursor, which stands before the first entry. O(1).
func (m *CowMap) Cursor() (*CowMapCursor, error) {
	var handle capi.CowMapCursor
	if err := ended(m, capi.CowMapCursorOpen(m.raw(), &handle)); err != nil {
		return nil, err
	}
	cursor := &CowMapCursor{walk: newWalk(handle, capi.CowMapCursorFree, m.native.closed)}
	cursor.value = []byte{} // an empty value is not nil
	return cursor, nil
}

func (c *CowMapCursor) isNil() bool { return c == nil || c.walk.native == nil }

// Next moves to the next entry and says whether there is one. When there is none Err is nil, then and
// ever after.
func (c *CowMapCursor) Next() bool {
	return !c.isNil() && c.walk.next(func(handle capi.CowMapCursor) capi.Outcome {
		c.value = c.value[:cap(c.value)]
		outcome := capi.CowMapCursorNext(handle, c.value, &c.key, &c.size)
		for outcome == capi.OK && c.size > uint64(len(c.value)) {
			c.value = make([]byte, c.size)
			outcome = capi.CowMapCursorValue(handle, c.value, &c.size)
		}
		return outcome
	})
}

// Key is the key of the current entry. 0 when the cursor stands on none; then Err says why.
func (c *CowMapCursor) Key() int64 {
	if c.isNil() || !c.walk.stands() {
		return 0
	}
	return c.key
}

// Value is the value of the current entry, valid until the next call of Next. nil when the cursor stands
// on none; then Err says why.
func (c *CowMapCursor) Value() []byte {
	if c.isNil() || !c.walk.stands() {
		return nil
	}
	return c.currentValue()
}

func (c *CowMapCursor) currentValue() []byte { return c.value[:c.size:c.size] }

// Err is the error of the last call, or nil.
func (c *CowMapCursor) Err() error {
	if c.isNil() {
		return errNilCursor
	}
	return c.walk.err
}

// NextMany moves over up to countMax entries, and never over more than 65,536, and returns them, in
// memory of their own, in one crossing to C. It stops early once their values have bytesMax bytes or
// more. None at the end. The cursor stands on no entry afterwards.
func (c *CowMapCursor) NextMany(countMax, bytesMax int) ([]CowMapEntry, error) {
	call := takeFlat()
	defer call.release()
	count, err := c.nextMany(call, countMax, bytesMax, true, true)
	if err != nil || count == 0 {
		return nil, err
	}
	rest := call.result()
	entries := make([]CowMapEntry, count)
	for i := range entries {
		size := call.valueSizes[i]
		entries[i] = CowMapEntry{call.integers[i], rest[:size:size]}
		rest = rest[size:]
	}
	return entries, nil
}

// NextKeys is NextMany without the values.
func (c *CowMapCursor) NextKeys(countMax int) ([]int64, error) {
	call := takeFlat()
	defer call.release()
	count, err := c.nextMany(call, countMax, 0, true, false)
	if err != nil || count == 0 {
		return nil, err
	}
	return append([]int64(nil), call.integers[:count]...), nil
}

// NextValues is NextMany without the keys.
func (c *CowMapCursor) NextValues(countMax, bytesMax int) ([][]byte, error) {
	call := takeFlat()
	defer call.release()
	count, err := c.nextMany(call, countMax, bytesMax, false, true)
	if err != nil || count == 0 {
		return nil, err
	}
	call.valueSizes = call.valueSizes[:count]
	values, _ := call.appendValues(make([][]byte, 0, count), nil)
	return values, nil
}

// nextMany leaves the keys in the call's integers, the values in its buffer, and their sizes in
// valueSizes.
func (c *CowMapCursor) nextMany(call *flat, countMax, bytesMax int, wantsKeys, wantsValues bool) (
	int, error) {
	if c.isNil() || countMax < 0 || bytesMax < 0 {
		return 0, errNilCursor
	}
	countMax = manyOf(countMax)
	var keys []int64
	var values *capi.Buffer
	var sizes []uint64
	if wantsKeys {
		call.integers = room(call.integers, countMax)
		keys = call.integers
	}
	if wantsValues {
		call.valueSizes = room(call.valueSizes, countMax)
		values, sizes = &call.native.Buffer, call.valueSizes
	}
	count := new(uintptr)
	err := c.walk.many(func(handle capi.CowMapCursor) capi.Outcome {
		return capi.CowMapCursorNextMany(handle, int64(countMax), int64(bytesMax), keys, values, sizes,
			count)
	})
	return int(*count), err
}

// Close ends the cursor, once the call inside it, if any, has returned. Closing again is no error.
func (c *CowMapCursor) Close() error {
	if c.isNil() {
		return nil
	}
	return c.walk.close(capi.CowMapCursorClose)
}

// All is an iterator over the entries that are left, for range. Values are valid until the next one. It
// ends early at an error: ask Err behind the loop.
//
//	for key, value := range cursor.All() { ... }
func (c *CowMapCursor) All() func(yield func(key int64, value []byte) bool) {
	return func(yield func(key int64, value []byte) bool) {
		for c.Next() {
			// As Next found them: a Close meanwhile must not take one of the two away.
			if !yield(c.key, c.currentValue()) {
				return
			}
		}
	}
}

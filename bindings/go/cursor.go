package stave

import (
	"io"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// Cursor visits every key exactly once, in no particular order:
//
//	for cursor.Next() {
//		use(cursor.Key(), cursor.Value())
//	}
//	if err := cursor.Err(); err != nil { ... }
//
// A key that exists during the cursor's whole life is visited; one that is written or removed meanwhile
// may or may not be, with the value of some moment in between. One goroutine at a time; any number of
// cursors beside any traffic.
//
// Methods of a nil or zero Cursor find nothing, and Err is ErrInvalidArgument.
type Cursor struct {
	walk   walk[capi.Cursor]
	record []byte    // the current record, the value behind the key
	sizes  [2]uint64 // of its key and its value
}

var _ io.Closer = (*Cursor)(nil)

// CursorOptions are what a cursor visits. The zero value and nil are: everything.
type CursorOptions struct {
	// Prefix leaves out the keys that do not begin with these bytes.
	Prefix []byte
	// KeysOnly reads no values; they are empty.
	KeysOnly bool
	// Token is where to begin, of Cursor.Token; empty: at the beginning.
	Token []byte
}

// Cursor opens a cursor, which stands before the first record. ErrInvalidArgument for a token of another
// store, or a damaged one, and in a store whose key directory was on disk and was lost.
func (s *Store) Cursor(options *CursorOptions) (*Cursor, error) {
	if options == nil {
		options = new(CursorOptions)
	}
	var handle capi.Cursor
	outcome := capi.CursorOpen(s.raw(), options.Prefix, options.KeysOnly, options.Token, &handle)
	if err := ended(s, outcome); err != nil {
		return nil, err
	}
	cursor := &Cursor{walk: newWalk(handle, capi.StoreCursorFree, s.native.closed)}
	cursor.record = []byte{} // an empty key is not nil
	return cursor, nil
}

func (c *Cursor) isNil() bool { return c == nil || c.walk.native == nil }

// Next moves to the next record and says whether there is one. When there is none Err is nil, then and
// ever after. After an error the next call goes on behind the record that could not be read.
func (c *Cursor) Next() bool {
	return !c.isNil() && c.walk.next(func(handle capi.Cursor) capi.Outcome {
		c.record = c.record[:cap(c.record)]
		outcome := capi.CursorNext(handle, c.record, c.sizes[:])
		for outcome == capi.OK && c.sizes[0]+c.sizes[1] > uint64(len(c.record)) {
			c.record = make([]byte, c.sizes[0]+c.sizes[1])
			outcome = capi.CursorRecord(handle, c.record, c.sizes[:])
		}
		return outcome
	})
}

// Key is the key of the current record, valid until the next call of Next. nil when the cursor stands
// on no record; then Err says why.
func (c *Cursor) Key() []byte {
	if c.isNil() || !c.walk.stands() {
		return nil
	}
	return c.currentKey()
}

// Value is the value of the current record, in the same way.
func (c *Cursor) Value() []byte {
	if c.isNil() || !c.walk.stands() {
		return nil
	}
	return c.currentValue()
}

func (c *Cursor) currentKey() []byte { return c.record[:c.sizes[0]:c.sizes[0]] }

func (c *Cursor) currentValue() []byte {
	end := c.sizes[0] + c.sizes[1]
	return c.record[c.sizes[0]:end:end]
}

// Err is the error of the last call, or nil.
func (c *Cursor) Err() error {
	if c.isNil() {
		return errNilCursor
	}
	return c.walk.err
}

// NextMany moves over up to countMax records, and never over more than 65,536, and returns them, in
// memory of their own, in one crossing to C. It stops early once they have bytesMax bytes or more.
// None at the end. The cursor stands on no record afterwards.
func (c *Cursor) NextMany(countMax, bytesMax int) ([]Record, error) {
	if c.isNil() || countMax < 0 || bytesMax < 0 {
		return nil, errNilCursor
	}
	countMax = manyOf(countMax)
	call := takeFlat()
	defer call.release()
	call.valueSizes = room(call.valueSizes, 2*countMax)
	sizes := call.valueSizes
	var count uintptr
	err := c.walk.many(func(handle capi.Cursor) capi.Outcome {
		return capi.StoreCursorNextMany(handle, int64(countMax), int64(bytesMax),
			&call.native.Buffer, sizes, &count)
	})
	if err != nil || count == 0 {
		return nil, err
	}
	rest := call.result()
	records := make([]Record, count)
	for i := range records {
		key, value := sizes[2*i], sizes[2*i+1]
		records[i].Key, rest = rest[:key:key], rest[key:]
		records[i].Value, rest = rest[:value:value], rest[value:]
	}
	return records, nil
}

// Token returns the cursor's position: a cursor that is opened with it goes on after the record that this one
// stands on, or with the first, also when the store was closed meanwhile. A key that exists from the first
// cursor's opening to the last one's end is visited once. A token holds no keys, has at most some KiB, and is
// good for this store alone.
func (c *Cursor) Token() (token []byte, err error) {
	if c.isNil() {
		return nil, errNilCursor
	}
	call := takeFlat()
	defer call.release()
	err = c.walk.ask(func(handle capi.Cursor) capi.Outcome {
		return capi.StoreCursorToken(handle, &call.native.Buffer)
	})
	if err != nil {
		return nil, err
	}
	return call.result(), nil
}

// Close ends the cursor, once the call inside it, if any, has returned. Closing again is no error.
func (c *Cursor) Close() error {
	if c.isNil() {
		return nil
	}
	return c.walk.close(capi.StoreCursorClose)
}

// All is an iterator over the records that are left, for range. Keys and values are valid until the
// next one. It ends early at an error: ask Err behind the loop.
//
//	for key, value := range cursor.All() { ... }
func (c *Cursor) All() func(yield func(key, value []byte) bool) {
	return func(yield func(key, value []byte) bool) {
		for c.Next() {
			// As Next found them: a Close meanwhile must not take one of the two away.
			if !yield(c.currentKey(), c.currentValue()) {
				return
			}
		}
	}
}

package stave

import (
	"io"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// DiskIndexCursor visits every key exactly once, in no particular order:
//
//	for cursor.Next() {
//		use(cursor.Key(), cursor.Record())
//	}
//	if err := cursor.Err(); err != nil { ... }
//
// A key that exists during the cursor's whole life is visited; one that is written or removed meanwhile
// may or may not be, with the record of some moment in between. One goroutine at a time; any number of
// cursors beside any traffic.
//
// Methods of a nil or zero DiskIndexCursor find nothing, and Err is ErrInvalidArgument.
type DiskIndexCursor struct {
	walk       walk[capi.DiskIndexCursor]
	recordSize int    // of the index
	current    []byte // the record behind the key
}

var _ io.Closer = (*DiskIndexCursor)(nil)

// Cursor opens a cursor, which stands before the first record.
func (d *DiskIndex) Cursor() (*DiskIndexCursor, error) {
	var handle capi.DiskIndexCursor
	if err := ended(d, capi.DiskIndexCursorOpen(d.raw(), &handle)); err != nil {
		return nil, err
	}
	cursor := &DiskIndexCursor{walk: newWalk(handle, capi.DiskIndexCursorFree, d.native.closed)}
	cursor.recordSize = d.recordSize
	cursor.current = make([]byte, DiskIndexKeySize+d.recordSize)
	return cursor, nil
}

func (c *DiskIndexCursor) isNil() bool { return c == nil || c.walk.native == nil }

// Next moves to the next record and says whether there is one. When there is none Err is nil, then and
// ever after. Upon damaged pages it is false and Err is ErrCorruption, once for each segment that has
// some; the next call goes on.
func (c *DiskIndexCursor) Next() bool {
	return !c.isNil() && c.walk.next(func(handle capi.DiskIndexCursor) capi.Outcome {
		return capi.DiskIndexCursorNext(handle, c.current)
	})
}

// Key is the key of the current record, valid until the next call of Next. nil when the cursor stands on
// no record; then Err says why.
func (c *DiskIndexCursor) Key() []byte {
	if c.isNil() || !c.walk.stands() {
		return nil
	}
	return c.currentKey()
}

// Record is the current record, in the same way.
func (c *DiskIndexCursor) Record() []byte {
	if c.isNil() || !c.walk.stands() {
		return nil
	}
	return c.currentRecord()
}

func (c *DiskIndexCursor) currentKey() []byte {
	return c.current[:DiskIndexKeySize:DiskIndexKeySize]
}

func (c *DiskIndexCursor) currentRecord() []byte { return c.current[DiskIndexKeySize:] }

// Err is the error of the last call, or nil.
func (c *DiskIndexCursor) Err() error {
	if c.isNil() {
		return errNilCursor
	}
	return c.walk.err
}

// NextMany moves over up to countMax records, and never over more than 65,536, and returns them, in
// memory of their own, in one crossing to C. None at the end. The cursor stands on no record afterwards.
// An error behind records that were read is returned by the next call.
func (c *DiskIndexCursor) NextMany(countMax int) ([]Record, error) {
	if c.isNil() || countMax < 0 {
		return nil, errNilCursor
	}
	countMax = manyOf(countMax)
	// One more, so that there is an address also without records.
	keys, records := make([]byte, countMax*DiskIndexKeySize+1), make([]byte, countMax*c.recordSize+1)
	count := new(uintptr)
	err := c.walk.many(func(handle capi.DiskIndexCursor) capi.Outcome {
		return capi.DiskIndexCursorNextMany(handle, int64(countMax), keys, records,
			int64(c.recordSize), count)
	})
	if err != nil || *count == 0 {
		return nil, err
	}
	all := make([]Record, *count)
	for i := range all {
		all[i].Key, keys = keys[:DiskIndexKeySize:DiskIndexKeySize], keys[DiskIndexKeySize:]
		all[i].Value, records = records[:c.recordSize:c.recordSize], records[c.recordSize:]
	}
	return all, nil
}

// Close ends the cursor, once the call inside it, if any, has returned. Closing again is no error.
func (c *DiskIndexCursor) Close() error {
	if c.isNil() {
		return nil
	}
	return c.walk.close(capi.DiskIndexCursorClose)
}

// All is an iterator over the records that are left, for range. Keys and records are valid until the next
// one. It ends early at an error: ask Err behind the loop.
//
//	for key, record := range cursor.All() { ... }
func (c *DiskIndexCursor) All() func(yield func(key, record []byte) bool) {
	return func(yield func(key, record []byte) bool) {
		for c.Next() {
			// As Next found them: a Close meanwhile must not take one of the two away.
			if !yield(c.currentKey(), c.currentRecord()) {
				return
			}
		}
	}
}

package stave

import (
	"io"
	"sync/atomic"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// MemtableRecord is a key of a memtable and its value, or its removal.
type MemtableRecord struct {
	Key     []byte // any bytes; nil is the same as empty
	Value   []byte // in the same way; of a removed key it does not count, and is nil where it is returned
	Deleted bool   // the key is removed
}

// MemtableCursor visits every key that is visible at its moment exactly once, in no particular order,
// beside any traffic:
//
//	for cursor.Next() {
//		use(cursor.Key(), cursor.Value())
//	}
//	if err := cursor.Err(); err != nil { ... }
//
// One goroutine at a time. ErrClosed once the table, the snapshot or the transaction is closed that it was
// opened on, if need be by the garbage collector: the cursor does not keep it.
//
// Methods of a nil or zero MemtableCursor find nothing, and Err is ErrInvalidArgument.
type MemtableCursor struct {
	walk   walk[capi.MemtableCursor]
	record []byte    // the current record, the value behind the key
	sizes  [2]uint64 // of its key and its value; that may be capi.Tombstone
}

var _ io.Closer = (*MemtableCursor)(nil)

// MemtableCursorOptions are what a cursor visits. The zero value and nil are: every key with a value.
type MemtableCursorOptions struct {
	// Prefix leaves out the keys that do not begin with these bytes.
	Prefix []byte
	// KeysOnly reads no values; they are empty.
	KeysOnly bool
	// Tombstones visits removed keys too. Of explicit tables only.
	Tombstones bool
}

// Cursor opens a cursor of an explicit table at the timestamp snapshot, which also sees the writes of
// transaction (0: none). It stands before the first record.
func (m *Memtable) Cursor(snapshot, transaction uint64, options *MemtableCursorOptions) (
	*MemtableCursor, error) {
	if options == nil {
		options = new(MemtableCursorOptions)
	}
	var handle capi.MemtableCursor
	err := ended(m, capi.MemtableCursorOpen(m.raw(), snapshot, transaction, options.Prefix,
		options.KeysOnly, options.Tombstones, &handle))
	if err != nil {
		return nil, err
	}
	return newMemtableCursor(handle, m.native.closed), nil
}

func newMemtableCursor(handle capi.MemtableCursor, ownersClosed ...*atomic.Bool) *MemtableCursor {
	cursor := &MemtableCursor{walk: newWalk(handle, capi.MemtableCursorFree, ownersClosed...)}
	cursor.record = []byte{} // an empty key is not nil
	return cursor
}

func (c *MemtableCursor) isNil() bool { return c == nil || c.walk.native == nil }

// Next moves to the next record and says whether there is one. When there is none Err is nil, then and
// ever after. ErrTooOld when Prune has passed the cursor's moment.
func (c *MemtableCursor) Next() bool {
	return !c.isNil() && c.walk.next(func(handle capi.MemtableCursor) capi.Outcome {
		c.record = c.record[:cap(c.record)]
		outcome := capi.MemtableCursorNext(handle, c.record, c.sizes[:])
		for outcome == capi.OK && c.sizes[0]+sizeOf(c.sizes[1]) > uint64(len(c.record)) {
			c.record = make([]byte, c.sizes[0]+sizeOf(c.sizes[1]))
			outcome = capi.MemtableCursorRecord(handle, c.record, c.sizes[:])
		}
		return outcome
	})
}

// Key is the key of the current record, valid until the next call of Next. nil when the cursor stands
// on no record; then Err says why.
func (c *MemtableCursor) Key() []byte {
	if c.isNil() || !c.walk.stands() {
		return nil
	}
	return c.currentKey()
}

// Value is the value of the current record, in the same way. nil of a removed key too.
func (c *MemtableCursor) Value() []byte {
	if c.isNil() || !c.walk.stands() {
		return nil
	}
	return c.currentValue()
}

// Deleted says whether the key of the current record is removed. false when the cursor stands on no record;
// then Err says why.
func (c *MemtableCursor) Deleted() bool {
	return !c.isNil() && c.walk.stands() && c.sizes[1] == capi.Tombstone
}

func (c *MemtableCursor) currentKey() []byte { return c.record[:c.sizes[0]:c.sizes[0]] }

func (c *MemtableCursor) currentValue() []byte {
	if c.sizes[1] == capi.Tombstone {
		return nil
	}
	end := c.sizes[0] + c.sizes[1]
	return c.record[c.sizes[0]:end:end]
}

// Err is the error of the last call, or nil.
func (c *MemtableCursor) Err() error {
	if c.isNil() {
		return errNilCursor
	}
	return c.walk.err
}

// NextMany moves over up to countMax records, and never over more than 65,536, and returns them, in
// memory of their own, in one crossing to C. It stops early once they have bytesMax bytes or more.
// None at the end. The cursor stands on no record afterwards.
func (c *MemtableCursor) NextMany(countMax, bytesMax int) ([]MemtableRecord, error) {
	if c.isNil() || countMax < 0 || bytesMax < 0 {
		return nil, errNilCursor
	}
	countMax = manyOf(countMax)
	call := takeFlat()
	defer call.release()
	call.valueSizes = room(call.valueSizes, 2*countMax)
	sizes := call.valueSizes
	var count uintptr
	err := c.walk.many(func(handle capi.MemtableCursor) capi.Outcome {
		return capi.MemtableCursorNextMany(handle, int64(countMax), int64(bytesMax),
			&call.native.Buffer, sizes, &count)
	})
	if err != nil || count == 0 {
		return nil, err
	}
	rest := call.result()
	records := make([]MemtableRecord, count)
	for i := range records {
		key, value := sizes[2*i], sizes[2*i+1]
		records[i].Key, rest = rest[:key:key], rest[key:]
		if value == capi.Tombstone {
			records[i].Deleted = true
		} else {
			records[i].Value, rest = rest[:value:value], rest[value:]
		}
	}
	return records, nil
}

// Close ends the cursor, once the call inside it, if any, has returned. Closing again is no error.
func (c *MemtableCursor) Close() error {
	if c.isNil() {
		return nil
	}
	return c.walk.close(capi.MemtableCursorClose)
}

// All is an iterator over the records that are left, for range. Keys and values are valid until the next
// one; the value of a removed key is nil. It ends early at an error: ask Err behind the loop.
//
//	for key, value := range cursor.All() { ... }
func (c *MemtableCursor) All() func(yield func(key, value []byte) bool) {
	return func(yield func(key, value []byte) bool) {
		for c.Next() {
			// As Next found them: a Close meanwhile must not take one of the two away.
			if !yield(c.currentKey(), c.currentValue()) {
				return
			}
		}
	}
}

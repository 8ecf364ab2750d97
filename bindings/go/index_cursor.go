package stave

import (
	"io"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// IndexCursor visits the entries of an index, in no particular order:
//
//	for cursor.Next() {
//		use(cursor.Key(), cursor.Value())
//	}
//	if err := cursor.Err(); err != nil { ... }
//
// An entry that is there during the cursor's whole life is visited exactly once, whatever grows
// meanwhile; one that is put or removed meanwhile may or may not be, with the value of some moment in
// between. One goroutine at a time; any number of cursors beside any traffic.
//
// Methods of a nil or zero IndexCursor find nothing, and Err is ErrInvalidArgument.
type IndexCursor struct {
	walk walk[capi.IndexCursor]
	// nil if the index keeps its keys. Kept alive because C may ask it for a hash; so a cursor keeps its
	// index only if the resolver does.
	resolver *capi.Resolver

	key     []byte // of the current entry
	keySize uint64
	value   uint64
}

var _ io.Closer = (*IndexCursor)(nil)

// Cursor opens a cursor, which stands before the first entry.
func (i *Index) Cursor() (*IndexCursor, error) {
	var handle capi.IndexCursor
	if err := ended(i, capi.IndexCursorOpen(i.raw(), &handle)); err != nil {
		return nil, err
	}
	cursor := &IndexCursor{walk: newWalk(handle, capi.IndexCursorFree, i.native.closed), resolver: i.resolver}
	cursor.key = []byte{} // an empty key is not nil
	return cursor, nil
}

func (c *IndexCursor) hasKeys() bool { return c.resolver == nil }

func (c *IndexCursor) isNil() bool { return c == nil || c.walk.native == nil }

// Next moves to the next entry and says whether there is one. When there is none Err is nil, then and
// ever after.
func (c *IndexCursor) Next() bool {
	return !c.isNil() && c.walk.next(func(handle capi.IndexCursor) capi.Outcome {
		c.key = c.key[:cap(c.key)]
		outcome := capi.IndexCursorNext(handle, c.hasKeys(), c.key, &c.keySize, &c.value)
		for outcome == capi.OK && c.keySize > uint64(len(c.key)) {
			c.key = make([]byte, c.keySize)
			outcome = capi.IndexCursorKey(handle, c.key, &c.keySize)
		}
		return outcome
	})
}

// Key is the key of the current entry, valid until the next call of Next. nil when the cursor stands on
// no entry, or the index keeps no keys; then Err says why.
func (c *IndexCursor) Key() []byte {
	if c.isNil() || !c.walk.stands() {
		return nil
	}
	if !c.hasKeys() {
		c.walk.err = failed(ErrInvalidArgument, "the index keeps no keys")
		return nil
	}
	return c.currentKey()
}

// currentKey is the key of the entry that the last Next has found, or nil if the index keeps no keys.
func (c *IndexCursor) currentKey() []byte {
	if !c.hasKeys() {
		return nil
	}
	return c.key[:c.keySize:c.keySize]
}

// Value is the value of the current entry. 0 when the cursor stands on none; then Err says why.
func (c *IndexCursor) Value() uint64 {
	if c.isNil() || !c.walk.stands() {
		return 0
	}
	return c.value
}

// Err is the error of the last call, or nil.
func (c *IndexCursor) Err() error {
	if c.isNil() {
		return errNilCursor
	}
	return c.walk.err
}

// NextMany moves over up to countMax entries, and never over more than 65,536, and returns them, in
// memory of their own, in one crossing to C. It stops early once their keys have bytesMax bytes or more.
// None at the end. The cursor stands on no entry afterwards. ErrInvalidArgument if the index keeps no
// keys.
func (c *IndexCursor) NextMany(countMax, bytesMax int) ([]IndexEntry, error) {
	if c.isNil() || countMax < 0 || bytesMax < 0 {
		return nil, errNilCursor
	}
	call := takeFlat()
	defer call.release()
	count, err := c.nextMany(call, countMax, bytesMax, &call.native.Buffer)
	if err != nil || count == 0 {
		return nil, err
	}
	rest := call.result()
	entries := make([]IndexEntry, count)
	for i := range entries {
		size := call.keySizes[i]
		entries[i] = IndexEntry{rest[:size:size], call.numbers[i]}
		rest = rest[size:]
	}
	return entries, nil
}

// NextValues is NextMany without the keys, of any index.
func (c *IndexCursor) NextValues(countMax int) ([]uint64, error) {
	if c.isNil() || countMax < 0 {
		return nil, errNilCursor
	}
	call := takeFlat()
	defer call.release()
	count, err := c.nextMany(call, countMax, 0, nil)
	if err != nil || count == 0 {
		return nil, err
	}
	return append([]uint64(nil), call.numbers[:count]...), nil
}

// nextMany leaves values and sizes of keys in the call, and the keys in the buffer, if there is one.
func (c *IndexCursor) nextMany(call *flat, countMax, bytesMax int, keys *capi.Buffer) (int, error) {
	countMax = manyOf(countMax)
	call.numbers = room(call.numbers, countMax)
	var keySizes []uint32
	if keys != nil {
		call.keySizes = room(call.keySizes, countMax)
		keySizes = call.keySizes
	}
	count := new(uintptr)
	err := c.walk.many(func(handle capi.IndexCursor) capi.Outcome {
		return capi.IndexCursorNextMany(handle, int64(countMax), call.numbers, int64(bytesMax), keys,
			keySizes, count)
	})
	return int(*count), err
}

// Close ends the cursor, once the call inside it, if any, has returned. Closing again is no error.
func (c *IndexCursor) Close() error {
	if c.isNil() {
		return nil
	}
	return c.walk.close(capi.IndexCursorClose)
}

// All is an iterator over the entries that are left, for range. Keys are valid until the next one, and
// nil in an index that keeps none. It ends early at an error: ask Err behind the loop.
//
//	for key, value := range cursor.All() { ... }
func (c *IndexCursor) All() func(yield func(key []byte, value uint64) bool) {
	return func(yield func(key []byte, value uint64) bool) {
		for c.Next() {
			// As Next found them: a Close meanwhile must not take one of the two away.
			if !yield(c.currentKey(), c.value) {
				return
			}
		}
	}
}

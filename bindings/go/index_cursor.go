package stave

import (
	"io"
	"runtime"
	"sync"
	"sync/atomic"

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
	handle capi.IndexCursor
	owner  *indexCursorOwner // as Index's
	// As Cursor's.
	mutex       sync.Mutex
	closed      atomic.Bool
	indexClosed *atomic.Bool
	// nil if the index keeps its keys. Kept alive because C may ask it for a hash; so a cursor keeps its
	// index only if the resolver does.
	resolver *capi.Resolver

	key     []byte // of the current entry
	keySize uint64
	value   uint64
	onEntry bool
	err     error
}

var _ io.Closer = (*IndexCursor)(nil)

type indexCursorOwner struct{ handle capi.IndexCursor }

func (o *indexCursorOwner) finalize() { capi.IndexCursorFree(o.handle) }

// Cursor opens a cursor, which stands before the first entry.
func (i *Index) Cursor() (*IndexCursor, error) {
	var handle capi.IndexCursor
	outcome := capi.IndexCursorOpen(i.raw(), &handle)
	runtime.KeepAlive(i)
	if outcome != capi.OK {
		return nil, errorOf(outcome)
	}
	owner := &indexCursorOwner{handle}
	runtime.SetFinalizer(owner, (*indexCursorOwner).finalize)
	cursor := &IndexCursor{handle: handle, owner: owner, indexClosed: i.closed, resolver: i.resolver}
	cursor.key = []byte{} // an empty key is not nil
	return cursor, nil
}

func (c *IndexCursor) hasKeys() bool { return c.resolver == nil }

func (c *IndexCursor) isNil() bool { return c == nil || c.handle == 0 }

// Next moves to the next entry and says whether there is one. When there is none Err is nil, then and
// ever after.
func (c *IndexCursor) Next() bool {
	if c.isNil() {
		return false
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	// KeepAlive: the deferred Unlock refers to the cursor.
	c.key = c.key[:cap(c.key)]
	outcome := capi.IndexCursorNext(c.handle, c.hasKeys(), c.key, &c.keySize, &c.value)
	for outcome == capi.OK && c.keySize > uint64(len(c.key)) {
		c.key = make([]byte, c.keySize)
		outcome = capi.IndexCursorKey(c.handle, c.key, &c.keySize)
	}
	c.onEntry, c.err = foundOf(outcome, capi.Done)
	return c.onEntry
}

// Key is the key of the current entry, valid until the next call of Next. nil when the cursor stands on
// no entry, or the index keeps no keys; then Err says why.
func (c *IndexCursor) Key() []byte {
	if !c.stands() {
		return nil
	}
	if !c.hasKeys() {
		c.err = failed(ErrInvalidArgument, "the index keeps no keys")
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
	if !c.stands() {
		return 0
	}
	return c.value
}

func (c *IndexCursor) stands() bool {
	switch {
	case c.isNil():
		return false
	case c.closed.Load() || c.indexClosed.Load():
		c.err = failed(ErrClosed, "the cursor or its index is closed")
	case !c.onEntry:
		c.err = failed(ErrInvalidArgument, "the cursor does not stand on an entry")
	default:
		return true
	}
	return false
}

// Err is the error of the last call, or nil.
func (c *IndexCursor) Err() error {
	if c.isNil() {
		return failed(ErrInvalidArgument, "the cursor is nil")
	}
	return c.err
}

// NextMany moves over up to countMax entries, and never over more than 65,536, and returns them, in
// memory of their own, in one crossing to C. It stops early once their keys have bytesMax bytes or more.
// None at the end. The cursor stands on no entry afterwards. ErrInvalidArgument if the index keeps no
// keys.
func (c *IndexCursor) NextMany(countMax, bytesMax int) ([]IndexEntry, error) {
	if c.isNil() || countMax < 0 || bytesMax < 0 {
		return nil, failed(ErrInvalidArgument, "the cursor is nil, or a number is negative")
	}
	call := takeFlat()
	defer call.release()
	count, err := c.nextMany(call, countMax, bytesMax, &call.native.Buffer)
	if err != nil || count == 0 {
		return nil, err
	}
	content := call.native.Bytes()
	rest := make([]byte, len(content))
	copy(rest, content)
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
		return nil, failed(ErrInvalidArgument, "the cursor is nil, or the number is negative")
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
	if countMax > nextManyMax {
		countMax = nextManyMax
	}
	call.numbers = room(call.numbers, countMax)
	var keySizes []uint32
	if keys != nil {
		call.keySizes = room(call.keySizes, countMax)
		keySizes = call.keySizes
	}
	count := new(uintptr)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	outcome := capi.IndexCursorNextMany(c.handle, int64(countMax), call.numbers, int64(bytesMax), keys,
		keySizes, count)
	c.onEntry = false
	_, c.err = foundOf(outcome, capi.Done)
	return int(*count), c.err
}

// Close ends the cursor, once the call inside it, if any, has returned. Closing again is no error.
func (c *IndexCursor) Close() error {
	if c.isNil() {
		return nil
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	err := errorOf(capi.IndexCursorClose(c.handle))
	c.closed.Store(err == nil)
	return err
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

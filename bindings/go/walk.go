package stave

import (
	"sync"
	"sync/atomic"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// walk is what cursors have in common.
type walk[Handle ~uintptr] struct {
	native *native[Handle]
	// Held by the calls and by Close: C's bytes of the current entry go away when another call comes
	// in between, so that two calls which belong together must be alone.
	mutex sync.Mutex
	// Of what the cursor belongs to, which it must not keep alive.
	ownersClosed []*atomic.Bool

	onEntry bool
	err     error
}

func newWalk[Handle ~uintptr](
	handle Handle, free func(Handle), ownersClosed ...*atomic.Bool) walk[Handle] {
	return walk[Handle]{native: newNative(handle, free), ownersClosed: ownersClosed}
}

// stands says whether there is an entry to look at; if not, the error says why.
func (w *walk[Handle]) stands() bool {
	isClosed := w.native.closed.Load()
	for _, closed := range w.ownersClosed {
		isClosed = isClosed || closed.Load()
	}
	switch {
	case isClosed:
		w.err = failed(ErrClosed, "the cursor, or what it belongs to, is closed")
	case !w.onEntry:
		w.err = failed(ErrInvalidArgument, "the cursor does not stand on an entry")
	default:
		return true
	}
	return false
}

// next makes a move to the next entry, and says whether there is one. (The deferred Unlock keeps the cursor
// alive.)
func (w *walk[Handle]) next(move func(handle Handle) capi.Outcome) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.onEntry, w.err = foundOf(move(w.native.handle), capi.Done)
	return w.onEntry
}

// many makes a move over many entries, which ends on none.
func (w *walk[Handle]) many(move func(handle Handle) capi.Outcome) error {
	w.next(move)
	w.onEntry = false
	return w.err
}

// ask makes a call that does not move the cursor.
func (w *walk[Handle]) ask(call func(handle Handle) capi.Outcome) error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return errorOf(call(w.native.handle))
}

// close closes the cursor, once the call inside it, if any, has returned.
func (w *walk[Handle]) close(close func(Handle) capi.Outcome) error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.native.close(close)
}

var errNilCursor = failed(ErrInvalidArgument, "the cursor is nil, or a number is negative")

// The most entries that calls for many of them return, so that a large number alone costs no memory.
const nextManyMax = 1 << 16

// manyOf is how many entries to ask for. Below 0 is an error.
func manyOf(countMax int) int {
	if countMax > nextManyMax {
		return nextManyMax
	}
	return countMax
}

package stave

import (
	"sync"
	"sync/atomic"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// walk is what cursors have in common.
type walk struct {
	// Held by the calls and by Close: C's bytes of the current entry go away when another call comes
	// in between, so that two calls which belong together must be alone.
	mutex  sync.Mutex
	closed atomic.Bool
	// Of what the cursor belongs to, which it must not keep alive.
	ownersClosed []*atomic.Bool

	onEntry bool
	err     error
}

// stands says whether there is an entry to look at; if not, the error says why.
func (w *walk) stands() bool {
	isClosed := w.closed.Load()
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

// moved notes the outcome of a move to the next entry.
func (w *walk) moved(outcome capi.Outcome) bool {
	w.onEntry, w.err = foundOf(outcome, capi.Done)
	return w.onEntry
}

// passed notes the outcome of a move over many entries, which ends on none.
func (w *walk) passed(outcome capi.Outcome) error {
	w.onEntry = false
	_, w.err = foundOf(outcome, capi.Done)
	return w.err
}

// end closes the cursor with `close`, once the call inside it, if any, has returned.
func (w *walk) end(close func() capi.Outcome) error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	err := errorOf(close())
	w.closed.Store(err == nil)
	return err
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

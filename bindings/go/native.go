package stave

import (
	"errors"
	"runtime"
	"sync/atomic"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// native is the C object behind a Store, a cursor and so on, which refer to it. It lives until nothing refers
// to it any more: Close only closes it, and the finalizer gives its memory back, when no call can be inside
// any more. So a call needs no lock of its own, only a runtime.KeepAlive after it (see ended).
//
// It is apart from what the user holds, since that may refer to itself (by a Resolver, say), and what refers to
// itself is not collected if it has a finalizer.
type native[Handle ~uintptr] struct {
	handle Handle
	free   func(Handle)
	// Shared with the children, which must not keep the object alive.
	closed *atomic.Bool
}

func newNative[Handle ~uintptr](handle Handle, free func(Handle)) *native[Handle] {
	n := &native[Handle]{handle, free, new(atomic.Bool)}
	runtime.SetFinalizer(n, func(n *native[Handle]) {
		n.closed.Store(true)
		n.free(n.handle)
	})
	return n
}

// raw is NULL for no object, which C refuses.
func (n *native[Handle]) raw() Handle {
	if n == nil {
		return 0
	}
	return n.handle
}

// close closes the object with `close`, and is nil for no object. ErrBusy is the one failure that leaves it
// open.
func (n *native[Handle]) close(close func(Handle) capi.Outcome) error {
	if n == nil {
		return nil
	}
	err := ended(n, close(n.handle))
	if !errors.Is(err, ErrBusy) {
		n.closed.Store(true)
	}
	return err
}

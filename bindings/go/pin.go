package stave

import (
	"io"
	"runtime"
	"sync/atomic"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// Pin is a value that was read without copying it where that is possible (see IOMmap). The bytes stay
// valid and unchanged until Close, whatever happens to the key, also after the store is closed. A pin
// blocks nobody. Any number of goroutines may use it at the same time.
type Pin struct {
	native capi.PinnedBytes
	// 1 for the pin itself until it is closed, and 1 for each View that runs: whoever takes away the
	// last one frees.
	users  atomic.Int64
	closed atomic.Bool
}

var _ io.Closer = (*Pin)(nil)

// GetPin hands out the value as a pin. nil without an error when the key does not exist.
func (s *Store) GetPin(key []byte) (*Pin, error) {
	pin := new(Pin)
	outcome := capi.StoreGetPin(s.raw(), key, &pin.native)
	runtime.KeepAlive(s)
	return pinOf(pin, outcome)
}

// pinOf makes a Pin of what a call has filled in. nil without an error if there is no such key.
func pinOf(pin *Pin, outcome capi.Outcome) (*Pin, error) {
	if ok, err := foundOf(outcome, capi.NotFound); !ok {
		return nil, err
	}
	pin.users.Store(1)
	runtime.SetFinalizer(pin, func(p *Pin) { _ = p.Close() })
	return pin, nil
}

// View calls visit with the bytes, and returns what that returns. The bytes lie outside of Go's memory:
// they are gone when visit returns, and must not be written to. A Close meanwhile takes effect then.
func (p *Pin) View(visit func(value []byte) error) error {
	if !p.enter() {
		return failed(ErrClosed, "the pin is closed")
	}
	defer p.leave()
	return visit(p.native.Bytes())
}

// Size is the number of bytes.
func (p *Pin) Size() (int, error) {
	size := 0
	err := p.View(func(value []byte) error {
		size = len(value)
		return nil
	})
	return size, err
}

// Close ends the pin. Closing again is no error.
func (p *Pin) Close() error {
	if p != nil && p.native.Pin != 0 && p.closed.CompareAndSwap(false, true) {
		runtime.SetFinalizer(p, nil)
		p.leave()
	}
	return nil
}

// enter counts a user in, unless the last one has left: the bytes are there until leave.
func (p *Pin) enter() bool {
	if p == nil || p.closed.Load() {
		return false
	}
	for {
		users := p.users.Load()
		if users == 0 {
			return false
		}
		if p.users.CompareAndSwap(users, users+1) {
			return true
		}
	}
}

func (p *Pin) leave() {
	if p.users.Add(-1) == 0 {
		capi.PinFree(p.native.Pin)
	}
}

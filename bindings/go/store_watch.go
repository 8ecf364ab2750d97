package stave

import (
	"runtime"
	"sync"
	"time"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// Change is one key's part in a commit, as hooks see it. The bytes lie outside of Go's memory, are gone when the
// hook returns, and must not be written to.
type Change struct {
	// Key of the record.
	Key []byte
	// Value is the new one; empty if the key was removed.
	Value []byte
	// OldValue is the value that there was, or nil if the key was absent, or the hook did not ask for it.
	OldValue []byte
	// ExpiresAt is the time at which the key expires, or the zero time if it never does.
	ExpiresAt time.Time
	// Version of the commit.
	Version uint64
	// Deleted: the key was removed.
	Deleted bool
}

// HookOptions are what a hook wants. The zero value and nil are the defaults.
type HookOptions struct {
	// OldValues: changes have their OldValue, which costs each write a read. A damaged one makes the write
	// ErrCorruption.
	OldValues bool
}

// OnWrite calls the hook for every change of a key that is committed from now on until the store is closed: by
// single writes, batches, Atomic, Clear and Migrate, not by expiry. Each call comes after the change is visible
// and before the write returns, on the writing goroutine and outside all locks.
//
// Calls of all goroutines come one after the other, in the order of the versions, so a slow hook slows all
// writes down; those of one batch come in no particular order. A change that is not visible after a failed sync
// is not seen. Several hooks are called in the order in which they were added, also after one has failed.
//
// An error that the hook returns makes the write that called it fail with a *[HookError]; its change stands. So
// does a panic. The hook may read from the store; for all else see Update.
//
// The store refers to the hook until Close. Waits for running writes. ErrReadOnly.
func (s *Store) OnWrite(hook func(change Change) error, options *HookOptions) error {
	if hook == nil {
		return errNilCallback
	}
	native := nativeHook(hook)
	flags := uint(0)
	if options != nil && options.OldValues {
		flags = capi.HookOldValue
	}
	if s == nil || s.native == nil {
		return failed(ErrInvalidArgument, "the store is nil")
	}
	s.hooks.add(native)
	err := ended(s, capi.StoreOnWrite(s.raw(), flags, native))
	if err != nil {
		s.hooks.remove(native)
	}
	return err
}

// OnOpen calls the hook for every record, with its version and without an old value, in no particular order: to
// build what hooks then keep in step. An error of the hook, or a panic, ends the visit with a *[HookError].
//
// Meant to be called after opening and before others write. Beside writers a record is visited as by a Cursor:
// add the hook for writes first, and let the larger version count. Errors of reads. O(bytes in the store).
func (s *Store) OnOpen(hook func(change Change) error) error {
	if hook == nil {
		return errNilCallback
	}
	native := nativeHook(hook)
	outcome := capi.StoreOnOpen(s.raw(), native)
	runtime.KeepAlive(native)
	return ended(s, outcome)
}

func nativeHook(hook func(change Change) error) *capi.Hook {
	return capi.NewHook(func(change *capi.Change) error {
		if err := runHook(hook, change); err != nil {
			return &HookError{err}
		}
		return nil
	})
}

func runHook(hook func(change Change) error, change *capi.Change) (err error) {
	returned := false
	defer recovered(&returned, &err)
	shown := Change{
		Key: change.Key(), Value: change.Value(), ExpiresAt: timeOf(change.ExpiresAt),
		Version: change.Version, Deleted: change.Removed,
	}
	if change.HasOldValue {
		shown.OldValue = change.OldValue()
	}
	err = hook(shown)
	returned = true
	return err
}

// hooks are the hooks of a store. C holds their addresses and calls them during calls on the store. Each such
// call keeps the store, and so its hooks, alive. A hook may refer to its store: that does not keep the store alive.
type hooks struct {
	mutex sync.Mutex
	added []*capi.Hook
}

// add is called before C has the address. Not locked while C is called, since that waits for running writes, and
// their hooks may come here.
func (h *hooks) add(hook *capi.Hook) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.added = append(h.added, hook)
}

func (h *hooks) remove(hook *capi.Hook) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	for i, added := range h.added {
		if added == hook {
			h.added = append(h.added[:i], h.added[i+1:]...)
			return
		}
	}
}

// release lets go of all, once the store is closed: no call on it is running any more.
func (h *hooks) release() {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.added = nil
}

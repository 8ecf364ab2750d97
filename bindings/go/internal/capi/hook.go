package capi

/*
#include <stdint.h>
#include <stave/store.h>
*/
import "C"

import "unsafe"

// Hook is what C shows changes to: StoreOnWrite and StoreOnOpen get one. Run answers nil, or an error, which
// the call that failed by it returns; it does not panic.
//
// C keeps its address, as that of a Resolver, and for the same reason: hooks usually refer to their store.
// C calls it inside of calls on the store, each of which keeps the store alive and with it the Hook.
type Hook struct {
	Run func(change *Change) error
}

// NewHook makes a Hook. Not inlined, so that it lies in the heap, whose objects do not move.
//
//go:noinline
func NewHook(run func(change *Change) error) *Hook { return &Hook{run} }

//export stave_go_hook
func stave_go_hook(hook C.uintptr_t, change unsafe.Pointer, raised *C.uintptr_t) C.stave_status {
	outer := hide(raised)
	err := (*Hook)(*(*unsafe.Pointer)(unsafe.Pointer(&hook))).Run((*Change)(change))
	return answer(0, err, raised, outer)
}

// Change is laid out as stave_change.
type Change struct {
	structSize   uint32
	namespaceID  uint32
	Removed      bool
	HasOldValue  bool
	reserved     [6]byte
	key          unsafe.Pointer
	keySize      uintptr
	value        unsafe.Pointer
	valueSize    uintptr
	oldValue     unsafe.Pointer
	oldValueSize uintptr
	ExpiresAt    uint64
	Version      uint64
}

// Each line is an index out of range if it is not.
var (
	_ = [1]struct{}{}[unsafe.Sizeof(Change{})-unsafe.Sizeof(C.stave_change{})]
	_ = [1]struct{}{}[unsafe.Offsetof(Change{}.Removed)-unsafe.Offsetof(C.stave_change{}.removed)]
	_ = [1]struct{}{}[unsafe.Offsetof(Change{}.HasOldValue)-unsafe.Offsetof(C.stave_change{}.has_old_value)]
	_ = [1]struct{}{}[unsafe.Offsetof(Change{}.key)-unsafe.Offsetof(C.stave_change{}.key)]
	_ = [1]struct{}{}[unsafe.Offsetof(Change{}.value)-unsafe.Offsetof(C.stave_change{}.value)]
	_ = [1]struct{}{}[unsafe.Offsetof(Change{}.oldValue)-unsafe.Offsetof(C.stave_change{}.old_value)]
	_ = [1]struct{}{}[unsafe.Offsetof(Change{}.ExpiresAt)-unsafe.Offsetof(C.stave_change{}.expires_at)]
	_ = [1]struct{}{}[unsafe.Offsetof(Change{}.Version)-unsafe.Offsetof(C.stave_change{}.version)]
)

// Key is the key, in C memory: valid while the hook runs. So are the others.
func (c *Change) Key() []byte { return unsafe.Slice((*byte)(c.key), int(c.keySize)) }

// Value is the new value.
func (c *Change) Value() []byte { return unsafe.Slice((*byte)(c.value), int(c.valueSize)) }

// OldValue is the value that there was.
func (c *Change) OldValue() []byte { return unsafe.Slice((*byte)(c.oldValue), int(c.oldValueSize)) }

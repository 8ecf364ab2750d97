package capi

/*
#include <stdint.h>
#include <stave/errors.h>
*/
import "C"

import "runtime/cgo"

// AtomicCallback is what C lets work on the keys of a shard: StoreAtomic gets a cgo.Handle of one. Run
// answers whether to commit, and does not panic.
type AtomicCallback struct {
	Run func(atomic Atomic) bool
}

//export stave_go_atomic
func stave_go_atomic(context, atomic C.uintptr_t) C.stave_status {
	callback := cgo.Handle(context).Value().(*AtomicCallback)
	if !callback.Run(Atomic(atomic)) {
		return C.STAVE_CANCELLED
	}
	return C.STAVE_OK
}

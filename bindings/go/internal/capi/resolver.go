package capi

/*
#include <stdint.h>
#include <stave/errors.h>
*/
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

// Resolver is what an index asks about its keys: IndexCreate gets one. The functions answer a status
// that is not negative, or an error, which the call of the index returns; they do not panic.
//
// C keeps its address, as a number: a cgo.Handle would be a root for the garbage collector, and an
// index that the functions refer to would never be collected. The address is good whenever C uses it,
// because C asks only inside of calls, each of which keeps the index alive and with it the Resolver,
// and because objects of the heap do not move.
type Resolver struct {
	Compare func(value uint64, key []byte) (status int, err error)
	Hash    func(value uint64) (hash uint64, status int, err error) // or nil
}

// resolverAt is the Resolver at an address. In two steps, as in Take.
func resolverAt(address C.uintptr_t) *Resolver {
	return (*Resolver)(*(*unsafe.Pointer)(unsafe.Pointer(&address)))
}

//export stave_go_compare
func stave_go_compare(resolver C.uintptr_t, value C.uint64_t, key unsafe.Pointer, size C.size_t,
	raised *C.uintptr_t) C.stave_status {
	outer := hide(raised)
	status, err := resolverAt(resolver).Compare(uint64(value), unsafe.Slice((*byte)(key), int(size)))
	return answer(status, err, raised, outer)
}

//export stave_go_hash
func stave_go_hash(resolver C.uintptr_t, value C.uint64_t, hash *C.uint64_t,
	raised *C.uintptr_t) C.stave_status {
	outer := hide(raised)
	result, status, err := resolverAt(resolver).Hash(uint64(value))
	*hash = C.uint64_t(result)
	return answer(status, err, raised, outer)
}

// hide takes away the error of the call that asks, so that calls which the resolver itself makes do not
// take it along.
func hide(raised *C.uintptr_t) (outer C.uintptr_t) {
	outer, *raised = *raised, 0
	return outer
}

// answer puts it back, or the new error in its place.
func answer(status int, err error, raised *C.uintptr_t, outer C.uintptr_t) C.stave_status {
	drop(*raised)
	*raised = outer
	if err == nil {
		return C.stave_status(status)
	}
	drop(outer)
	*raised = C.uintptr_t(cgo.NewHandle(err))
	return C.STAVE_CANCELLED
}

func drop(raised C.uintptr_t) {
	if raised != 0 {
		cgo.Handle(raised).Delete()
	}
}

// takeRaised is the error behind a handle, which it deletes.
func takeRaised(raised uintptr) error {
	handle := cgo.Handle(raised)
	defer handle.Delete()
	return handle.Value().(error)
}

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

// Reader is what C shows a value to: MemtableReadWith gets a cgo.Handle of one. Visit answers whether all
// is well, and does not panic.
type Reader struct {
	Visit func(value []byte) bool
}

//export stave_go_reader
func stave_go_reader(context C.uintptr_t, value unsafe.Pointer, size C.size_t) C.stave_status {
	reader := cgo.Handle(context).Value().(*Reader)
	if !reader.Visit(unsafe.Slice((*byte)(value), int(size))) {
		return C.STAVE_CANCELLED
	}
	return C.STAVE_OK
}

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

// Edit is what C lets change a value: CowMapModify and others get a cgo.Handle of one. Run answers
// whether to store what the buffer holds, and does not panic.
type Edit struct {
	Run func(value *Buffer) bool
}

//export stave_go_edit
func stave_go_edit(context C.uintptr_t, value unsafe.Pointer) C.stave_status {
	edit := cgo.Handle(context).Value().(*Edit)
	if !edit.Run((*Buffer)(value)) {
		return C.STAVE_CANCELLED
	}
	return C.STAVE_OK
}

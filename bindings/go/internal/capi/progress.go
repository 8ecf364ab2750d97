package capi

/*
#include <stdint.h>
#include <stave/errors.h>
*/
import "C"

import "runtime/cgo"

// Progress is what C reports progress to: StoreVerify gets a cgo.Handle of one. Report answers whether
// to go on, and does not panic: a panic cannot cross the C frames below it.
type Progress struct {
	Report func(done, total uint64) bool
}

//export stave_go_progress
func stave_go_progress(context C.uintptr_t, done, total C.uint64_t) C.stave_status {
	progress := cgo.Handle(context).Value().(*Progress)
	if !progress.Report(uint64(done), uint64(total)) {
		return C.STAVE_CANCELLED
	}
	return C.STAVE_OK
}

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

// Migration is what C lets decide about records and reports progress to: StoreMigrate gets a cgo.Handle of
// one. Decide answers what to do with the record, one of the Migrate constants, and Report whether to go on;
// both whether all is well. They do not panic. The bytes lie in C memory, and are valid while they run.
type Migration struct {
	Decide func(key []byte, value *Buffer) (action uint32, ok bool)
	Report func(done, total uint64, token []byte) (ok bool)
}

//export stave_go_migration
func stave_go_migration(context C.uintptr_t, key unsafe.Pointer, size C.size_t, value unsafe.Pointer,
	action *C.uint32_t) C.stave_status {
	migration := cgo.Handle(context).Value().(*Migration)
	decided, ok := migration.Decide(unsafe.Slice((*byte)(key), int(size)), (*Buffer)(value))
	if !ok {
		return C.STAVE_CANCELLED
	}
	*action = C.uint32_t(decided)
	return C.STAVE_OK
}

//export stave_go_migrated
func stave_go_migrated(context C.uintptr_t, done, total C.uint64_t, token unsafe.Pointer,
	size C.size_t) C.stave_status {
	migration := cgo.Handle(context).Value().(*Migration)
	if !migration.Report(uint64(done), uint64(total), unsafe.Slice((*byte)(token), int(size))) {
		return C.STAVE_CANCELLED
	}
	return C.STAVE_OK
}

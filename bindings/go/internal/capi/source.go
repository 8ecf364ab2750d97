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

// Source is where C takes records from: DiskIndexBulkLoad and DiskIndexRebuild get a cgo.Handle of one.
// Fill puts up to countMax keys and their records, of RecordSize bytes each, one behind the other, and
// answers how many, and whether to go on; it does not panic.
type Source struct {
	RecordSize int
	Fill       func(keys, records []byte, countMax int) (count int, ok bool)
}

//export stave_go_source
func stave_go_source(context C.uintptr_t, keys, records unsafe.Pointer, countMax C.size_t,
	count *C.size_t) C.stave_status {
	source := cgo.Handle(context).Value().(*Source)
	filled, ok := source.Fill(unsafe.Slice((*byte)(keys), int(countMax)*DiskIndexKeySize),
		unsafe.Slice((*byte)(records), int(countMax)*source.RecordSize), int(countMax))
	*count = C.size_t(filled)
	if !ok {
		return C.STAVE_CANCELLED
	}
	return C.STAVE_OK
}

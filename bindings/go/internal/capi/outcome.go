// Package capi is the raw layer: the functions of the C headers, as SWIG makes them from capi.i, and
// the little that SWIG does not do. Users have package stave.
package capi

/*
#include <stdlib.h>
#include <stave/errors.h>
*/
import "C"

import "unsafe"

// Outcomes at or below this are statuses without a message: see outcome() in capi.i.
const (
	outcomeNegative = 256
	outcomePlainMax = 511
	outcomeRaised   = 1 << 63
)

// OK is the outcome of a call that did what it says.
const OK Outcome = 0

// Failure is what a call that failed reports.
type Failure struct {
	Status  int
	Errno   int
	Message string // may be empty
	Raised  error  // what a callback has returned; then the others say nothing
}

// Is says whether the outcome is the given positive status without a message.
func (o Outcome) Is(status int) bool { return int(o) == status }

// Take turns an outcome that is not OK into Go memory and gives back the C memory behind it: once.
func (o Outcome) Take() Failure {
	if o <= outcomePlainMax {
		status := int(o)
		if status > outcomeNegative {
			status = outcomeNegative - status
		}
		return Failure{Status: status}
	}
	if o&outcomeRaised != 0 {
		return Failure{Raised: takeRaised(uintptr(o &^ outcomeRaised))}
	}
	// In two steps, because the address is C's: it does not become invalid while it is a number.
	address := *(*unsafe.Pointer)(unsafe.Pointer(&o))
	defer C.free(address)
	filled := (*C.stave_error)(address)
	return Failure{
		Status:  int(filled.status),
		Errno:   int(filled.os_errno),
		Message: C.GoString(&filled.message[0]),
	}
}

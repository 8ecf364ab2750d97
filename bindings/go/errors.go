package stave

import (
	"fmt"
	"runtime"
	"syscall"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// Error is what a call that failed returns. errors.Is finds the Status, and the error number of the
// operating system if there is one.
type Error struct {
	// Status is the code.
	Status Status
	// Errno is the error of the system call that failed, or 0.
	Errno syscall.Errno
	// Message says what failed, in which file, at which offset, and what to do.
	Message string
}

// Error is the message as an error's text.
func (e *Error) Error() string {
	if e.Message == "" {
		return e.Status.Error()
	}
	return "stave: " + e.Message
}

// Is says whether the target is the error's Status.
func (e *Error) Is(target error) bool {
	status, ok := target.(Status)
	return ok && status == e.Status
}

// Unwrap is the error of the operating system, or nil.
func (e *Error) Unwrap() error {
	if e.Errno == 0 {
		return nil
	}
	return e.Errno
}

// MismatchError is what Write returns when a condition of the batch does not hold. errors.Is finds
// ErrMismatch in it.
type MismatchError struct {
	// Position is that of the first such condition among the batch's entries, counted from 0 in the
	// order they were added.
	Position uint64
}

// Error is the error's text.
func (e *MismatchError) Error() string {
	return fmt.Sprintf("stave: condition %d of the batch does not hold; nothing was written", e.Position)
}

// Is says whether the target is ErrMismatch.
func (e *MismatchError) Is(target error) bool { return target == ErrMismatch }

// PanicError is what a call returns when a callback that it ran has panicked.
type PanicError struct {
	// Value is what the callback panicked with.
	Value any
	// Stack is the stack of the goroutine at that moment, as of debug.Stack.
	Stack []byte
}

// Error is the error's text, without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("stave: panic in a callback: %v", e.Value) }

// Unwrap is the value if that is an error, or nil.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// HookError is what a call returns when a hook that it ran has failed. The write stays committed (see
// Store.OnWrite), and its other results are those of a success. errors.Is finds ErrHookFailed in it, and what the
// hook has returned.
type HookError struct {
	// Err is what the hook has returned, or a *PanicError; the last one if hooks have failed several times.
	Err error
}

// Error is the error's text.
func (e *HookError) Error() string {
	return "stave: a hook failed: " + e.Err.Error()
}

// Is says whether the target is ErrHookFailed.
func (e *HookError) Is(target error) bool { return target == ErrHookFailed }

// Unwrap is what the hook has returned.
func (e *HookError) Unwrap() error { return e.Err }

// errorOf turns the outcome of a call into nil or an *Error. Inlined, as foundOf is:
// what follows a failure is not, so that it does not count.
func errorOf(outcome capi.Outcome) error {
	if outcome == capi.OK {
		return nil
	}
	return errorFrom(outcome)
}

// foundOf turns the outcome of a call that may also answer `otherwise` into whether it did not.
func foundOf(outcome capi.Outcome, otherwise int) (bool, error) {
	if outcome == capi.OK {
		return true, nil
	}
	return notFoundOf(outcome, otherwise)
}

//go:noinline
func notFoundOf(outcome capi.Outcome, otherwise int) (bool, error) {
	err := errorUnless(outcome, otherwise)
	_, stands := err.(*HookError)
	return stands, err
}

func errorUnless(outcome capi.Outcome, otherwise int) error {
	if outcome.Is(otherwise) {
		return nil
	}
	return errorFrom(outcome)
}

//go:noinline
func errorFrom(outcome capi.Outcome) error {
	failure := outcome.Take()
	if failure.Raised != nil {
		return failure.Raised
	}
	return &Error{Status(failure.Status), syscall.Errno(failure.Errno), failure.Message}
}

// ended is errorOf the outcome of a call on an object, which stays alive until the call has returned.
func ended(object any, outcome capi.Outcome) error {
	runtime.KeepAlive(object)
	return errorOf(outcome)
}

// found is foundOf in the same way.
func found(object any, outcome capi.Outcome, otherwise int) (bool, error) {
	runtime.KeepAlive(object)
	return foundOf(outcome, otherwise)
}

func failed(status Status, message string) error { return &Error{Status: status, Message: message} }

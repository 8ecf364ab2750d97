package stave

import (
	"runtime/cgo"
	"runtime/debug"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

var errNilCallback = failed(ErrInvalidArgument, "the callback is nil")

// recovered, deferred, makes an error of a callback's panic, which could not cross the C frames below.
// returned says whether the callback has returned: recover alone does not know panic(nil).
func recovered(returned *bool, err *error) {
	if value := recover(); value != nil || !*returned {
		*err = &PanicError{value, debug.Stack()}
	}
}

// withCallback makes a call with a cgo.Handle of the raw callback. It returns what the user's callback has left
// in stopped, if anything, instead of the outcome.
func withCallback(callback any, stopped *error, call func(callback uintptr) capi.Outcome) (
	outcome capi.Outcome, err error) {
	handle := cgo.NewHandle(callback)
	defer handle.Delete()
	outcome = call(uintptr(handle))
	if *stopped != nil {
		_ = errorOf(outcome) // gives back what C says of it
		return 0, *stopped
	}
	return outcome, nil
}

// withEdit makes a call with a callback that changes a value; the error is what that has returned.
func withEdit(edit func([]byte) ([]byte, error), call func(callback uintptr) capi.Outcome) (
	outcome capi.Outcome, err error) {
	if edit == nil {
		return 0, errNilCallback
	}
	var stopped error
	callback := &capi.Edit{Run: func(value *capi.Buffer) bool {
		stopped = replace(value, edit)
		return stopped == nil
	}}
	return withCallback(callback, &stopped, call)
}

// replace puts into the buffer what edit makes of its content. The result may be a part of the content.
func replace(value *capi.Buffer, edit func([]byte) ([]byte, error)) (err error) {
	returned := false
	defer recovered(&returned, &err)
	content := value.Bytes()
	result, err := edit(content[:len(content):len(content)])
	returned = true
	if err != nil {
		return err
	}
	return setContent(value, result)
}

// setContent makes the bytes, which may be a part of the buffer's content, the content.
func setContent(value *capi.Buffer, result []byte) error {
	content := value.Bytes()
	copy(content, result) // before the memory may move
	outcome := capi.BufferResize(value, int64(len(result)))
	if outcome == capi.OK && len(result) > len(content) {
		copy(value.Bytes(), result) // no part of it
	}
	return errorOf(outcome)
}

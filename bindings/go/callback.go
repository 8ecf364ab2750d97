package stave

import "runtime/debug"

// recovered, deferred, makes an error of a callback's panic, which could not cross the C frames below.
// returned says whether the callback has returned: recover alone does not know panic(nil).
func recovered(returned *bool, err *error) {
	if value := recover(); value != nil || !*returned {
		*err = &PanicError{value, debug.Stack()}
	}
}

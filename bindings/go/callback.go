package stave

import "runtime/debug"

// recovered, deferred, makes an error of a callback's panic, which could not cross the C frames below.
func recovered(err *error) {
	if value := recover(); value != nil {
		*err = &PanicError{value, debug.Stack()}
	}
}

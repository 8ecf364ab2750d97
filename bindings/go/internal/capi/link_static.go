//go:build stave_static

package capi

// The archive goes first and has everything, so the shared library that pkg-config names behind it is
// not needed, and is left out.

// #cgo pkg-config: stave
// #cgo LDFLAGS: -Wl,--as-needed -l:libstave.a -lstdc++ -pthread
import "C"

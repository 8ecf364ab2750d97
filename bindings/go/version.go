package stave

import "github.com/stavedb/stave/bindings/go/internal/capi"

// Version is the version of the library that the program runs with: "0.1.0".
func Version() string { return capi.VersionText() }

// VersionNumber is the same as a number: major * 1000000 + minor * 1000 + patch.
func VersionNumber() uint32 { return uint32(capi.Version()) }

// LiveHandles is the number of native objects of this process that have not been freed, those that
// wait for the garbage collector included: what a test looks at to find leaks.
func LiveHandles() uint64 { return capi.LiveHandles() }

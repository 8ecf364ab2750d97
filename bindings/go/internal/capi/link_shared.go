//go:build !stave_static

package capi

// #cgo pkg-config: stave
import "C"

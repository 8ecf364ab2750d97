package stave

import (
	"sync"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// A read, here, is one value read in one crossing: it copies the value to dst if it fits, and answers its
// size or the outcome negated.

// Where getValue lets C put values until their size is known.
const scratchSize = 4096

var scratchPool = sync.Pool{New: func() any { return new([scratchSize]byte) }}

// getValue returns the value in memory of its own.
func getValue(read func(dst []byte) int64) (value []byte, ok bool, err error) {
	scratch := scratchPool.Get().(*[scratchSize]byte)
	answer := read(scratch[:])
	if 0 <= answer && answer <= scratchSize {
		value, ok = make([]byte, answer), true
		copy(value, scratch[:])
	}
	scratchPool.Put(scratch)
	switch {
	case ok:
		return value, true, nil
	case answer < 0:
		return nil, false, errorUnless(capi.Outcome(-answer), capi.NotFound)
	default:
		return appendValue(make([]byte, 0, answer), read)
	}
}

// appendValue appends the value to dst, which grows as needed.
func appendValue(dst []byte, read func(dst []byte) int64) (value []byte, ok bool, err error) {
	for {
		size, room := len(dst), cap(dst)-len(dst)
		answer := read(dst[size:cap(dst)])
		switch {
		case answer < 0:
			return dst, false, errorUnless(capi.Outcome(-answer), capi.NotFound)
		case int(answer) <= room:
			return dst[:size+int(answer)], true, nil
		}
		dst = append(dst, make([]byte, answer)...)[:size]
	}
}

// copyValue copies the value to the beginning of dst, or says which size is needed.
func copyValue(dst []byte, read func(dst []byte) int64) (size int, ok bool, err error) {
	answer := read(dst)
	switch {
	case answer < 0:
		return 0, false, errorUnless(capi.Outcome(-answer), capi.NotFound)
	case int(answer) > len(dst):
		return int(answer), false, failed(ErrBufferTooSmall, ErrBufferTooSmall.Message())
	}
	return int(answer), true, nil
}

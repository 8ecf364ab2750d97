package capi

/*
#include <stave/stave.h>
#include <stave/store.h>
*/
import "C"

import "unsafe"

// Buffer is laid out as stave_buffer: each line is an index out of range if it is not.
var (
	_ = [1]struct{}{}[unsafe.Sizeof(Buffer{})-unsafe.Sizeof(C.stave_buffer{})]
	_ = [1]struct{}{}[unsafe.Offsetof(Buffer{}.Data)-unsafe.Offsetof(C.stave_buffer{}.data)]
	_ = [1]struct{}{}[unsafe.Offsetof(Buffer{}.Size)-unsafe.Offsetof(C.stave_buffer{}.size)]
	_ = [1]struct{}{}[unsafe.Offsetof(Buffer{}.Capacity)-unsafe.Offsetof(C.stave_buffer{}.capacity)]
)

// So are the others.
var (
	_ = [1]struct{}{}[unsafe.Sizeof(WriteOptions{})-unsafe.Sizeof(C.stave_write_options{})]
	_ = [1]struct{}{}[unsafe.Offsetof(WriteOptions{}.Durability)-unsafe.Offsetof(C.stave_write_options{}.durability)]
	_ = [1]struct{}{}[unsafe.Offsetof(WriteOptions{}.ExpiresAt)-unsafe.Offsetof(C.stave_write_options{}.expires_at)]
)

// WriteOptionsSize is the StructSize of WriteOptions.
const WriteOptionsSize = uint32(unsafe.Sizeof(WriteOptions{}))

// Bytes is the content, in C memory: valid until the next call that gets the buffer.
func (b *Buffer) Bytes() []byte {
	return unsafe.Slice((*byte)(b.Data), int(b.Size))
}

// Bytes is what the pin holds, in C memory: valid until PinFree.
func (p *PinnedBytes) Bytes() []byte {
	return unsafe.Slice((*byte)(p.Data), int(p.Size))
}

// Numbers is the content as an array of uint64_t, in the same way.
func (b *Buffer) Numbers() []uint64 {
	return unsafe.Slice((*uint64)(b.Data), int(b.Size/8))
}

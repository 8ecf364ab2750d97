package stave

import (
	"runtime"
	"sync"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// A native buffer, freed with free or by the garbage collector. It is an allocation of its own: C
// writes into it, and the rules of cgo keep C out of memory that holds pointers of Go's.
type buffer struct{ capi.Buffer }

func newBuffer() *buffer {
	b := new(buffer)
	runtime.SetFinalizer(b, (*buffer).free)
	return b
}

// free gives the memory back; the buffer can be used again.
func (b *buffer) free() {
	capi.BufferFree(&b.Buffer)
}

// flat is what calls with many keys need: keys and values one behind the other, as C takes and returns
// them. Used again from call to call.
type flat struct {
	keys       []byte
	keySizes   []uint32
	values     []byte
	valueSizes []uint64
	native     *buffer
}

// One large call must not hold its memory for ever.
const flatKeptMax = 1 << 20

var flatPool = sync.Pool{New: func() any { return &flat{native: newBuffer()} }}

func takeFlat() *flat { return flatPool.Get().(*flat) }

func (f *flat) release() {
	if cap(f.keys)+cap(f.values)+8*cap(f.valueSizes) > flatKeptMax {
		*f = flat{native: f.native}
	}
	if f.native.Capacity > flatKeptMax {
		f.native.free()
	}
	f.keys, f.keySizes = f.keys[:0], f.keySizes[:0]
	f.values, f.valueSizes = f.values[:0], f.valueSizes[:0]
	flatPool.Put(f)
}

// valueSizesFor is room for that many sizes.
func (f *flat) valueSizesFor(count int) []uint64 {
	if cap(f.valueSizes) < count {
		f.valueSizes = make([]uint64, count)
	}
	f.valueSizes = f.valueSizes[:count]
	return f.valueSizes
}

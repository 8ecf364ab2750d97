package stave

import (
	"math"
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
	numbers    []uint64 // values that are numbers
	integers   []int64  // keys that are numbers
	flag       bool
	native     *buffer
}

// One large call must not hold its memory for ever.
const flatKeptMax = 1 << 20

var flatPool = sync.Pool{New: func() any { return &flat{native: newBuffer()} }}

func takeFlat() *flat { return flatPool.Get().(*flat) }

func (f *flat) release() {
	if cap(f.keys)+cap(f.values)+8*(cap(f.valueSizes)+cap(f.numbers)+cap(f.integers)) > flatKeptMax {
		*f = flat{native: f.native}
	}
	if f.native.Capacity > flatKeptMax {
		f.native.free()
	}
	f.keys, f.keySizes = f.keys[:0], f.keySizes[:0]
	f.values, f.valueSizes = f.values[:0], f.valueSizes[:0]
	f.numbers, f.integers = f.numbers[:0], f.integers[:0]
	flatPool.Put(f)
}

// setKeys joins the keys. No valid key has a size that C could not be told.
func (f *flat) setKeys(keys [][]byte) error {
	f.keySizes = room(f.keySizes, len(keys))
	total := 0
	for i, key := range keys {
		if err := f.setKeySize(i, key); err != nil {
			return err
		}
		total += len(key)
	}
	f.keys = room(f.keys, total)
	rest := f.keys
	for _, key := range keys {
		rest = rest[copy(rest, key):]
	}
	return nil
}

// setRecords joins keys and values.
func (f *flat) setRecords(records []Record) error {
	f.keySizes, f.valueSizes = room(f.keySizes, len(records)), room(f.valueSizes, len(records))
	for i, record := range records {
		if err := f.setKeySize(i, record.Key); err != nil {
			return err
		}
		f.valueSizes[i] = uint64(len(record.Value))
		f.keys = append(f.keys, record.Key...)
		f.values = append(f.values, record.Value...)
	}
	return nil
}

// setWrites joins keys and values of a memtable; a removed key has the size of none.
func (f *flat) setWrites(records []MemtableRecord) error {
	f.keySizes, f.valueSizes = room(f.keySizes, len(records)), room(f.valueSizes, len(records))
	for i, record := range records {
		if err := f.setKeySize(i, record.Key); err != nil {
			return err
		}
		f.keys = append(f.keys, record.Key...)
		if record.Deleted {
			f.valueSizes[i] = capi.Tombstone
			continue
		}
		f.valueSizes[i] = uint64(len(record.Value))
		f.values = append(f.values, record.Value...)
	}
	return nil
}

// setEntries joins the keys, and puts the values into numbers.
func (f *flat) setEntries(entries []IndexEntry) error {
	f.keySizes, f.numbers = room(f.keySizes, len(entries)), room(f.numbers, len(entries))
	for i, entry := range entries {
		if err := f.setKeySize(i, entry.Key); err != nil {
			return err
		}
		f.numbers[i] = entry.Value
		f.keys = append(f.keys, entry.Key...)
	}
	return nil
}

func (f *flat) setKeySize(i int, key []byte) error {
	if uint64(len(key)) > math.MaxUint32 {
		return failed(ErrTooLarge, "a key is larger than 65,535 bytes")
	}
	f.keySizes[i] = uint32(len(key))
	return nil
}

// result is what C has put into the buffer, in memory of its own. Not nil.
func (f *flat) result() []byte {
	content := f.native.Bytes()
	result := make([]byte, len(content))
	copy(result, content)
	return result
}

// current is what calls return that store a value unless there is one.
func (f *flat) current(outcome capi.Outcome) (current []byte, inserted bool, err error) {
	if inserted, err = foundOf(outcome, capi.Exists); err != nil {
		return nil, false, err
	}
	return f.result(), inserted, nil
}

// appendValues appends the buffer to memory, and the values that it consists of to values: one for each
// of valueSizes, nil for one that is absent or removed.
func (f *flat) appendValues(values [][]byte, memory []byte) ([][]byte, []byte) {
	start := len(memory)
	memory = append(memory, f.native.Bytes()...)
	if memory == nil {
		memory = []byte{} // empty values are not nil
	}
	rest := memory[start:]
	for _, size := range f.valueSizes {
		if size == capi.Absent || size == capi.Tombstone {
			values = append(values, nil)
		} else {
			values, rest = append(values, rest[:size:size]), rest[size:]
		}
	}
	return values, memory
}

// appendMany appends the values of many keys, as AppendMultiGet. read makes the one crossing, which fills
// the call's buffer and valueSizes.
func appendMany(values [][]byte, memory []byte, keys [][]byte, read func(call *flat) error) (
	[][]byte, []byte, error) {
	call := takeFlat()
	defer call.release()
	if err := call.setKeys(keys); err != nil {
		return values, memory, err
	}
	call.valueSizes = room(call.valueSizes, len(keys))
	if err := read(call); err != nil {
		return values, memory, err
	}
	values, memory = call.appendValues(values, memory)
	return values, memory, nil
}

// sizeOf is the size of a value that may be absent or removed.
func sizeOf(size uint64) uint64 {
	if size == capi.Absent || size == capi.Tombstone {
		return 0
	}
	return size
}

// room is a slice of that length, the given one if it is large enough, with whatever it holds.
func room[T any](slice []T, length int) []T {
	if cap(slice) < length {
		return make([]T, length)
	}
	return slice[:length]
}

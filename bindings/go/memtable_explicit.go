package stave

import (
	"runtime"
	"runtime/cgo"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// The methods of this file are for explicit tables.
//
// A transaction is a number of the caller's that is not 0: it exists from its first write to its commit,
// or to the abort of its last key; then the number is free again. Several goroutines may write for one.

// KeyState is what a read sees of a key.
type KeyState uint32

// The states.
const (
	// KeyAbsent: no version of the key is visible.
	KeyAbsent KeyState = iota
	// KeyDeleted: the key is removed, which levels below need to know.
	KeyDeleted
	// KeyExists: the key has a value.
	KeyExists
)

// String is the state's name: "absent", "deleted", "exists".
func (k KeyState) String() string { return nameOf(uint32(k), "absent", "deleted", "exists") }

func stateOf(exists, isDeleted bool) KeyState {
	switch {
	case exists:
		return KeyExists
	case isDeleted:
		return KeyDeleted
	}
	return KeyAbsent
}

// stateOfSize is that of one of several keys, told by the size of its value.
func stateOfSize(size uint64) KeyState {
	return stateOf(size != capi.Absent && size != capi.Tombstone, size == capi.Tombstone)
}

// Read returns the value that is visible at the timestamp snapshot (any number), or the write of
// transaction (0: none), in memory of its own, and what is seen of the key. ErrTooOld below what Prune was
// told to keep. O(size + log versions of the key), as are all reads of one key.
func (m *Memtable) Read(key []byte, snapshot, transaction uint64) (
	value []byte, state KeyState, err error) {
	isDeleted := false
	value, ok, err := getValue(func(dst []byte) int64 {
		return m.read(dst, key, snapshot, transaction, &isDeleted)
	})
	return value, stateOf(ok, isDeleted), err
}

// AppendRead is Read that appends the value to dst, which grows as needed, and returns the result. With a
// dst that is used again it allocates nothing.
func (m *Memtable) AppendRead(dst, key []byte, snapshot, transaction uint64) (
	value []byte, state KeyState, err error) {
	isDeleted := false
	value, ok, err := appendValue(dst, func(dst []byte) int64 {
		return m.read(dst, key, snapshot, transaction, &isDeleted)
	})
	return value, stateOf(ok, isDeleted), err
}

// ReadInto is Read that copies the value to the beginning of dst, and returns the value's size.
// ErrBufferTooSmall when it does not fit: nothing is copied, and the size is what is needed.
func (m *Memtable) ReadInto(dst, key []byte, snapshot, transaction uint64) (
	size int, state KeyState, err error) {
	isDeleted := false
	size, ok, err := copyValue(dst, func(dst []byte) int64 {
		return m.read(dst, key, snapshot, transaction, &isDeleted)
	})
	return size, stateOf(ok, isDeleted), err
}

// read notes that a key is removed, and goes on as if it were absent.
func (m *Memtable) read(dst, key []byte, snapshot, transaction uint64, isDeleted *bool) int64 {
	answer := capi.MemtableRead(m.raw(), key, snapshot, transaction, dst)
	runtime.KeepAlive(m)
	if answer == -capi.Deleted {
		*isDeleted = true
		return -capi.NotFound
	}
	return answer
}

// ReadPin is Read that hands out the value as a pin: nothing is copied but values of 56 bytes and less. nil
// unless the key exists.
func (m *Memtable) ReadPin(key []byte, snapshot, transaction uint64) (
	pin *Pin, state KeyState, err error) {
	pin = new(Pin)
	outcome := capi.MemtableReadPin(m.raw(), key, snapshot, transaction, &pin.native)
	runtime.KeepAlive(m)
	if outcome.Is(capi.Deleted) {
		return nil, KeyDeleted, nil
	}
	pin, err = pinOf(pin, outcome)
	return pin, stateOf(pin != nil, false), err
}

// ReadWith is Read that calls visit with the value, in place. The bytes lie outside of Go's memory: they are
// gone when visit returns, and must not be written to. If the key has no value visit is not called.
//
// visit may use the table, also by ReadWith, and take its time; only Close is ErrBusy. An error that it
// returns is returned by ReadWith, and so is a panic, as a *[PanicError]. It may not end its goroutine
// (runtime.Goexit, t.FailNow).
func (m *Memtable) ReadWith(key []byte, snapshot, transaction uint64, visit func(value []byte) error) (
	state KeyState, err error) {
	if visit == nil {
		return KeyAbsent, failed(ErrInvalidArgument, "the callback is nil")
	}
	var stopped error
	reader := &capi.Reader{Visit: func(value []byte) bool {
		stopped = visited(visit, value)
		return stopped == nil
	}}
	handle := cgo.NewHandle(reader)
	defer handle.Delete()
	outcome := capi.MemtableReadWith(m.raw(), key, snapshot, transaction, uintptr(handle))
	runtime.KeepAlive(m)
	if outcome.Is(capi.Deleted) {
		return KeyDeleted, nil
	}
	ok, err := foundOf(outcome, capi.NotFound)
	if stopped != nil {
		err = stopped
	}
	return stateOf(ok, false), err
}

func visited(visit func(value []byte) error, value []byte) (err error) {
	returned := false
	defer recovered(&returned, &err)
	err = visit(value[:len(value):len(value)])
	returned = true
	return err
}

// MultiRead reads many keys in one crossing to C, each as Read does. values[i] is that of keys[i], nil
// unless that exists; states[i] is what is seen of it. The values share one allocation.
func (m *Memtable) MultiRead(keys [][]byte, snapshot, transaction uint64) (
	values [][]byte, states []KeyState, err error) {
	call := takeFlat()
	defer call.release()
	if err := call.setKeys(keys); err != nil {
		return nil, nil, err
	}
	call.valueSizes = room(call.valueSizes, len(keys))
	err = ended(m, capi.MemtableMultiRead(m.raw(), call.keys, call.keySizes, snapshot, transaction,
		&call.native.Buffer, call.valueSizes))
	if err != nil {
		return nil, nil, err
	}
	values, _ = call.appendValues(make([][]byte, 0, len(keys)), nil)
	states = make([]KeyState, len(keys))
	for i := range states {
		states[i] = stateOfSize(call.valueSizes[i])
	}
	return values, states, nil
}

// Write writes the key for the transaction; it replaces what that wrote to the key before. ErrConflict (see
// Memtable), ErrTooLarge. O(size).
func (m *Memtable) Write(key, value []byte, transaction uint64) error {
	return ended(m, capi.MemtableWrite(m.raw(), key, value, transaction))
}

// WriteTombstone is Write of the key's removal; an absent one too.
func (m *Memtable) WriteTombstone(key []byte, transaction uint64) error {
	return ended(m, capi.MemtableWriteTombstone(m.raw(), key, transaction))
}

// MultiWrite writes many keys in one crossing to C, one after the other. It stops at the first that fails;
// written is the number that were made, which stay.
func (m *Memtable) MultiWrite(records []MemtableRecord, transaction uint64) (written int, err error) {
	call := takeFlat()
	defer call.release()
	if err := call.setWrites(records); err != nil {
		return 0, err
	}
	count := new(uintptr)
	err = ended(m, capi.MemtableMultiWrite(m.raw(), call.keys, call.keySizes, call.values, call.valueSizes,
		transaction, count))
	return int(*count), err
}

// Commit makes the transaction's writes visible at once, at the timestamp. The keys must be all that it
// wrote and no others (one may come twice). ErrInvalidArgument, and nothing changes, if they are not, if
// the timestamp is 0 or above 2^63-1, or if one of the keys has a version with this timestamp already.
// Commits may come in any order of timestamps. O(keys).
func (m *Memtable) Commit(transaction, timestamp uint64, keys [][]byte) error {
	call := takeFlat()
	defer call.release()
	if err := call.setKeys(keys); err != nil {
		return err
	}
	return ended(m, capi.MemtableCommit(m.raw(), transaction, timestamp, call.keys, call.keySizes))
}

// Abort takes back the transaction's writes to these keys; others stay. Keys that it has not written are
// ignored. O(keys).
func (m *Memtable) Abort(transaction uint64, keys [][]byte) error {
	call := takeFlat()
	defer call.release()
	if err := call.setKeys(keys); err != nil {
		return err
	}
	return ended(m, capi.MemtableAbort(m.raw(), transaction, call.keys, call.keySizes))
}

// HasWriteConflict says whether a write of the key for this transaction would be ErrConflict now.
func (m *Memtable) HasWriteConflict(key []byte, transaction uint64) (bool, error) {
	var conflict bool
	err := ended(m, capi.MemtableHasWriteConflict(m.raw(), key, transaction, &conflict))
	return conflict, err
}

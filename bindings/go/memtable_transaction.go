package stave

import (
	"io"
	"runtime"
	"sync/atomic"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// MemtableTransaction reads at the moment of its begin, sees its own writes, and makes them visible all at
// once when it commits. Commit and Rollback end it: all later calls but Close return ErrClosed, those on
// its cursors too. One that is closed, or left behind, without a commit is rolled back. One goroutine at a
// time.
//
// Methods of a nil or zero MemtableTransaction return ErrInvalidArgument.
//
// Errors of every method: as Memtable's. Of every write: ErrConflict (see there), ErrTooLarge.
type MemtableTransaction struct {
	native      *native[capi.MemtableTransaction]
	tableClosed *atomic.Bool // for the cursors
}

var _ io.Closer = (*MemtableTransaction)(nil)

// Begin begins a transaction that reads at this moment, in a managed table. Close it, or let Transact do
// all that. It does not keep the table, which is closed once nothing else refers to it. O(1).
func (m *Memtable) Begin() (*MemtableTransaction, error) {
	var handle capi.MemtableTransaction
	if err := ended(m, capi.MemtableBegin(m.raw(), &handle)); err != nil {
		return nil, err
	}
	return &MemtableTransaction{newNative(handle, capi.MemtableTransactionFree), m.native.closed}, nil
}

// Transact begins a transaction, calls body with it, and commits what that has written; timestamp is what
// Commit returns. When body returns an error or panics, the transaction is rolled back, and Transact returns
// that error, or panics. body may also end the transaction by itself, if it then returns an error. After
// ErrConflict it may be called again, and its body then reads what the other transaction has written.
func (m *Memtable) Transact(body func(transaction *MemtableTransaction) error) (
	timestamp uint64, err error) {
	if body == nil {
		return 0, failed(ErrInvalidArgument, "the body is nil")
	}
	transaction, err := m.Begin()
	if err != nil {
		return 0, err
	}
	defer transaction.Close()
	if err := body(transaction); err != nil {
		return 0, err
	}
	return transaction.Commit()
}

// raw is NULL for a nil transaction, which C refuses.
func (t *MemtableTransaction) raw() capi.MemtableTransaction {
	if t == nil {
		return 0
	}
	return t.native.raw()
}

// ID is its number, which no other transaction of the table has or had.
func (t *MemtableTransaction) ID() (uint64, error) {
	var id uint64
	err := ended(t, capi.MemtableTransactionId(t.raw(), &id))
	return id, err
}

// Snapshot is the timestamp that it reads at: it sees the commits with lower ones.
func (t *MemtableTransaction) Snapshot() (uint64, error) {
	var timestamp uint64
	err := ended(t, capi.MemtableTransactionSnapshot(t.raw(), &timestamp))
	return timestamp, err
}

// Put writes the key, whether or not it exists. O(size).
func (t *MemtableTransaction) Put(key, value []byte) error {
	return ended(t, capi.MemtableTransactionPut(t.raw(), key, value))
}

// Delete removes the key; an absent one too, which is a write like any other.
func (t *MemtableTransaction) Delete(key []byte) error {
	return ended(t, capi.MemtableTransactionRemove(t.raw(), key))
}

// MultiWrite writes many keys in one crossing to C, one after the other. It stops at the first that fails;
// written is the number that were made, which stay.
func (t *MemtableTransaction) MultiWrite(records []MemtableRecord) (written int, err error) {
	call := takeFlat()
	defer call.release()
	if err := call.setWrites(records); err != nil {
		return 0, err
	}
	count := new(uintptr)
	err = ended(t, capi.MemtableTransactionMultiWrite(t.raw(), call.keys, call.keySizes, call.values,
		call.valueSizes, count))
	return int(*count), err
}

// Get returns the value in memory of its own, and whether the key exists. O(size + log versions of the
// key), as are all reads of one key.
func (t *MemtableTransaction) Get(key []byte) (value []byte, ok bool, err error) {
	return getValue(func(dst []byte) int64 { return t.read(dst, key) })
}

// AppendGet appends the value to dst, which grows as needed, and returns the result, and whether the
// key exists. With a dst that is used again it allocates nothing.
func (t *MemtableTransaction) AppendGet(dst, key []byte) (value []byte, ok bool, err error) {
	return appendValue(dst, func(dst []byte) int64 { return t.read(dst, key) })
}

// GetInto copies the value to the beginning of dst, and returns the value's size, and whether the key
// exists. ErrBufferTooSmall when it does not fit: nothing is copied, and the size is what is needed.
func (t *MemtableTransaction) GetInto(dst, key []byte) (size int, ok bool, err error) {
	return copyValue(dst, func(dst []byte) int64 { return t.read(dst, key) })
}

func (t *MemtableTransaction) read(dst, key []byte) int64 {
	answer := capi.MemtableTransactionGet(t.raw(), key, dst)
	runtime.KeepAlive(t)
	return answer
}

// GetPin hands out the value as a pin: nothing is copied but values of 56 bytes and less. nil without an
// error when the key does not exist.
func (t *MemtableTransaction) GetPin(key []byte) (*Pin, error) {
	pin := new(Pin)
	outcome := capi.MemtableTransactionGetPin(t.raw(), key, &pin.native)
	runtime.KeepAlive(t)
	return pinOf(pin, outcome)
}

// Contains says whether the key exists.
func (t *MemtableTransaction) Contains(key []byte) (bool, error) {
	return found(t, capi.MemtableTransactionContains(t.raw(), key), capi.NotFound)
}

// MultiGet reads many keys at the transaction's one moment, in one crossing to C. values[i] is that of
// keys[i], or nil if that does not exist; an empty value is not nil. The values share one allocation.
func (t *MemtableTransaction) MultiGet(keys [][]byte) (values [][]byte, err error) {
	values, _, err = t.AppendMultiGet(make([][]byte, 0, len(keys)), nil, keys)
	if err != nil {
		return nil, err
	}
	return values, nil
}

// AppendMultiGet is MultiGet for memory that is used again: it appends the values to values, and what
// they consist of to memory, which both grow as needed, and returns the results.
func (t *MemtableTransaction) AppendMultiGet(values [][]byte, memory []byte, keys [][]byte) (
	[][]byte, []byte, error) {
	return appendMany(values, memory, keys, func(call *flat) error {
		return ended(t, capi.MemtableTransactionMultiGet(t.raw(), call.keys, call.keySizes,
			&call.native.Buffer, call.valueSizes))
	})
}

// Commit makes all writes visible at once. timestamp is the commit's, 0 when nothing was written. It cannot
// conflict: conflicts show at the write. O(keys written).
func (t *MemtableTransaction) Commit() (timestamp uint64, err error) {
	err = t.finish(capi.MemtableTransactionCommit(t.raw(), &timestamp))
	return timestamp, err
}

// Rollback takes all writes back. O(keys written).
func (t *MemtableTransaction) Rollback() error {
	return t.finish(capi.MemtableTransactionRollback(t.raw()))
}

// Close rolls back what is not committed. Closing again is no error.
func (t *MemtableTransaction) Close() error {
	if t == nil {
		return nil
	}
	return t.native.close(capi.MemtableTransactionClose)
}

// finish lets the cursors know of an end that has succeeded.
func (t *MemtableTransaction) finish(outcome capi.Outcome) error {
	err := ended(t, outcome)
	if err == nil {
		t.native.closed.Store(true)
	}
	return err
}

// Cursor opens a cursor at the transaction's moment, which also sees the transaction's own writes; those
// made later may or may not be seen. nil options are the defaults. It stands before the first record.
func (t *MemtableTransaction) Cursor(options *MemtableCursorOptions) (*MemtableCursor, error) {
	if options == nil {
		options = new(MemtableCursorOptions)
	}
	var handle capi.MemtableCursor
	err := ended(t, capi.MemtableTransactionCursor(t.raw(), options.Prefix, options.KeysOnly,
		options.Tombstones, &handle))
	if err != nil {
		return nil, err
	}
	return newMemtableCursor(handle, t.tableClosed, t.native.closed), nil
}

package stave

import (
	"io"
	"runtime"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// Memtable is a multi-version table in memory: bytes under exact keys, with the versions of each key that
// somebody may still read. Readers see one moment and take no lock; the first writer of a key wins; a
// commit of any number of keys is visible as a whole or not at all. There are two ways to use it, chosen
// when it is made:
//
//   - TimestampsManaged: the table keeps the time. Transactions (Transact, Begin) read at the moment of
//     their begin and see their own writes; snapshots (Snapshot) read at the moment of theirs. Old
//     versions are freed when nobody can see them. This is what most programs want.
//   - TimestampsExplicit: the caller brings the timestamps. Transactions are numbers, reads and commits
//     (Read, Write, Commit, Abort and what begins like them, Cursor) say at which timestamp, and only
//     Prune frees. For engines with a clock of their own.
//
// A version is visible to a snapshot with timestamp s if it is committed at a timestamp below s; the
// newest such one counts. A transaction sees its own uncommitted write of a key first. A removed key has a
// version too, so that the removal can be seen or not be seen.
//
// A write is ErrConflict, and changes nothing, while another transaction has an uncommitted write of the
// key; in a managed table also if a version of the key was committed after the transaction began. To try
// again, roll back and begin anew. This is snapshot isolation: no lost updates, no reads of uncommitted or
// changing data; two transactions that each write what the other only reads can both commit.
//
// Keys have 0 to 65,535 bytes, values 0 to 1 GiB; beyond: ErrTooLarge, and nothing is written. Commit
// timestamps are from 1 to 2^63-1.
//
// Any number of goroutines may use a table and its snapshots at the same time; a transaction belongs to
// one at a time, its cursors included.
//
// Methods of a nil or zero Memtable return ErrInvalidArgument.
//
// Errors of every method: ErrInvalidArgument (also for what belongs to the other kind of table), ErrClosed,
// ErrNoMemory (nothing is changed).
type Memtable struct{ native *native[capi.Memtable] }

var _ io.Closer = (*Memtable)(nil)

// NewMemtable makes an empty table. nil options are the defaults.
func NewMemtable(options *MemtableOptions) (*Memtable, error) {
	native := options.native()
	defer capi.DeleteMemtableOptions(native)
	var handle capi.Memtable
	if err := errorOf(capi.MemtableCreate(native, &handle)); err != nil {
		return nil, err
	}
	return &Memtable{newNative(handle, capi.MemtableFree)}, nil
}

// raw is NULL for a nil table, which C refuses.
func (m *Memtable) raw() capi.Memtable {
	if m == nil {
		return 0
	}
	return m.native.raw()
}

// Close ends the table; uncommitted writes are lost. Transactions, snapshots and cursors return ErrClosed
// afterwards; pins keep their bytes. Closing again is no error. ErrBusy from inside a callback of the
// table. The memory goes with the last of the table, its transactions, snapshots and cursors. O(keys).
func (m *Memtable) Close() error {
	if m == nil {
		return nil
	}
	return m.native.close(capi.MemtableClose)
}

// Options are the options that the table was made with.
func (m *Memtable) Options() (*MemtableOptions, error) {
	return readMemtableOptions(func(native capi.MemtableOptions) capi.Outcome {
		defer runtime.KeepAlive(m)
		return capi.MemtableOptionsGet(m.raw(), native)
	})
}

// Len is the number of keys whose newest committed version is a value. Exact when nobody commits. O(1).
func (m *Memtable) Len() (uint64, error) {
	var size uint64
	err := ended(m, capi.MemtableSize(m.raw(), &size))
	return size, err
}

// SizeBytes is the memory of keys, versions and values, uncommitted ones included. O(1).
func (m *Memtable) SizeBytes() (uint64, error) {
	var size uint64
	err := ended(m, capi.MemtableSizeBytes(m.raw(), &size))
	return size, err
}

// IsEmpty says whether there is no version of any key: no value, no removal, no uncommitted write.
func (m *Memtable) IsEmpty() (bool, error) {
	var isEmpty bool
	err := ended(m, capi.MemtableIsEmpty(m.raw(), &isEmpty))
	return isEmpty, err
}

// Prune frees versions, and says how many.
//
// Explicit: all that no snapshot with a timestamp of oldest or above can see. Each key's newest version
// below oldest stays, be it a removal, and everything newer. Reads below oldest are ErrTooOld from now on,
// for ever. O(versions).
//
// Managed: oldest must be 0. Frees at once what the library would free by itself: all that no open
// transaction, snapshot or cursor can see. O(versions that some which have ended could see).
func (m *Memtable) Prune(oldest uint64) (pruned uint64, err error) {
	err = ended(m, capi.MemtablePrune(m.raw(), oldest, &pruned))
	return pruned, err
}

// Clear removes everything at one moment. ErrBusy while a transaction that has written (managed: any
// transaction, snapshot or cursor) is open. O(keys).
func (m *Memtable) Clear() error { return ended(m, capi.MemtableClear(m.raw())) }

// Stats returns the figures of this moment. O(1).
func (m *Memtable) Stats() (MemtableStats, error) {
	return readMemtableStats(func(native capi.MemtableStats) capi.Outcome {
		defer runtime.KeepAlive(m)
		return capi.MemtableStatsGet(m.raw(), native)
	})
}

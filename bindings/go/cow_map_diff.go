package stave

import (
	"io"
	"runtime"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// ChangeKind says how a key differs between two maps.
type ChangeKind uint32

// The kinds.
const (
	// ChangeAdded: only the second map has the key.
	ChangeAdded ChangeKind = capi.ChangeAdded
	// ChangeChanged: both have it, with different values.
	ChangeChanged ChangeKind = capi.ChangeChanged
	// ChangeRemoved: only the first map has it.
	ChangeRemoved ChangeKind = capi.ChangeRemoved
)

// String is the kind's name: "added", "changed", "removed".
func (k ChangeKind) String() string { return nameOf(uint32(k), "none", "added", "changed", "removed") }

// CowMapChange is what differs about one key.
type CowMapChange struct {
	Kind   ChangeKind // how it differs
	Before []byte     // the value in the first map, nil if it has none; an empty one is not nil
	After  []byte     // the value in the second map, in the same way
}

// CowMapDiff visits what leads from one map to another, as both were when the diff was opened, each key
// once, in no particular order:
//
//	for diff.Next() {
//		use(diff.Key(), diff.Change())
//	}
//	if err := diff.Err(); err != nil { ... }
//
// Where one map was cloned from the other, or both from a third, the whole walk takes time in proportion
// to what was written to them since; for others it is O(entries). One goroutine at a time. ErrClosed once
// one of the maps is closed.
//
// Methods of a nil or zero CowMapDiff find nothing, and Err is ErrInvalidArgument.
type CowMapDiff struct {
	walk   walk[capi.CowMapDiff]
	kind   uint32
	key    int64
	values []byte    // the one after behind the one before
	sizes  [2]uint64 // may be capi.Absent
}

var _ io.Closer = (*CowMapDiff)(nil)

// Diff opens a diff that leads from this map to `after`, which may be any map. It stands before the first
// change.
func (m *CowMap) Diff(after *CowMap) (*CowMapDiff, error) {
	var handle capi.CowMapDiff
	outcome := capi.CowMapDiffOpen(m.raw(), after.raw(), &handle)
	runtime.KeepAlive(m)
	runtime.KeepAlive(after)
	if outcome != capi.OK {
		return nil, errorOf(outcome)
	}
	diff := &CowMapDiff{walk: newWalk(handle, capi.CowMapDiffFree, m.native.closed, after.native.closed)}
	diff.values = []byte{} // an empty value is not nil
	return diff, nil
}

func (d *CowMapDiff) isNil() bool { return d == nil || d.walk.native == nil }

// Next moves to the next key that differs and says whether there is one. When there is none Err is nil,
// then and ever after. After ErrNoMemory it may be called again.
func (d *CowMapDiff) Next() bool {
	return !d.isNil() && d.walk.next(func(handle capi.CowMapDiff) capi.Outcome {
		d.values = d.values[:cap(d.values)]
		outcome := capi.CowMapDiffNext(handle, d.values, &d.kind, &d.key, d.sizes[:])
		for outcome == capi.OK && sizeOf(d.sizes[0])+sizeOf(d.sizes[1]) > uint64(len(d.values)) {
			d.values = make([]byte, sizeOf(d.sizes[0])+sizeOf(d.sizes[1]))
			outcome = capi.CowMapDiffValues(handle, d.values, d.sizes[:])
		}
		return outcome
	})
}

// Key is the current key. 0 when the diff stands on none; then Err says why.
func (d *CowMapDiff) Key() int64 {
	if d.isNil() || !d.walk.stands() {
		return 0
	}
	return d.key
}

// Change is how the current key differs, with values that are valid until the next call of Next. Its zero
// value when the diff stands on no key; then Err says why.
func (d *CowMapDiff) Change() CowMapChange {
	if d.isNil() || !d.walk.stands() {
		return CowMapChange{}
	}
	return d.current()
}

func (d *CowMapDiff) current() CowMapChange {
	change := CowMapChange{Kind: ChangeKind(d.kind)}
	before, after := sizeOf(d.sizes[0]), sizeOf(d.sizes[0])+sizeOf(d.sizes[1])
	if d.sizes[0] != capi.Absent {
		change.Before = d.values[:before:before]
	}
	if d.sizes[1] != capi.Absent {
		change.After = d.values[before:after:after]
	}
	return change
}

// Err is the error of the last call, or nil.
func (d *CowMapDiff) Err() error {
	if d.isNil() {
		return errNilCursor
	}
	return d.walk.err
}

// Close ends the diff, once the call inside it, if any, has returned. Closing again is no error.
func (d *CowMapDiff) Close() error {
	if d.isNil() {
		return nil
	}
	return d.walk.close(capi.CowMapDiffClose)
}

// All is an iterator over the changes that are left, for range. Values are valid until the next one. It
// ends early at an error: ask Err behind the loop.
//
//	for key, change := range diff.All() { ... }
func (d *CowMapDiff) All() func(yield func(key int64, change CowMapChange) bool) {
	return func(yield func(key int64, change CowMapChange) bool) {
		for d.Next() {
			// As Next found them: a Close meanwhile must not take one of the two away.
			if !yield(d.key, d.current()) {
				return
			}
		}
	}
}

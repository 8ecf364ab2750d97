package stave

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

func newMemtable(t testing.TB, text string) *Memtable {
	t.Helper()
	options := DefaultMemtableOptions()
	check(t, options.Set(text))
	table, err := NewMemtable(options)
	check(t, err)
	t.Cleanup(func() { check(t, table.Close()) })
	return table
}

// committed writes the records in a transaction of their own.
func committed(t testing.TB, table *Memtable, records ...MemtableRecord) {
	t.Helper()
	_, err := table.Transact(func(transaction *MemtableTransaction) error {
		written, err := transaction.MultiWrite(records)
		checkEqual(t, len(records), written)
		return err
	})
	check(t, err)
}

func put(key, value string) MemtableRecord { return MemtableRecord{Key: b(key), Value: b(value)} }
func removal(key string) MemtableRecord    { return MemtableRecord{Key: b(key), Deleted: true} }

// visitedBy is what a cursor visits, "key=value" or "key deleted" for each.
func visitedBy(t testing.TB, cursor *MemtableCursor, err error) map[string]bool {
	t.Helper()
	check(t, err)
	seen := map[string]bool{}
	for cursor.Next() {
		line := string(cursor.Key()) + "=" + string(cursor.Value())
		if cursor.Deleted() {
			line = string(cursor.Key()) + " deleted"
		}
		checkEqual(t, cursor.Deleted(), cursor.Value() == nil)
		checkEqual(t, false, seen[line])
		seen[line] = true
	}
	check(t, cursor.Err())
	check(t, cursor.Close())
	return seen
}

func checkVisited(t testing.TB, want ...string) func(cursor *MemtableCursor, err error) {
	t.Helper()
	return func(cursor *MemtableCursor, err error) {
		t.Helper()
		seen := visitedBy(t, cursor, err)
		checkEqual(t, len(want), len(seen))
		for _, line := range want {
			checkEqual(t, true, seen[line])
		}
	}
}

// checkRead demands what Read and its siblings answer: the value, or "" and the state.
func checkRead(t testing.TB, want string, wantState KeyState) func([]byte, KeyState, error) {
	t.Helper()
	return func(value []byte, state KeyState, err error) {
		t.Helper()
		check(t, err)
		checkEqual(t, wantState, state)
		checkEqual(t, want, string(value))
		checkEqual(t, wantState == KeyExists || want != "", value != nil)
	}
}

func TestMemtableTransaction(t *testing.T) {
	table := newMemtable(t, "")
	committed(t, table, put("k", "old"), put("gone", "old"), put("empty", ""))
	transaction, err := table.Begin()
	check(t, err)
	id, err := transaction.ID()
	checkTrue(t, id != 0, err)
	snapshot, err := transaction.Snapshot()
	checkTrue(t, snapshot == 2, err)
	committed(t, table, put("k", "new"), removal("gone"))
	checkResult(t, "old", true)(transaction.Get(b("k")))
	checkResult(t, "old", true)(transaction.Get(b("gone")))
	checkResult(t, "", true)(transaction.Get(b("empty")))
	checkResult(t, "", false)(transaction.Get(b("absent")))
	check(t, transaction.Put(b("mine"), b("value")))
	check(t, transaction.Delete(b("empty")))
	checkResult(t, "value", true)(transaction.Get(b("mine")))
	ok, err := transaction.Contains(b("empty"))
	checkFalse(t, ok, err)
	checkVisited(t, "k=old", "gone=old", "mine=value")(transaction.Cursor(nil))
	timestamp, err := transaction.Commit()
	checkTrue(t, timestamp == 3, err)
	_, err = transaction.Commit()
	checkIs(t, ErrClosed, err)
	reads, err := table.Snapshot()
	check(t, err)
	checkVisited(t, "k=new", "mine=value")(reads.Cursor(nil))
	timestamp, err = reads.Timestamp()
	checkTrue(t, timestamp == 4, err)
	size, err := table.Len()
	checkTrue(t, size == 2, err)
}

// The first writer wins, and a transaction does not write over what was committed since it began.
func TestMemtableConflict(t *testing.T) {
	table := newMemtable(t, "")
	first, err := table.Begin()
	check(t, err)
	second, err := table.Begin()
	check(t, err)
	check(t, first.Put(b("k"), b("first")))
	checkIs(t, ErrConflict, second.Put(b("k"), b("second")))
	checkIs(t, ErrConflict, second.Delete(b("k")))
	written, err := second.MultiWrite([]MemtableRecord{put("other", "second"), put("k", "second")})
	checkIs(t, ErrConflict, err)
	checkEqual(t, 1, written)
	_, err = first.Commit()
	check(t, err)
	checkIs(t, ErrConflict, second.Put(b("k"), b("second")))
	check(t, second.Rollback())
	snapshot, err := table.Snapshot()
	check(t, err)
	checkVisited(t, "k=first")(snapshot.Cursor(nil))
}

func TestMemtableTransact(t *testing.T) {
	table := newMemtable(t, "")
	oh := errors.New("oh")
	put := func(transaction *MemtableTransaction) { check(t, transaction.Put(b("k"), b("v"))) }
	_, err := table.Transact(func(transaction *MemtableTransaction) error { put(transaction); return oh })
	checkEqual(t, oh, err)
	func() {
		defer func() { checkEqual(t, "oh", recover()) }()
		_, _ = table.Transact(func(transaction *MemtableTransaction) error { put(transaction); panic("oh") })
	}()
	isEmpty, err := table.IsEmpty()
	checkTrue(t, isEmpty, err)
	timestamp, err := table.Transact(func(*MemtableTransaction) error { return nil })
	checkTrue(t, timestamp == 0, err)
	var kept *MemtableTransaction
	timestamp, err = table.Transact(func(transaction *MemtableTransaction) error {
		kept = transaction
		put(transaction)
		return nil
	})
	checkTrue(t, timestamp == 1, err)
	checkIs(t, ErrClosed, kept.Put(b("k"), b("v")))
	_, err = table.Transact(func(transaction *MemtableTransaction) error {
		_, err := table.Transact(func(inner *MemtableTransaction) error {
			put(inner)
			return nil
		})
		check(t, err)
		return transaction.Put(b("k"), b("outer"))
	})
	checkIs(t, ErrConflict, err)
	_, err = table.Transact(nil)
	checkIs(t, ErrInvalidArgument, err)
	stats, err := table.Stats()
	checkTrue(t, stats.Snapshots == 0, err)
}

// moment is what a transaction and a snapshot have in common.
type moment interface {
	Get(key []byte) ([]byte, bool, error)
	AppendGet(dst, key []byte) ([]byte, bool, error)
	GetInto(dst, key []byte) (int, bool, error)
	GetPin(key []byte) (*Pin, error)
	Contains(key []byte) (bool, error)
	MultiGet(keys [][]byte) ([][]byte, error)
	AppendMultiGet(values [][]byte, memory []byte, keys [][]byte) ([][]byte, []byte, error)
	Cursor(options *MemtableCursorOptions) (*MemtableCursor, error)
	Close() error
}

func momentsOf(t testing.TB, table *Memtable) map[string]moment {
	t.Helper()
	transaction, err := table.Begin()
	check(t, err)
	snapshot, err := table.Snapshot()
	check(t, err)
	return map[string]moment{"transaction": transaction, "snapshot": snapshot}
}

func TestMemtableReads(t *testing.T) {
	table := newMemtable(t, "")
	large := strings.Repeat("large ", 10000)
	committed(t, table, put("small", "value"), put("", ""), put("large", large), removal("gone"))
	for name, reads := range momentsOf(t, table) {
		t.Run(name, func(t *testing.T) {
			for key, value := range map[string]string{"small": "value", "": "", "large": large} {
				checkResult(t, value, true)(reads.Get(b(key)))
				checkResult(t, "> "+value, true)(reads.AppendGet(b("> "), b(key)))
				dst := make([]byte, len(value))
				size, ok, err := reads.GetInto(dst, b(key))
				checkTrue(t, ok, err)
				checkEqual(t, value, string(dst[:size]))
				ok, err = reads.Contains(b(key))
				checkTrue(t, ok, err)
				pin, err := reads.GetPin(b(key))
				check(t, err)
				check(t, pin.View(func(pinned []byte) error {
					checkEqual(t, value, string(pinned))
					return nil
				}))
			}
			size, ok, err := reads.GetInto(make([]byte, 4), b("small"))
			checkIs(t, ErrBufferTooSmall, err)
			checkEqual(t, true, !ok && size == 5)
			pin, err := reads.GetPin(b("gone"))
			check(t, err)
			checkEqual(t, true, pin == nil)
			values, err := reads.MultiGet([][]byte{b("small"), b("gone"), b(""), b("large")})
			check(t, err)
			checkEqual(t, true, len(values) == 4 && string(values[0]) == "value" && values[1] == nil &&
				values[2] != nil && len(values[2]) == 0 && string(values[3]) == large)
			values, memory, err := reads.AppendMultiGet(values[:1], b("m"), [][]byte{nil, b("small")})
			check(t, err)
			checkEqual(t, true, len(values) == 3 && string(values[2]) == "value" && string(memory) == "mvalue")
			_, err = reads.MultiGet([][]byte{make([]byte, 1<<16)})
			check(t, err)
		})
	}
}

func TestMemtableExplicit(t *testing.T) {
	table := newMemtable(t, "timestamps=explicit")
	check(t, table.Write(b("k"), b("value"), 7))
	checkRead(t, "", KeyAbsent)(table.Read(b("k"), 100, 0))
	checkRead(t, "value", KeyExists)(table.Read(b("k"), 1, 7))
	check(t, table.WriteTombstone(b("gone"), 7))
	conflict, err := table.HasWriteConflict(b("k"), 8)
	checkTrue(t, conflict, err)
	conflict, err = table.HasWriteConflict(b("k"), 7)
	checkFalse(t, conflict, err)
	checkIs(t, ErrConflict, table.Write(b("k"), b("other"), 8))
	checkIs(t, ErrInvalidArgument, table.Commit(7, 10, [][]byte{b("k")}))
	check(t, table.Commit(7, 10, [][]byte{b("k"), b("gone")}))
	checkRead(t, "", KeyAbsent)(table.Read(b("k"), 10, 0))
	checkRead(t, "value", KeyExists)(table.Read(b("k"), math.MaxUint64, 0))
	checkRead(t, "", KeyDeleted)(table.Read(b("gone"), 11, 0))
	checkRead(t, "> value", KeyExists)(table.AppendRead(b("> "), b("k"), 11, 0))
	checkRead(t, "> ", KeyDeleted)(table.AppendRead(b("> "), b("gone"), 11, 0))
	for key, want := range map[string]KeyState{"k": KeyExists, "gone": KeyDeleted, "absent": KeyAbsent} {
		dst := make([]byte, 5)
		size, state, err := table.ReadInto(dst, b(key), 11, 0)
		check(t, err)
		checkEqual(t, want, state)
		checkEqual(t, want == KeyExists, string(dst[:size]) == "value")
		pin, state, err := table.ReadPin(b(key), 11, 0)
		check(t, err)
		checkEqual(t, want, state)
		checkEqual(t, want == KeyExists, pin != nil)
	}
	size, state, err := table.ReadInto(nil, b("k"), 11, 0)
	checkIs(t, ErrBufferTooSmall, err)
	checkEqual(t, true, size == 5 && state == KeyAbsent)
	written, err := table.MultiWrite([]MemtableRecord{put("a", "1"), removal("k"), put("empty", "")}, 9)
	checkTrue(t, written == 3, err)
	values, states, err := table.MultiRead([][]byte{b("a"), b("k"), b("empty"), b("absent")}, 11, 9)
	check(t, err)
	checkEqual(t, "[exists deleted exists absent]", fmt.Sprint(states))
	checkEqual(t, true, string(values[0]) == "1" && values[1] == nil && values[2] != nil && values[3] == nil)
	check(t, table.Abort(9, [][]byte{b("a"), b("k"), b("unknown")}))
	check(t, table.Commit(9, 20, [][]byte{b("empty")}))
	checkVisited(t, "k=value", "empty=")(table.Cursor(21, 0, nil))
	checkVisited(t, "k=value", "gone deleted")(table.Cursor(20, 0, &MemtableCursorOptions{Tombstones: true}))
	stats, err := table.Stats()
	checkTrue(t, stats.Transactions == 0 && stats.Versions == 3 && stats.Keys == 2, err)
}

func TestMemtablePrune(t *testing.T) {
	table := newMemtable(t, "timestamps=explicit")
	for timestamp := uint64(10); timestamp <= 30; timestamp += 10 {
		check(t, table.Write(b("k"), b(fmt.Sprint(timestamp)), 1))
		check(t, table.Commit(1, timestamp, [][]byte{b("k")}))
	}
	cursor, err := table.Cursor(15, 0, nil)
	check(t, err)
	pruned, err := table.Prune(21)
	checkTrue(t, pruned == 1, err)
	_, _, err = table.Read(b("k"), 20, 0)
	checkIs(t, ErrTooOld, err)
	checkRead(t, "20", KeyExists)(table.Read(b("k"), 21, 0))
	checkEqual(t, false, cursor.Next())
	checkIs(t, ErrTooOld, cursor.Err())
	size, err := table.SizeBytes()
	checkTrue(t, size > 0, err)
	check(t, table.Clear())
	isEmpty, err := table.IsEmpty()
	checkTrue(t, isEmpty, err)

	managed := newMemtable(t, "background=0")
	_, err = managed.Prune(1)
	checkIs(t, ErrInvalidArgument, err)
	committed(t, managed, put("k", "1"))
	snapshot, err := managed.Snapshot()
	check(t, err)
	committed(t, managed, put("k", "2"))
	checkIs(t, ErrBusy, managed.Clear())
	check(t, snapshot.Close())
	pruned, err = managed.Prune(0)
	checkTrue(t, pruned == 1, err)
	check(t, managed.Clear())
}

// A callback may do anything with the table but close it, and its failure comes out as it is.
func TestMemtableReadWith(t *testing.T) {
	table := newMemtable(t, "timestamps=explicit")
	large := strings.Repeat("x", 1000)
	_, err := table.MultiWrite([]MemtableRecord{put("small", "value"), put("large", large), removal("gone")}, 1)
	check(t, err)
	check(t, table.Commit(1, 1, [][]byte{b("small"), b("large"), b("gone")}))
	for key, want := range map[string]string{"small": "value", "large": large} {
		calls := 0
		state, err := table.ReadWith(b(key), 2, 0, func(value []byte) error {
			calls++
			_, err := table.ReadWith(b(key), 2, 0, func(inner []byte) error {
				if string(inner) != want || string(value) != want {
					return fmt.Errorf("%q, %q", inner, value)
				}
				calls++
				return nil
			})
			if err := table.Close(); !errors.Is(err, ErrBusy) {
				return fmt.Errorf("closed inside: %v", err)
			}
			if err == nil {
				err = table.Write(b("copy of "+key), value, 2)
			}
			return err
		})
		check(t, err)
		checkEqual(t, true, state == KeyExists && calls == 2)
		checkRead(t, want, KeyExists)(table.Read(b("copy of "+key), 2, 2))
	}
	none := func([]byte) error { panic("called") }
	for key, want := range map[string]KeyState{"gone": KeyDeleted, "absent": KeyAbsent} {
		state, err := table.ReadWith(b(key), 2, 0, none)
		check(t, err)
		checkEqual(t, want, state)
	}
	oh := errors.New("oh")
	for _, failing := range []error{oh, ErrNotFound, ErrClosed} {
		state, err := table.ReadWith(b("small"), 2, 0, func([]byte) error { return failing })
		checkEqual(t, true, err == failing && state == KeyAbsent)
	}
	_, err = table.ReadWith(b("small"), 2, 0, none)
	var panicked *PanicError
	checkEqual(t, true, errors.As(err, &panicked) && panicked.Value == "called")
	_, err = table.ReadWith(b("small"), 2, 0, func([]byte) error { panic(nil) })
	checkEqual(t, true, errors.As(err, &panicked) && panicked.Value == nil)
	_, err = table.ReadWith(b("small"), 2, 0, nil)
	checkIs(t, ErrInvalidArgument, err)
}

func TestMemtableCursor(t *testing.T) {
	table := newMemtable(t, "")
	long := strings.Repeat("x", 300)
	committed(t, table, put("", ""), put("a1", "one"), put("a2", long), put("b", "three"), removal("a3"))
	for name, reads := range momentsOf(t, table) {
		t.Run(name, func(t *testing.T) {
			checkVisited(t, "=", "a1=one", "a2="+long, "b=three")(reads.Cursor(nil))
			checkVisited(t, "a1=one", "a2="+long)(reads.Cursor(&MemtableCursorOptions{Prefix: b("a")}))
			checkVisited(t, "a1=", "a2=")(reads.Cursor(&MemtableCursorOptions{Prefix: b("a"), KeysOnly: true}))
			_, err := reads.Cursor(&MemtableCursorOptions{Tombstones: true})
			checkIs(t, ErrInvalidArgument, err)
			cursor, err := reads.Cursor(nil)
			check(t, err)
			checkEqual(t, true, cursor.Key() == nil && !cursor.Deleted())
			checkIs(t, ErrInvalidArgument, cursor.Err())
			seen := 0
			for seen < 4 {
				cursor.All()(func(key, value []byte) bool {
					checkEqual(t, true, key != nil && value != nil)
					seen++
					return false // and on from there
				})
			}
			checkEqual(t, false, cursor.Next())
			check(t, cursor.Err())
			checkEqual(t, true, cursor.Value() == nil)
			checkIs(t, ErrInvalidArgument, cursor.Err())
		})
	}
}

func TestMemtableNextMany(t *testing.T) {
	table := newMemtable(t, "timestamps=explicit")
	var records []MemtableRecord
	var keys [][]byte
	for i := uint64(0); i < 1000; i++ {
		keys = append(keys, counterKey(i))
		records = append(records, MemtableRecord{Key: counterKey(i), Value: counterKey(i), Deleted: i%10 == 0})
	}
	_, err := table.MultiWrite(records, 1)
	check(t, err)
	check(t, table.Commit(1, 1, keys))
	cursor, err := table.Cursor(2, 0, &MemtableCursorOptions{Tombstones: true})
	check(t, err)
	seen, deleted := map[string]bool{}, 0
	for {
		many, err := cursor.NextMany(30, 1<<20)
		check(t, err)
		checkEqual(t, true, cursor.Value() == nil)
		if len(many) == 0 {
			break
		}
		for _, record := range many {
			checkEqual(t, false, seen[string(record.Key)])
			seen[string(record.Key)] = true
			if record.Deleted {
				checkEqual(t, true, record.Value == nil)
				deleted++
			} else {
				checkEqual(t, string(record.Key), string(record.Value))
			}
		}
	}
	checkEqual(t, true, len(seen) == 1000 && deleted == 100)
	cursor, err = table.Cursor(2, 0, nil)
	check(t, err)
	many, err := cursor.NextMany(math.MaxInt, 0)
	checkTrue(t, len(many) == 1, err)
	_, err = cursor.NextMany(-1, 0)
	checkIs(t, ErrInvalidArgument, err)
	_, err = cursor.NextMany(1, -1)
	checkIs(t, ErrInvalidArgument, err)
}

func TestMemtableOptions(t *testing.T) {
	options := DefaultMemtableOptions()
	checkEqual(t, MemtableOptions{TimestampsManaged, 0, true}, *options)
	check(t, options.Set("timestamps=explicit capacity=1000, background=0"))
	checkEqual(t, MemtableOptions{TimestampsExplicit, 1000, false}, *options)
	checkEqual(t, "managed explicit", TimestampsManaged.String()+" "+TimestampsExplicit.String())
	checkIs(t, ErrInvalidArgument, options.Set("timestamps=other"))
	checkIs(t, ErrInvalidArgument, options.Set("capacity=1\x00"))
	checkIs(t, ErrInvalidArgument, (*MemtableOptions)(nil).Set(""))
	text, err := DescribeMemtableOptions()
	check(t, err)
	checkEqual(t, true, strings.HasPrefix(text, "timestamps="))
	_, err = NewMemtable(&MemtableOptions{})
	checkIs(t, ErrInvalidArgument, err)
	table, err := NewMemtable(options)
	check(t, err)
	inForce, err := table.Options()
	check(t, err)
	checkEqual(t, *options, *inForce)
	_, err = table.Begin()
	checkIs(t, ErrInvalidArgument, err)
	_, err = table.Snapshot()
	checkIs(t, ErrInvalidArgument, err)
	checkIs(t, ErrTooLarge, table.Write(make([]byte, 1<<16), nil, 1))
}

package main

import "github.com/stavedb/stave/bindings/go"

func init() {
	for name, verb := range memtableChildVerbs {
		verbs[name] = verb
	}
	for name, verb := range memtableReadVerbs {
		verbs["memtable_transaction."+name] = verb
		verbs["memtable_snapshot."+name] = verb
	}
}

func (a arguments) transaction() *stave.MemtableTransaction {
	return a.handle.(*stave.MemtableTransaction)
}

func (a arguments) memtableCursor() *stave.MemtableCursor { return a.handle.(*stave.MemtableCursor) }

// moment is what transactions and snapshots have in common.
type moment interface {
	Get(key []byte) ([]byte, bool, error)
	GetInto(dst, key []byte) (int, bool, error)
	GetPin(key []byte) (*stave.Pin, error)
	Contains(key []byte) (bool, error)
	MultiGet(keys [][]byte) ([][]byte, error)
	Cursor(options *stave.MemtableCursorOptions) (*stave.MemtableCursor, error)
	Close() error
}

func (a arguments) moment() moment { return a.handle.(moment) }

var memtableReadVerbs = map[string]verb{
	"get": func(_ *testee, a arguments) (reply, error) { return value(a.moment().Get(a.bytes(0))) },
	"get_into": func(_ *testee, a arguments) (reply, error) {
		data := make([]byte, a.number(1))
		size, ok, err := a.moment().GetInto(data, a.bytes(0))
		return copied(data, size, ok, err)
	},
	"get_pin": func(_ *testee, a arguments) (reply, error) { return pinned(a.moment().GetPin(a.bytes(0))) },
	"contains": func(_ *testee, a arguments) (reply, error) {
		ok, err := a.moment().Contains(a.bytes(0))
		return either(ok, stave.ErrNotFound, err)
	},
	"multi_get": func(_ *testee, a arguments) (reply, error) {
		return valuesOrAbsent(a.moment().MultiGet(a.allBytes()))
	},
	"cursor": func(_ *testee, a arguments) (reply, error) {
		return made(a.moment().Cursor(a.memtableCursorOptions()))
	},
	"scan": func(_ *testee, a arguments) (reply, error) {
		return visitedAll(a.moment().Cursor(a.memtableCursorOptions()))
	},
	"close": func(_ *testee, a arguments) (reply, error) { return done(a.moment().Close()) },
}

var memtableChildVerbs = map[string]verb{
	"memtable_transaction.id": func(_ *testee, a arguments) (reply, error) {
		id, err := a.transaction().ID()
		return result(number(id), err)
	},
	"memtable_transaction.snapshot": func(_ *testee, a arguments) (reply, error) {
		timestamp, err := a.transaction().Snapshot()
		return result(number(timestamp), err)
	},
	"memtable_transaction.put": func(_ *testee, a arguments) (reply, error) {
		return done(a.transaction().Put(a.bytes(0), a.bytes(1)))
	},
	"memtable_transaction.remove": func(_ *testee, a arguments) (reply, error) {
		return done(a.transaction().Delete(a.bytes(0)))
	},
	"memtable_transaction.multi_write": func(_ *testee, a arguments) (reply, error) {
		return wrote(a.transaction().MultiWrite(a.memtableRecords()))
	},
	"memtable_transaction.commit": func(_ *testee, a arguments) (reply, error) {
		timestamp, err := a.transaction().Commit()
		return result(number(timestamp), err)
	},
	"memtable_transaction.rollback": func(_ *testee, a arguments) (reply, error) {
		return done(a.transaction().Rollback())
	},

	"memtable_snapshot.timestamp": func(_ *testee, a arguments) (reply, error) {
		timestamp, err := a.handle.(*stave.MemtableSnapshot).Timestamp()
		return result(number(timestamp), err)
	},

	"memtable_cursor.next": func(_ *testee, a arguments) (reply, error) {
		return moved(a.memtableCursor().Next(), a.memtableCursor().Err)
	},
	"memtable_cursor.key": func(_ *testee, a arguments) (reply, error) {
		key := a.memtableCursor().Key()
		return result(quote(key), a.memtableCursor().Err())
	},
	"memtable_cursor.value": func(_ *testee, a arguments) (reply, error) {
		value := a.memtableCursor().Value()
		return result(quote(value), a.memtableCursor().Err())
	},
	"memtable_cursor.deleted": func(_ *testee, a arguments) (reply, error) {
		isDeleted := a.memtableCursor().Deleted()
		return result(zeroOrOne(isDeleted), a.memtableCursor().Err())
	},
	"memtable_cursor.next_many": func(_ *testee, a arguments) (r reply, _ error) {
		all, err := a.memtableCursor().NextMany(a.number(0), a.number(1))
		if err != nil {
			return done(err)
		}
		for _, record := range all {
			r.data = append(r.data, visited(record.Key, record.Value, record.Deleted))
		}
		return countedOrDone(r), nil
	},
	"memtable_cursor.close": func(_ *testee, a arguments) (reply, error) {
		return done(a.memtableCursor().Close())
	},
}

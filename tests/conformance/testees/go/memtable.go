package main

import "github.com/stavedb/stave/bindings/go"

func init() {
	for name, verb := range memtableVerbs {
		verbs[name] = verb
	}
}

func (a arguments) memtable() *stave.Memtable { return a.handle.(*stave.Memtable) }

func memtableOptions(o *stave.MemtableOptions) []string {
	return []string{
		line("timestamps", o.Timestamps), line("capacity", o.Capacity), line("background", o.Background),
	}
}

// unsignedOr0 is a number that may be missing.
func (a arguments) unsignedOr0(position int) uint64 {
	if position >= len(a.words) {
		return 0
	}
	return a.unsigned(position)
}

// from are the arguments from a position on.
func (a arguments) from(first int) arguments {
	a.words = a.words[first:]
	return a
}

// memtableRecords are KEY VALUE KEY VALUE ...; a value without quotes is a tombstone.
func (a arguments) memtableRecords() []stave.MemtableRecord {
	all := make([]stave.MemtableRecord, len(a.words)/2)
	for i := range all {
		value := a.words[2*i+1]
		all[i] = stave.MemtableRecord{
			Key: a.bytes(2 * i), Value: []byte(value.text), Deleted: !value.isQuoted,
		}
	}
	return all
}

// memtableCursorOptions are [P] [keys_only] [tombstones].
func (a arguments) memtableCursorOptions() *stave.MemtableCursorOptions {
	options := new(stave.MemtableCursorOptions)
	for _, word := range a.words {
		switch {
		case word.isQuoted:
			options.Prefix = []byte(word.text)
		case word.text == "keys_only":
			options.KeysOnly = true
		default:
			options.Tombstones = true
		}
	}
	return options
}

// stated adds to an answer whether the key is removed.
func stated(r reply, state stave.KeyState, err error) (reply, error) {
	if state == stave.KeyDeleted {
		r.data = []string{"deleted"}
	}
	return r, err
}

func readValue(data []byte, state stave.KeyState, err error) (reply, error) {
	r, err := value(data, state == stave.KeyExists, err)
	return stated(r, state, err)
}

func readPinned(pin *stave.Pin, state stave.KeyState, err error) (reply, error) {
	r, err := pinned(pin, err)
	return stated(r, state, err)
}

// wrote answers how many writes were made.
func wrote(written int, err error) (reply, error) {
	if err != nil {
		return reply{data: []string{"written " + number(uint64(written))}}, err
	}
	return result(number(uint64(written)), nil)
}

func visited(key, value []byte, isDeleted bool) string {
	if isDeleted {
		return quote(key) + " deleted"
	}
	return quote(key) + " = " + quote(value)
}

// visitedAll scans with the cursor.
func visitedAll(cursor *stave.MemtableCursor, err error) (r reply, _ error) {
	if err != nil {
		return done(err)
	}
	for cursor.Next() {
		r.data = append(r.data, visited(cursor.Key(), cursor.Value(), cursor.Deleted()))
	}
	if cursor.Err() != nil {
		return done(cursor.Err())
	}
	r.result = number(uint64(len(r.data)))
	return r, nil
}

var memtableVerbs = map[string]verb{
	"memtable_options": func(_ *testee, a arguments) (reply, error) {
		all := stave.DefaultMemtableOptions()
		if err := all.Set(string(a.bytes(0))); err != nil {
			return done(err)
		}
		return reply{data: memtableOptions(all)}, nil
	},
	"memtable_options_describe": func(*testee, arguments) (reply, error) {
		return optionNames(stave.DescribeMemtableOptions())
	},
	"memtable.create": func(_ *testee, a arguments) (reply, error) {
		options := stave.DefaultMemtableOptions()
		for _, word := range a.words {
			if err := options.Set(word.text); err != nil {
				return done(err)
			}
		}
		return made(stave.NewMemtable(options))
	},
	"memtable.options": func(_ *testee, a arguments) (reply, error) {
		all, err := a.memtable().Options()
		if err != nil {
			return done(err)
		}
		return reply{data: memtableOptions(all)}, nil
	},
	"memtable.close": func(_ *testee, a arguments) (reply, error) { return done(a.memtable().Close()) },
	"memtable.size": func(_ *testee, a arguments) (reply, error) {
		size, err := a.memtable().Len()
		return result(number(size), err)
	},
	"memtable.size_bytes": func(_ *testee, a arguments) (reply, error) {
		size, err := a.memtable().SizeBytes()
		return result(number(size), err)
	},
	"memtable.is_empty": func(_ *testee, a arguments) (reply, error) {
		isEmpty, err := a.memtable().IsEmpty()
		return result(zeroOrOne(isEmpty), err)
	},
	"memtable.prune": func(_ *testee, a arguments) (reply, error) {
		pruned, err := a.memtable().Prune(a.unsigned(0))
		return result(number(pruned), err)
	},
	"memtable.clear": func(_ *testee, a arguments) (reply, error) { return done(a.memtable().Clear()) },
	"memtable.stats": func(_ *testee, a arguments) (reply, error) {
		stats, err := a.memtable().Stats()
		if err != nil {
			return done(err)
		}
		return members(a.words, map[string]any{
			"keys": stats.Keys, "rows": stats.Rows, "versions": stats.Versions,
			"size_bytes": stats.SizeBytes, "snapshots": stats.Snapshots,
			"transactions": stats.Transactions, "timestamp": stats.Timestamp,
		})
	},
	"memtable.begin":    func(_ *testee, a arguments) (reply, error) { return made(a.memtable().Begin()) },
	"memtable.snapshot": func(_ *testee, a arguments) (reply, error) { return made(a.memtable().Snapshot()) },

	"memtable.read": func(_ *testee, a arguments) (reply, error) {
		return readValue(a.memtable().Read(a.bytes(0), a.unsigned(1), a.unsignedOr0(2)))
	},
	"memtable.read_into": func(_ *testee, a arguments) (reply, error) {
		data := make([]byte, a.number(3))
		size, state, err := a.memtable().ReadInto(data, a.bytes(0), a.unsigned(1), a.unsigned(2))
		r, err := copied(data, size, state == stave.KeyExists, err)
		return stated(r, state, err)
	},
	"memtable.read_pin": func(_ *testee, a arguments) (reply, error) {
		return readPinned(a.memtable().ReadPin(a.bytes(0), a.unsigned(1), a.unsignedOr0(2)))
	},
	"memtable.read_with": readWith,
	"memtable.multi_read": func(_ *testee, a arguments) (r reply, _ error) {
		values, states, err := a.memtable().MultiRead(a.from(2).allBytes(), a.unsigned(0), a.unsigned(1))
		for i, state := range states {
			if state == stave.KeyExists {
				r.data = append(r.data, quote(values[i]))
			} else {
				r.data = append(r.data, state.String())
			}
		}
		return r, err
	},
	"memtable.write": func(_ *testee, a arguments) (reply, error) {
		return done(a.memtable().Write(a.bytes(1), a.bytes(2), a.unsigned(0)))
	},
	"memtable.write_tombstone": func(_ *testee, a arguments) (reply, error) {
		return done(a.memtable().WriteTombstone(a.bytes(1), a.unsigned(0)))
	},
	"memtable.multi_write": func(_ *testee, a arguments) (reply, error) {
		return wrote(a.memtable().MultiWrite(a.from(1).memtableRecords(), a.unsigned(0)))
	},
	"memtable.commit": func(_ *testee, a arguments) (reply, error) {
		return done(a.memtable().Commit(a.unsigned(0), a.unsigned(1), a.from(2).allBytes()))
	},
	"memtable.abort": func(_ *testee, a arguments) (reply, error) {
		return done(a.memtable().Abort(a.unsigned(0), a.from(1).allBytes()))
	},
	"memtable.has_write_conflict": func(_ *testee, a arguments) (reply, error) {
		conflict, err := a.memtable().HasWriteConflict(a.bytes(1), a.unsigned(0))
		return result(zeroOrOne(conflict), err)
	},
	"memtable.cursor": func(_ *testee, a arguments) (reply, error) {
		return made(a.memtable().Cursor(a.unsigned(0), a.unsigned(1), a.from(2).memtableCursorOptions()))
	},
	"memtable.scan": func(_ *testee, a arguments) (reply, error) {
		return visitedAll(a.memtable().Cursor(a.unsigned(0), a.unsigned(1),
			a.from(2).memtableCursorOptions()))
	},
}

// readWith reads with a callback that does what the last word says, and answers the value it was given.
func readWith(_ *testee, a arguments) (reply, error) {
	table, key, snapshot, transaction := a.memtable(), a.bytes(0), a.unsigned(1), a.unsigned(2)
	what := ""
	if len(a.words) > 3 {
		what = a.words[3].text
	}
	var data []byte
	state, err := table.ReadWith(key, snapshot, transaction, func(value []byte) error {
		data = append([]byte{}, value...)
		switch what {
		case "cancel":
			return stave.ErrCancelled
		case "close":
			return table.Close()
		case "nested":
			_, err := table.ReadWith(key, snapshot, transaction, func(inner []byte) error {
				data = append([]byte{}, inner...)
				return nil
			})
			return err
		case "write":
			return table.Write(key, value, transaction)
		}
		return nil
	})
	return readValue(data, state, err)
}

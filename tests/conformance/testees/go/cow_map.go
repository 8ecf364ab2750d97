package main

import (
	"strconv"

	"github.com/stavedb/stave/bindings/go"
)

func init() {
	for name, verb := range cowMapVerbs {
		verbs[name] = verb
	}
}

func (a arguments) cowMap() *stave.CowMap             { return a.handle.(*stave.CowMap) }
func (a arguments) cowMapCursor() *stave.CowMapCursor { return a.handle.(*stave.CowMapCursor) }
func (a arguments) cowMapDiff() *stave.CowMapDiff     { return a.handle.(*stave.CowMapDiff) }

func (a arguments) signed(position int) int64 {
	value, err := strconv.ParseInt(a.words[position].text, 10, 64)
	if err != nil {
		panic(err)
	}
	return value
}

func signed(value int64) string { return strconv.FormatInt(value, 10) }

func cowMapOptions(o *stave.CowMapOptions) []string {
	return []string{
		line("values", o.Values), line("value_size", o.ValueSize), line("capacity", o.Capacity),
	}
}

// edit is what a callback does that begins at a position: "append V", "set V", "cancel", or a call on its
// map.
func (a arguments) edit(position int) func(value []byte) ([]byte, error) {
	m := a.cowMap()
	return func(value []byte) ([]byte, error) {
		var err error
		switch a.words[position].text {
		case "append", "set":
			return a.edited(position, value), nil
		case "cancel":
			err = stave.ErrCancelled
		case "size":
			_, err = m.Len()
		case "put":
			_, err = m.Put(1, nil)
		case "close":
			err = m.Close()
		}
		return value, err
	}
}

// edited is what "append V" or "set V" at a position makes of a value.
func (a arguments) edited(position int, value []byte) []byte {
	if a.words[position].text == "append" {
		return append(value, a.bytes(position+1)...)
	}
	return a.bytes(position + 1)
}

// current answers the value that a key has now, and whether it is a new one.
func current(value []byte, inserted bool, err error) (reply, error) {
	if err != nil {
		return done(err)
	}
	r, _ := either(inserted, stave.ErrExists, nil)
	r.data = []string{quote(value)}
	return r, nil
}

var cowMapVerbs = map[string]verb{
	"cow_map_options": func(_ *testee, a arguments) (reply, error) {
		all := stave.DefaultCowMapOptions()
		if err := all.Set(string(a.bytes(0))); err != nil {
			return done(err)
		}
		return reply{data: cowMapOptions(all)}, nil
	},
	"cow_map_options_describe": func(*testee, arguments) (reply, error) {
		return optionNames(stave.DescribeCowMapOptions())
	},
	"cow_map.create": func(_ *testee, a arguments) (reply, error) {
		options := stave.DefaultCowMapOptions()
		for _, word := range a.words {
			if err := options.Set(word.text); err != nil {
				return done(err)
			}
		}
		return made(stave.NewCowMap(options))
	},
	"cow_map.clone": func(_ *testee, a arguments) (reply, error) { return made(a.cowMap().Clone()) },
	"cow_map.options": func(_ *testee, a arguments) (reply, error) {
		all, err := a.cowMap().Options()
		if err != nil {
			return done(err)
		}
		return reply{data: cowMapOptions(all)}, nil
	},
	"cow_map.close": func(_ *testee, a arguments) (reply, error) { return done(a.cowMap().Close()) },
	"cow_map.get":   func(_ *testee, a arguments) (reply, error) { return value(a.cowMap().Get(a.signed(0))) },
	"cow_map.get_into": func(_ *testee, a arguments) (reply, error) {
		data := make([]byte, a.number(1))
		size, ok, err := a.cowMap().GetInto(data, a.signed(0))
		return copied(data, size, ok, err)
	},
	"cow_map.get_pin": func(_ *testee, a arguments) (reply, error) {
		return pinned(a.cowMap().GetPin(a.signed(0)))
	},
	"cow_map.contains": func(_ *testee, a arguments) (reply, error) {
		ok, err := a.cowMap().Contains(a.signed(0))
		return either(ok, stave.ErrNotFound, err)
	},
	"cow_map.size": func(_ *testee, a arguments) (reply, error) {
		size, err := a.cowMap().Len()
		return result(number(size), err)
	},
	"cow_map.is_empty": func(_ *testee, a arguments) (reply, error) {
		isEmpty, err := a.cowMap().IsEmpty()
		return result(zeroOrOne(isEmpty), err)
	},
	"cow_map.multi_get": func(_ *testee, a arguments) (reply, error) {
		keys := make([]int64, len(a.words))
		for i := range keys {
			keys[i] = a.signed(i)
		}
		return valuesOrAbsent(a.cowMap().MultiGet(keys))
	},
	"cow_map.put": func(_ *testee, a arguments) (reply, error) {
		previous, replaced, err := a.cowMap().Swap(a.signed(0), a.bytes(1))
		if !replaced {
			return done(err)
		}
		return result(quote(previous), err)
	},
	"cow_map.insert": func(_ *testee, a arguments) (reply, error) {
		ok, err := a.cowMap().Insert(a.signed(0), a.bytes(1))
		return either(ok, stave.ErrExists, err)
	},
	"cow_map.replace": func(_ *testee, a arguments) (reply, error) {
		return value(a.cowMap().Replace(a.signed(0), a.bytes(1)))
	},
	"cow_map.multi_put": func(_ *testee, a arguments) (reply, error) {
		entries := make([]stave.CowMapEntry, len(a.words)/2)
		for i := range entries {
			entries[i] = stave.CowMapEntry{Key: a.signed(2 * i), Value: a.bytes(2*i + 1)}
		}
		replaced, err := a.cowMap().MultiPut(entries)
		var lines []string
		for _, one := range replaced {
			lines = append(lines, zeroOrOne(one))
		}
		return reply{data: lines}, err
	},
	"cow_map.remove": func(_ *testee, a arguments) (reply, error) {
		return value(a.cowMap().GetAndDelete(a.signed(0)))
	},
	"cow_map.modify": func(_ *testee, a arguments) (reply, error) {
		ok, err := a.cowMap().Modify(a.signed(0), a.edit(1))
		return either(ok, stave.ErrNotFound, err)
	},
	"cow_map.get_or_insert": func(_ *testee, a arguments) (reply, error) {
		return current(a.cowMap().GetOrInsert(a.signed(0), a.bytes(1)))
	},
	"cow_map.get_or_insert_with": func(_ *testee, a arguments) (reply, error) {
		edit := a.edit(1)
		return current(a.cowMap().GetOrInsertWith(a.signed(0), func() ([]byte, error) { return edit(nil) }))
	},
	"cow_map.update_or_insert": func(_ *testee, a arguments) (reply, error) {
		return current(a.cowMap().UpdateOrInsert(a.signed(0), a.edit(2), a.bytes(1)))
	},
	"cow_map.clear": func(_ *testee, a arguments) (reply, error) { return done(a.cowMap().Clear()) },
	"cow_map.shrink_to_fit": func(_ *testee, a arguments) (reply, error) {
		return done(a.cowMap().ShrinkToFit())
	},
	"cow_map.stats": func(_ *testee, a arguments) (reply, error) {
		stats, err := a.cowMap().Stats()
		if err != nil {
			return done(err)
		}
		return members(a.words, map[string]any{
			"entries": stats.Entries, "has_shared_bytes": stats.SharedBytes != 0,
			"has_own_bytes": stats.OwnBytes != 0,
		})
	},
	"cow_map.cursor": func(_ *testee, a arguments) (reply, error) { return made(a.cowMap().Cursor()) },
	"cow_map.scan":   scanMap,
	"cow_map.diff": func(t *testee, a arguments) (reply, error) {
		return made(a.cowMap().Diff(t.handles[a.words[0].text].(*stave.CowMap)))
	},
	"cow_map.changes": changes,

	"cow_map_cursor.next": func(_ *testee, a arguments) (reply, error) {
		return moved(a.cowMapCursor().Next(), a.cowMapCursor().Err)
	},
	"cow_map_cursor.key": func(_ *testee, a arguments) (reply, error) {
		key := a.cowMapCursor().Key()
		return result(signed(key), a.cowMapCursor().Err())
	},
	"cow_map_cursor.value": func(_ *testee, a arguments) (reply, error) {
		value := a.cowMapCursor().Value()
		return result(quote(value), a.cowMapCursor().Err())
	},
	"cow_map_cursor.next_many": nextManyOfMap,
	"cow_map_cursor.close": func(_ *testee, a arguments) (reply, error) {
		return done(a.cowMapCursor().Close())
	},

	"cow_map_diff.next": func(_ *testee, a arguments) (reply, error) {
		diff := a.cowMapDiff()
		if !diff.Next() {
			return moved(false, diff.Err)
		}
		return result(diff.Change().Kind.String()+" "+signed(diff.Key()), nil)
	},
	"cow_map_diff.before": func(_ *testee, a arguments) (reply, error) {
		before := a.cowMapDiff().Change().Before
		return value(before, before != nil, a.cowMapDiff().Err())
	},
	"cow_map_diff.after": func(_ *testee, a arguments) (reply, error) {
		after := a.cowMapDiff().Change().After
		return value(after, after != nil, a.cowMapDiff().Err())
	},
	"cow_map_diff.close": func(_ *testee, a arguments) (reply, error) {
		return done(a.cowMapDiff().Close())
	},
}

func scanMap(_ *testee, a arguments) (r reply, err error) {
	cursor, err := a.cowMap().Cursor()
	if err != nil {
		return done(err)
	}
	for cursor.Next() {
		r.data = append(r.data, signed(cursor.Key())+" = "+quote(cursor.Value()))
	}
	r.result = number(uint64(len(r.data)))
	return r, cursor.Err()
}

func changes(t *testee, a arguments) (r reply, err error) {
	diff, err := a.cowMap().Diff(t.handles[a.words[0].text].(*stave.CowMap))
	if err != nil {
		return done(err)
	}
	for diff.Next() {
		change := diff.Change()
		value := change.After
		if change.Kind == stave.ChangeRemoved {
			value = change.Before
		}
		r.data = append(r.data, change.Kind.String()+" "+signed(diff.Key())+" = "+quote(value))
	}
	r.result = number(uint64(len(r.data)))
	return r, diff.Err()
}

func nextManyOfMap(_ *testee, a arguments) (r reply, err error) {
	cursor, countMax, bytesMax := a.cowMapCursor(), a.number(0), a.number(1)
	what := ""
	if len(a.words) > 2 {
		what = a.words[2].text
	}
	switch what {
	case "keys":
		var keys []int64
		keys, err = cursor.NextKeys(countMax)
		for _, key := range keys {
			r.data = append(r.data, signed(key))
		}
	case "values":
		var values [][]byte
		values, err = cursor.NextValues(countMax, bytesMax)
		for _, value := range values {
			r.data = append(r.data, quote(value))
		}
	default:
		var entries []stave.CowMapEntry
		entries, err = cursor.NextMany(countMax, bytesMax)
		for _, entry := range entries {
			r.data = append(r.data, signed(entry.Key)+" = "+quote(entry.Value))
		}
	}
	if err != nil {
		return done(err)
	}
	return countedOrDone(r), nil
}

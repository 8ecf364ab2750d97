package main

import (
	"strings"

	"github.com/stavedb/stave/bindings/go"
)

func indexOptions(o *stave.IndexOptions) []string {
	return []string{
		line("key_mode", o.KeyMode), line("value_bits", o.ValueBits), line("shards", o.Shards),
		line("capacity", o.Capacity), line("seed", o.Seed),
	}
}

func init() {
	for name, call := range keyCalls {
		verbs["index."+name], verbs["index."+name+"_hashed"] = withoutHash(call), withHash(call)
	}
	for name, verb := range indexVerbs {
		verbs[name] = verb
	}
}

var indexVerbs = map[string]verb{
	"index_options": func(_ *testee, a arguments) (reply, error) {
		all := stave.DefaultIndexOptions()
		if err := all.Set(string(a.bytes(0))); err != nil {
			return done(err)
		}
		return reply{data: indexOptions(all)}, nil
	},
	"index_options_describe": func(*testee, arguments) (reply, error) {
		return optionNames(stave.DescribeIndexOptions())
	},
	"index.create": createIndex,
	"index.record": setRecord,
	"index.options": func(_ *testee, a arguments) (reply, error) {
		all, err := a.index().Options()
		if err != nil {
			return done(err)
		}
		return reply{data: indexOptions(all)}, nil
	},
	"index.close": func(_ *testee, a arguments) (reply, error) { return done(a.index().Close()) },
	"index.hash": func(_ *testee, a arguments) (reply, error) {
		hash, err := a.index().Hash(a.bytes(0))
		return result(number(hash), err)
	},
	"index.put_range": rangeVerb(false, putOne),
	"index.get_range": rangeVerb(true,
		func(index *stave.Index, key []byte, hash *uint64, _ uint64) (uint64, bool, error) {
			return getOne(index, key, hash)
		}),
	"index.remove_range": rangeVerb(true,
		func(index *stave.Index, key []byte, hash *uint64, _ uint64) (uint64, bool, error) {
			return removeOne(index, key, hash)
		}),
	"index.multi_get": func(_ *testee, a arguments) (reply, error) {
		values, found, err := a.index().MultiGet(a.allBytes())
		return numbersOrAbsent(values, found, err)
	},
	"index.multi_put": func(_ *testee, a arguments) (reply, error) {
		entries := make([]stave.IndexEntry, len(a.words)/2)
		for i := range entries {
			entries[i] = stave.IndexEntry{Key: a.bytes(2 * i), Value: a.unsigned(2*i + 1)}
		}
		previous, existed, err := a.index().MultiPut(entries)
		return numbersOrAbsent(previous, existed, err)
	},
	"index.size": func(_ *testee, a arguments) (reply, error) {
		size, err := a.index().Len()
		return result(number(size), err)
	},
	"index.is_empty": func(_ *testee, a arguments) (reply, error) {
		isEmpty, err := a.index().IsEmpty()
		return result(zeroOrOne(isEmpty), err)
	},
	"index.capacity": func(_ *testee, a arguments) (reply, error) {
		capacity, err := a.index().Capacity()
		return result(zeroOrOne(capacity >= a.unsigned(0)), err)
	},
	"index.clear": func(_ *testee, a arguments) (reply, error) { return done(a.index().Clear()) },
	"index.reserve": func(_ *testee, a arguments) (reply, error) {
		return done(a.index().Reserve(a.unsigned(0)))
	},
	"index.shrink_to_fit": func(_ *testee, a arguments) (reply, error) {
		return done(a.index().ShrinkToFit())
	},
	"index.stats":       indexStats,
	"index.shard_stats": shardStats,
	"index.collect_values": func(_ *testee, a arguments) (reply, error) {
		values, err := a.index().Values()
		return reply{data: numbers(values), result: number(uint64(len(values)))}, err
	},
	"index.cursor": func(_ *testee, a arguments) (reply, error) { return made(a.index().Cursor()) },
	"index.scan":   scanIndex,

	"index_cursor.next": func(_ *testee, a arguments) (reply, error) {
		return moved(a.indexCursor().Next(), a.indexCursor().Err)
	},
	"index_cursor.value": func(_ *testee, a arguments) (reply, error) {
		value := a.indexCursor().Value()
		return result(number(value), a.indexCursor().Err())
	},
	"index_cursor.key": func(_ *testee, a arguments) (reply, error) {
		key := a.indexCursor().Key()
		return result(quote(key), a.indexCursor().Err())
	},
	"index_cursor.next_many": nextManyEntries,
	"index_cursor.close": func(_ *testee, a arguments) (reply, error) {
		return done(a.indexCursor().Close())
	},
}

// Verbs of more than a few lines, and what they share.

func numbers(all []uint64) (lines []string) {
	for _, one := range all {
		lines = append(lines, number(one))
	}
	return lines
}

// With an error there is nothing but that.
func numbersOrAbsent(all []uint64, there []bool, err error) (r reply, _ error) {
	if err != nil {
		return done(err)
	}
	for i, one := range all {
		r.data = append(r.data, numberOrAbsent(one, there[i]))
	}
	return r, nil
}

func zeroOrOne(is bool) string {
	if is {
		return "1"
	}
	return "0"
}

func optionNames(text string, err error) (r reply, _ error) {
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		r.data = append(r.data, strings.SplitN(line, "=", 2)[0])
	}
	return r, err
}

func indexStats(_ *testee, a arguments) (reply, error) {
	stats, err := a.index().Stats()
	if err != nil {
		return done(err)
	}
	return members(a.words, map[string]any{
		"shards": stats.Shards, "entries": stats.Entries, "capacity": stats.Capacity,
		"bytes": stats.Bytes, "key_bytes": stats.KeyBytes, "buckets": stats.Buckets,
		"slots": stats.Slots, "overflow_nodes": stats.OverflowNodes, "splits": stats.Splits,
		"splits_max": stats.SplitsMax, "probe_samples": stats.ProbeSamples,
		"probe_sum": stats.ProbeSum, "probe_max": stats.ProbeMax,
	})
}

func shardStats(_ *testee, a arguments) (reply, error) {
	stats, ok, err := a.index().ShardStats(uint32(a.unsigned(0)))
	if !ok {
		return either(false, stave.ErrNotFound, err)
	}
	return members(a.words[1:], map[string]any{
		"entries": stats.Entries, "buckets": stats.Buckets, "bytes": stats.Bytes,
	})
}

func scanIndex(_ *testee, a arguments) (r reply, err error) {
	cursor, err := a.index().Cursor()
	if err != nil {
		return done(err)
	}
	for cursor.Next() {
		entry := number(cursor.Value())
		if len(a.words) == 0 {
			entry = quote(cursor.Key()) + " = " + entry
		}
		if cursor.Err() != nil {
			return done(cursor.Err())
		}
		r.data = append(r.data, entry)
	}
	r.result = number(uint64(len(r.data)))
	return r, cursor.Err()
}

func nextManyEntries(_ *testee, a arguments) (r reply, err error) {
	if len(a.words) > 2 {
		values, err := a.indexCursor().NextValues(a.number(0))
		if err != nil {
			return done(err)
		}
		r.data = numbers(values)
	} else {
		entries, err := a.indexCursor().NextMany(a.number(0), a.number(1))
		if err != nil {
			return done(err)
		}
		for _, entry := range entries {
			r.data = append(r.data, quote(entry.Key)+" = "+number(entry.Value))
		}
	}
	return countedOrDone(r), nil
}

package main

import (
	"bytes"
	"encoding/binary"
	"strings"

	"github.com/stavedb/stave/bindings/go"
)

// scriptedIndex is an index and what its resolver answers.
type scriptedIndex struct {
	*stave.Index
	records map[uint64]record
	rule    string // of the last range
}

// record is what a script has said of a value.
type record struct {
	key     []byte
	outcome error   // instead of the key
	hash    *uint64 // the index's own if nil
	call    string  // what the resolver calls first
}

func counterKey(counter uint64) []byte {
	return binary.BigEndian.AppendUint64(nil, counter)
}

func (s *scriptedIndex) ruledHash(counter uint64) (uint64, error) {
	switch s.rule {
	case "equal":
		return 7, nil
	case "low":
		return counter, nil
	case "high":
		return counter << 48, nil
	}
	return s.Hash(counterKey(counter))
}

func (s *scriptedIndex) recordAt(value uint64) record {
	if record, ok := s.records[value]; ok {
		return record
	}
	return record{key: counterKey(value)}
}

func (s *scriptedIndex) compare(value uint64, key []byte) (bool, error) {
	record := s.recordAt(value)
	var err error
	switch record.call {
	case "get":
		_, _, err = s.Get([]byte("other"))
	case "put":
		_, _, err = s.Put([]byte("other"), 1)
	case "close":
		err = s.Close()
	}
	if err == nil {
		err = record.outcome
	}
	return bytes.Equal(record.key, key), err
}

func (s *scriptedIndex) hashOf(value uint64) (uint64, error) {
	record, ok := s.records[value]
	switch {
	case !ok:
		return s.ruledHash(value)
	case record.outcome != nil:
		return 0, record.outcome
	case record.hash != nil:
		return *record.hash, nil
	}
	return s.Hash(record.key)
}

func createIndex(_ *testee, a arguments) (reply, error) {
	options := stave.DefaultIndexOptions()
	for _, word := range a.words {
		if err := options.Set(word.text); err != nil {
			return done(err)
		}
	}
	scripted := &scriptedIndex{records: map[uint64]record{}}
	if options.KeyMode == stave.KeysResolved {
		options.Resolver = &stave.Resolver{Compare: scripted.compare, Hash: scripted.hashOf}
	}
	var err error
	scripted.Index, err = stave.NewIndex(options)
	return made(scripted, err)
}

func setRecord(_ *testee, a arguments) (reply, error) {
	var said record
	switch {
	case a.words[1].isQuoted:
		said.key = a.bytes(1)
	case a.words[1].text == "gone":
		said.outcome = stave.ErrNotFound
	default:
		said.outcome = stave.ErrIO
	}
	if len(a.words) > 2 {
		if said.call = a.words[2].text; strings.Trim(said.call, "0123456789") == "" {
			hash := a.unsigned(2)
			said.hash = &hash
		}
	}
	a.index().records[a.unsigned(0)] = said
	return reply{}, nil
}

// Calls on one key, with its hash or without.

type keyCall func(index *stave.Index, key []byte, hash *uint64, numbers []uint64) (reply, error)

// withoutHash and withHash make verbs of such a call.

func withoutHash(call keyCall) verb {
	return func(_ *testee, a arguments) (reply, error) {
		return call(a.index().Index, a.bytes(0), nil, a.allUnsigned(1))
	}
}

func withHash(call keyCall) verb {
	return func(_ *testee, a arguments) (reply, error) {
		numbers := a.allUnsigned(1)
		return call(a.index().Index, a.bytes(0), &numbers[0], numbers[1:])
	}
}

func putOne(index *stave.Index, key []byte, hash *uint64, value uint64) (uint64, bool, error) {
	if hash != nil {
		return index.PutHashed(key, *hash, value)
	}
	return index.Put(key, value)
}

func getOne(index *stave.Index, key []byte, hash *uint64) (uint64, bool, error) {
	if hash != nil {
		return index.GetHashed(key, *hash)
	}
	return index.Get(key)
}

func removeOne(index *stave.Index, key []byte, hash *uint64) (uint64, bool, error) {
	if hash != nil {
		return index.DeleteHashed(key, *hash)
	}
	return index.Delete(key)
}

func numberOrAbsent(value uint64, ok bool) string {
	if !ok {
		return "absent"
	}
	return number(value)
}

func numberOrNotFound(value uint64, ok bool, err error) (reply, error) {
	if !ok {
		return either(false, stave.ErrNotFound, err)
	}
	return result(number(value), err)
}

// unless answers ok, or the other status with the number that caused it.
func unless(name string, value uint64, ok bool, otherwise stave.Status, err error) (reply, error) {
	if ok || err != nil {
		return done(err)
	}
	return reply{data: []string{name + " " + number(value)}, status: otherwise.String()}, nil
}

var keyCalls = map[string]keyCall{
	"put": func(index *stave.Index, key []byte, hash *uint64, numbers []uint64) (reply, error) {
		previous, existed, err := putOne(index, key, hash, numbers[0])
		return result(numberOrAbsent(previous, existed), err)
	},
	"insert": func(index *stave.Index, key []byte, hash *uint64, numbers []uint64) (reply, error) {
		insert := index.Insert
		if hash != nil {
			insert = func(key []byte, value uint64) (uint64, bool, error) {
				return index.InsertHashed(key, *hash, value)
			}
		}
		existing, inserted, err := insert(key, numbers[0])
		return unless("existing", existing, inserted, stave.ErrExists, err)
	},
	"compare_and_swap": func(index *stave.Index, key []byte, hash *uint64, numbers []uint64) (reply, error) {
		swap := index.CompareAndSwap
		if hash != nil {
			swap = func(key []byte, expected, desired uint64) (uint64, bool, error) {
				return index.CompareAndSwapHashed(key, *hash, expected, desired)
			}
		}
		actual, swapped, err := swap(key, numbers[0], numbers[1])
		return unless("actual", actual, swapped, stave.ErrMismatch, err)
	},
	"get": func(index *stave.Index, key []byte, hash *uint64, _ []uint64) (reply, error) {
		return numberOrNotFound(getOne(index, key, hash))
	},
	"contains": func(index *stave.Index, key []byte, hash *uint64, _ []uint64) (reply, error) {
		if hash != nil {
			ok, err := index.ContainsHashed(key, *hash)
			return either(ok, stave.ErrNotFound, err)
		}
		ok, err := index.Contains(key)
		return either(ok, stave.ErrNotFound, err)
	},
	"remove": func(index *stave.Index, key []byte, hash *uint64, _ []uint64) (reply, error) {
		return numberOrNotFound(removeOne(index, key, hash))
	},
	"remove_if": func(index *stave.Index, key []byte, hash *uint64, numbers []uint64) (reply, error) {
		remove := index.DeleteIf
		if hash != nil {
			remove = func(key []byte, expected uint64) (uint64, bool, error) {
				return index.DeleteIfHashed(key, *hash, expected)
			}
		}
		actual, removed, err := remove(key, numbers[0])
		return unless("actual", actual, removed, stave.ErrMismatch, err)
	},
}

// rangeVerb makes a verb of a call on each of many counters. It counts those for which that answers
// `counted`, and reports every value that is not the counter's.
func rangeVerb(counted bool, call func(index *stave.Index, key []byte, hash *uint64, counter uint64) (
	uint64, bool, error)) verb {
	return func(_ *testee, a arguments) (r reply, err error) {
		scripted, first, total := a.index(), a.unsigned(0), uint64(0)
		scripted.rule = ""
		if len(a.words) > 2 {
			scripted.rule = a.words[2].text
		}
		for counter := first; counter < first+a.unsigned(1); counter++ {
			var hash *uint64
			if scripted.rule != "" {
				ruled, _ := scripted.ruledHash(counter)
				hash = &ruled
			}
			value, ok, err := call(scripted.Index, counterKey(counter), hash, counter)
			if err != nil {
				return done(err)
			}
			if ok == counted {
				total++
			}
			if ok && value != counter {
				r.data = append(r.data, number(counter)+" = "+number(value))
			}
		}
		r.result = number(total)
		return r, nil
	}
}

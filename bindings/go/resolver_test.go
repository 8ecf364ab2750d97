package stave

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// records is a table of keys: the value of a key in the index is its position here.
type records struct {
	index *Index
	keys  [][]byte
	// What is asked first, and may answer in its place.
	before func(value uint64) error
}

func (r *records) resolver() *Resolver {
	return &Resolver{
		Compare: func(value uint64, key []byte) (bool, error) {
			if err := r.before(value); err != nil {
				return false, err
			}
			return bytes.Equal(r.keys[value], key), nil
		},
		Hash: func(value uint64) (uint64, error) { return r.index.Hash(r.keys[value]) },
	}
}

// newRecords is an index over the keys, which refers to itself.
func newRecords(t testing.TB, text string, keys ...string) *records {
	t.Helper()
	r := &records{before: func(uint64) error { return nil }}
	options := DefaultIndexOptions()
	check(t, options.Set(text))
	options.Resolver = r.resolver()
	var err error
	r.index, err = NewIndex(options)
	check(t, err)
	for i, key := range keys {
		r.keys = append(r.keys, b(key))
		checkNumber(t, 0, false)(r.index.Put(b(key), uint64(i)))
	}
	return r
}

func TestResolver(t *testing.T) {
	for _, bits := range []string{"value_bits=44", "value_bits=64"} {
		r := newRecords(t, bits, "a", "", strings.Repeat("long", 1000))
		for i, key := range r.keys {
			checkNumber(t, uint64(i), true)(r.index.Get(key))
		}
		checkNumber(t, 0, false)(r.index.Get(b("absent")))
		// Hashes that are equal: only the resolver tells the keys apart.
		r.keys = append(r.keys, b("x"), b("y"))
		checkNumber(t, 0, false)(r.index.PutHashed(b("x"), 42, 3))
		checkNumber(t, 0, false)(r.index.PutHashed(b("y"), 42, 4))
		checkNumber(t, 3, true)(r.index.GetHashed(b("x"), 42))
		checkNumber(t, 4, true)(r.index.DeleteHashed(b("y"), 42))
		checkNumber(t, 0, false)(r.index.GetHashed(b("z"), 42))
		options, err := r.index.Options()
		check(t, err)
		checkEqual(t, true, options.KeyMode == KeysResolved && options.Resolver != nil)
	}
}

// A record that is gone counts as absent, and its entry is replaced.
func TestResolverGone(t *testing.T) {
	r := newRecords(t, "", "k")
	r.keys = append(r.keys, b("k"))
	r.before = func(value uint64) error {
		if value == 0 {
			return fmt.Errorf("record %d: %w", value, ErrNotFound)
		}
		return nil
	}
	checkNumber(t, 0, false)(r.index.Get(b("k")))
	checkNumber(t, 0, false)(r.index.Put(b("k"), 1))
	checkNumber(t, 1, true)(r.index.Get(b("k")))
	checkLen(t, r.index, 1)
}

// What the resolver returns or panics with comes out of every call that asks it, unchanged.
func TestResolverErrors(t *testing.T) {
	r := newRecords(t, "", "k")
	calls := func() map[string]func() error {
		return map[string]func() error{
			"Get":      func() error { _, _, err := r.index.Get(b("k")); return err },
			"Contains": func() error { _, err := r.index.Contains(b("k")); return err },
			"Put":      func() error { _, _, err := r.index.Put(b("k"), 1); return err },
			"Insert":   func() error { _, _, err := r.index.Insert(b("k"), 1); return err },
			"Delete":   func() error { _, _, err := r.index.Delete(b("k")); return err },
			"DeleteIf": func() error { _, _, err := r.index.DeleteIf(b("k"), 0); return err },
			"CompareAndSwap": func() error {
				_, _, err := r.index.CompareAndSwap(b("k"), 0, 1)
				return err
			},
			"MultiGet": func() error { _, _, err := r.index.MultiGet([][]byte{b("k")}); return err },
			"MultiPut": func() error { _, _, err := r.index.MultiPut([]IndexEntry{{b("k"), 1}}); return err },
		}
	}
	other := errors.New("other")
	r.before = func(uint64) error { return other }
	for name, call := range calls() {
		t.Run(name, func(t *testing.T) { checkEqual(t, other, call()) })
	}
	r.before = func(uint64) error { return ErrIO }
	checkAll(t, ErrIO, calls())
	r.before = func(uint64) error { panic(other) }
	checkAll(t, other, calls())
	var panicked *PanicError
	_, _, err := r.index.Get(b("k"))
	checkEqual(t, true, errors.As(err, &panicked) && panicked.Value == other)
	checkEqual(t, true, strings.Contains(string(panicked.Stack), "TestResolverErrors"))
	r.before = func(uint64) error { panic(nil) }
	for name, call := range calls() {
		t.Run(name+" of panic(nil)", func(t *testing.T) {
			var panicked *PanicError
			checkEqual(t, true, errors.As(call(), &panicked) && panicked.Value == nil)
		})
	}
	r.before = func(uint64) error { var none []int; _ = none[len(none)]; return nil }
	_, _, err = r.index.Get(b("k"))
	var runtimeError runtime.Error
	checkEqual(t, true, errors.As(err, &runtimeError))

	r.before = func(uint64) error { return nil }
	checkNumber(t, 0, true)(r.index.Get(b("k")))
	checkLen(t, r.index, 1)
	_, err = NewIndex(&IndexOptions{ValueBits: 64, Resolver: &Resolver{}})
	checkIs(t, ErrInvalidArgument, err)
}

// From inside the resolver reading is allowed, also if that asks the resolver again; changing is not.
// An error of an inner call is that call's alone.
func TestResolverUsesIndex(t *testing.T) {
	r := newRecords(t, "", "outer", "inner")
	inner := errors.New("inner")
	r.before = func(value uint64) error {
		if value == 1 {
			return inner
		}
		_, _, err := r.index.Get(b("inner"))
		checkEqual(t, inner, err)
		_, _, err = r.index.Put(b("other"), 1)
		checkIs(t, ErrBusy, err)
		_, err = r.index.Cursor()
		checkIs(t, ErrBusy, err)
		checkIs(t, ErrBusy, r.index.Close())
		return nil
	}
	checkNumber(t, 0, true)(r.index.Get(b("outer")))
	// And that of the outer call is not taken along by an inner one.
	outer, before := errors.New("outer"), r.before
	r.before = func(value uint64) error {
		if err := before(value); err != nil {
			return err
		}
		return outer
	}
	_, _, err := r.index.Get(b("outer"))
	checkEqual(t, outer, err)
}

// What the library gets to know of the answers about hashes: it asks only in very large indexes.
func TestResolverHash(t *testing.T) {
	other := errors.New("other")
	r := &Resolver{Hash: func(value uint64) (uint64, error) {
		switch value {
		case 1:
			return 0, ErrNotFound
		case 2:
			return 0, other
		case 3:
			panic(other)
		}
		return value + 1, nil
	}}
	hash, status, err := r.hash(9)
	check(t, err)
	checkEqual(t, true, hash == 10 && status == 0)
	_, status, err = r.hash(1)
	check(t, err)
	checkEqual(t, ErrNotFound, Status(status))
	for value := uint64(2); value <= 3; value++ {
		_, _, err = r.hash(value)
		checkIs(t, other, err)
	}
}

func TestResolverHasNoKeys(t *testing.T) {
	r := newRecords(t, "", "a", "b", "c")
	cursor, err := r.index.Cursor()
	check(t, err)
	checkEqual(t, true, cursor.Next())
	first := cursor.Value()
	check(t, cursor.Err())
	checkEqual(t, true, cursor.Key() == nil)
	checkIs(t, ErrInvalidArgument, cursor.Err())
	_, err = cursor.NextMany(10, 10)
	checkIs(t, ErrInvalidArgument, err)
	sum := first
	cursor.All()(func(key []byte, value uint64) bool {
		checkEqual(t, true, key == nil)
		sum += value
		return true
	})
	check(t, cursor.Err())
	checkEqual(t, uint64(0+1+2), sum)
}

// An index is collected although its resolver refers to it, and with it what the resolver refers to.
func TestResolverIsCollected(t *testing.T) {
	before := collectUntil(0)
	collected := make(chan struct{})
	func() {
		r := newRecords(t, "", "a", "b")
		witness := new([16]byte)
		runtime.SetFinalizer(witness, func(*[16]byte) { close(collected) })
		r.before = func(uint64) error { runtime.KeepAlive(witness); return nil }
		checkNumber(t, 1, true)(r.index.Get(b("b")))
	}()
	checkEqual(t, before, collectUntil(before))
	<-collected
}

// Many callbacks at once, each with a stack that grows, with garbage collections, and with errors that
// must not end up in another's call.
func TestResolverConcurrently(t *testing.T) {
	const count = 100
	keys := make([]string, count)
	for i := range keys {
		keys[i] = fmt.Sprint("key ", i)
	}
	r := newRecords(t, "value_bits=44", keys...)
	failures := make([]error, count)
	for i := range failures {
		if i%3 == 0 {
			failures[i] = fmt.Errorf("failure %d", i)
		}
	}
	var deep func(int) int
	deep = func(n int) int {
		if n == 0 {
			return 0
		}
		var frame [512]byte
		return deep(n-1) + int(frame[n%512])
	}
	r.before = func(value uint64) error {
		deep(int(value))
		if value%50 == 0 {
			runtime.GC()
		}
		return failures[value]
	}
	var group sync.WaitGroup
	for i := 0; i < 8; i++ {
		group.Add(1)
		go func(first int) {
			defer group.Done()
			for i := first; i < first+scaled(2000); i++ {
				at := i % count
				if _, ok, err := r.index.Get(r.keys[at]); err != failures[at] || ok != (err == nil) {
					t.Errorf("%v, %v, want %v", ok, err, failures[at])
				}
			}
		}(i * 7)
	}
	group.Wait()
}

package stave_test

import (
	"errors"
	"fmt"
	"log"
	"sort"

	"github.com/stavedb/stave/bindings/go"
)

func ExampleNewIndex() {
	options := stave.DefaultIndexOptions()
	options.Capacity = 1000000
	index, err := stave.NewIndex(options)
	if err != nil {
		log.Fatal(err)
	}
	defer index.Close()

	previous, existed, err := index.Put([]byte("apple"), 4096)
	fmt.Println(previous, existed, err)
	previous, existed, err = index.Put([]byte("apple"), 8192)
	fmt.Println(previous, existed, err)
	offset, ok, err := index.Get([]byte("apple"))
	fmt.Println(offset, ok, err)
	offset, ok, err = index.Get([]byte("pear"))
	fmt.Println(offset, ok, err)
	// Output:
	// 0 false <nil>
	// 4096 true <nil>
	// 8192 true <nil>
	// 0 false <nil>
}

// openIndex makes an index of a few entries.
func openIndex(entries ...stave.IndexEntry) *stave.Index {
	index, err := stave.NewIndex(nil)
	if err != nil {
		log.Fatal(err)
	}
	if _, _, err := index.MultiPut(entries); err != nil {
		log.Fatal(err)
	}
	return index
}

// A counter that many goroutines count up.
func ExampleIndex_CompareAndSwap() {
	index := openIndex()
	defer index.Close()
	key := []byte("visits")
	visit := func() error {
		count, inserted, err := index.Insert(key, 1)
		for swapped := inserted; !swapped && err == nil; {
			count, swapped, err = index.CompareAndSwap(key, count, count+1)
		}
		return err
	}
	for i := 0; i < 3; i++ {
		if err := visit(); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(index.Get(key))
	_, _, err := index.CompareAndSwap([]byte("absent"), 1, 2)
	fmt.Println(errors.Is(err, stave.ErrNotFound))
	// Output:
	// 3 true <nil>
	// true
}

// Removes a location only if nobody has moved the record meanwhile.
func ExampleIndex_DeleteIf() {
	index := openIndex(stave.IndexEntry{Key: []byte("k"), Value: 100})
	defer index.Close()
	fmt.Println(index.DeleteIf([]byte("k"), 200))
	fmt.Println(index.DeleteIf([]byte("k"), 100))
	// Output:
	// 100 false <nil>
	// 100 true <nil>
}

// One hash for two calls.
func ExampleIndex_Hash() {
	index := openIndex()
	defer index.Close()
	key := []byte("key")
	hash, err := index.Hash(key)
	if err != nil {
		log.Fatal(err)
	}
	if _, exists, err := index.GetHashed(key, hash); !exists && err == nil {
		_, _, err = index.PutHashed(key, hash, 7)
		fmt.Println(err)
	}
	fmt.Println(index.Get(key))
	// Output:
	// <nil>
	// 7 true <nil>
}

func ExampleIndex_MultiGet() {
	index := openIndex(stave.IndexEntry{Key: []byte("1"), Value: 10}, stave.IndexEntry{Key: []byte("2")})
	defer index.Close()
	values, found, err := index.MultiGet([][]byte{[]byte("1"), []byte("2"), []byte("3")})
	fmt.Println(values, found, err)
	// Output: [10 0 0] [true true false] <nil>
}

func ExampleIndex_Cursor() {
	index := openIndex(
		stave.IndexEntry{Key: []byte("apple"), Value: 1}, stave.IndexEntry{Key: []byte("pear"), Value: 2})
	defer index.Close()
	cursor, err := index.Cursor()
	if err != nil {
		log.Fatal(err)
	}
	defer cursor.Close()
	var entries []string
	for cursor.Next() {
		entries = append(entries, fmt.Sprintf("%s at %d", cursor.Key(), cursor.Value()))
	}
	if err := cursor.Err(); err != nil {
		log.Fatal(err)
	}
	sort.Strings(entries) // a hash table has no order
	fmt.Println(entries)
	// Output: [apple at 1 pear at 2]
}

// The names are in a table already: the index keeps positions in it, and no names.
func ExampleResolver() {
	names := []string{"apple", "pear", "plum"}
	options := stave.DefaultIndexOptions()
	var index *stave.Index
	options.Resolver = &stave.Resolver{
		Compare: func(position uint64, key []byte) (bool, error) {
			return names[position] == string(key), nil
		},
		Hash: func(position uint64) (uint64, error) { return index.Hash([]byte(names[position])) },
	}
	index, err := stave.NewIndex(options)
	if err != nil {
		log.Fatal(err)
	}
	defer index.Close()
	for position, name := range names {
		if _, _, err := index.Put([]byte(name), uint64(position)); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(index.Get([]byte("pear")))
	fmt.Println(index.Get([]byte("cherry")))
	// Output:
	// 1 true <nil>
	// 0 false <nil>
}

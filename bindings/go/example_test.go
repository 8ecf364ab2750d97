package stave_test

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sort"

	"github.com/stavedb/stave/bindings/go"
)

// openExample opens a new store; the function that comes with it ends the example.
func openExample() (*stave.Store, func()) { return openExampleWith(nil) }

func openExampleWith(options *stave.Options) (*stave.Store, func()) {
	folder, err := os.MkdirTemp("", "stave-example-")
	if err != nil {
		log.Fatal(err)
	}
	store, err := stave.Open(filepath.Join(folder, "store"), options)
	if err != nil {
		log.Fatal(err)
	}
	return store, func() {
		if err := store.Close(); err != nil {
			log.Fatal(err)
		}
		os.RemoveAll(folder)
	}
}

func put(store *stave.Store, records ...string) {
	for i := 0; i < len(records); i += 2 {
		if err := store.Put([]byte(records[i]), []byte(records[i+1]), nil); err != nil {
			log.Fatal(err)
		}
	}
}

func Example() {
	folder, err := os.MkdirTemp("", "stave-example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	store, err := stave.Open(filepath.Join(folder, "store"), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	// Returns when it would survive a power loss.
	if err := store.Put([]byte("apple"), []byte("red"), nil); err != nil {
		log.Fatal(err)
	}
	value, ok, err := store.Get([]byte("apple"))
	fmt.Println(string(value), ok, err)
	value, ok, err = store.Get([]byte("pear"))
	fmt.Println(string(value), ok, err)
	// Output:
	// red true <nil>
	//  false <nil>
}

func ExampleOpen() {
	options := stave.DefaultOptions()
	options.Durability = stave.DurabilityOS
	options.CreateIfMissing = false
	_, err := stave.Open("/nowhere/at/all", options)
	fmt.Println(errors.Is(err, stave.ErrNotFound))
	// Output: true
}

func ExampleOptions_Set() {
	options := stave.DefaultOptions()
	fmt.Println(options.Set("durability=os segment_size=64MiB"))
	fmt.Println(options.Durability, options.SegmentSize)
	fmt.Println(errors.Is(options.Set("shards=3"), stave.ErrInvalidArgument))
	// Output:
	// <nil>
	// os 67108864
	// true
}

// A value into memory that is used again.
func ExampleStore_AppendGet() {
	store, end := openExample()
	defer end()
	put(store, "1", "one", "2", "two")

	buffer := make([]byte, 0, 4096)
	for _, key := range []string{"1", "2", "3"} {
		value, ok, err := store.AppendGet(buffer[:0], []byte(key))
		fmt.Println(key, string(value), ok, err)
		buffer = value
	}
	// Output:
	// 1 one true <nil>
	// 2 two true <nil>
	// 3  false <nil>
}

// A value without a copy, and without regard to what happens to its key.
func ExampleStore_GetPin() {
	store, end := openExample()
	defer end()
	put(store, "k", "pinned")

	pin, err := store.GetPin([]byte("k"))
	if err != nil || pin == nil {
		log.Fatal(err)
	}
	defer pin.Close()
	put(store, "k", "something else")
	err = pin.View(func(value []byte) error {
		_, err := os.Stdout.Write(append(value[:len(value):len(value)], '\n'))
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: pinned
}

func ExampleStore_MultiGet() {
	store, end := openExample()
	defer end()
	put(store, "1", "one", "2", "")

	values, err := store.MultiGet([][]byte{[]byte("1"), []byte("2"), []byte("3")})
	if err != nil {
		log.Fatal(err)
	}
	for _, value := range values {
		fmt.Printf("%q %v\n", value, value != nil)
	}
	// Output:
	// "one" true
	// "" true
	// "" false
}

// All or nothing, and only if nobody has changed the apple meanwhile.
func ExampleStore_Write() {
	store, end := openExample()
	defer end()
	put(store, "apple", "red")

	batch, err := stave.NewBatch()
	if err != nil {
		log.Fatal(err)
	}
	defer batch.Close()
	must := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	must(batch.RequireEqual([]byte("apple"), []byte("red")))
	must(batch.Put([]byte("apple"), []byte("green")))
	must(batch.Delete([]byte("pear")))
	version, err := store.Write(batch, nil)
	fmt.Println("commit", version, err)

	_, err = store.Write(batch, nil)
	var mismatch *stave.MismatchError
	if errors.As(err, &mismatch) {
		fmt.Println("condition", mismatch.Position, "does not hold")
	}
	// Output:
	// commit 2 <nil>
	// condition 0 does not hold
}

func ExampleStore_Cursor() {
	store, end := openExample()
	defer end()
	put(store, "apple", "red", "apricot", "orange", "banana", "yellow")

	cursor, err := store.Cursor(&stave.CursorOptions{Prefix: []byte("ap")})
	if err != nil {
		log.Fatal(err)
	}
	defer cursor.Close()
	var found []string
	for cursor.Next() {
		found = append(found, fmt.Sprintf("%s is %s", cursor.Key(), cursor.Value()))
	}
	if err := cursor.Err(); err != nil {
		log.Fatal(err)
	}
	sort.Strings(found) // a hash table has no order
	fmt.Println(found)
	// Output: [apple is red apricot is orange]
}

func ExampleStore_Verify() {
	store, end := openExample()
	defer end()
	put(store, "k", "v")

	err := store.Verify(func(done, total uint64) error {
		fmt.Printf("%d %%\n", 100*done/total)
		return nil
	})
	fmt.Println(err)
	err = store.Verify(func(done, total uint64) error { return stave.ErrCancelled })
	fmt.Println(errors.Is(err, stave.ErrCancelled))
	// Output:
	// 100 %
	// <nil>
	// true
}

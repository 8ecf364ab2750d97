package stave_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/stavedb/stave/bindings/go"
)

// Two accounts, and a reader who never sees money that is on its way.
func ExampleMemtable_Transact() {
	accounts, err := stave.NewMemtable(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer accounts.Close()
	alice, bob := []byte("alice"), []byte("bob")
	set := func(first, second byte) error {
		_, err := accounts.Transact(func(transaction *stave.MemtableTransaction) error {
			if err := transaction.Put(alice, []byte{first}); err != nil {
				return err
			}
			return transaction.Put(bob, []byte{second})
		})
		return err
	}
	fmt.Println(set(10, 0))

	before, err := accounts.Snapshot()
	if err != nil {
		log.Fatal(err)
	}
	defer before.Close()
	fmt.Println(set(7, 3))
	after, err := accounts.Snapshot()
	if err != nil {
		log.Fatal(err)
	}
	defer after.Close()
	for _, moment := range []*stave.MemtableSnapshot{before, after} {
		values, err := moment.MultiGet([][]byte{alice, bob})
		fmt.Println(values, err)
	}
	// Output:
	// <nil>
	// <nil>
	// [[10] [0]] <nil>
	// [[7] [3]] <nil>
}

// The first writer of a key wins; the other begins anew.
func ExampleMemtable_Begin() {
	table, err := stave.NewMemtable(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer table.Close()
	first, err := table.Begin()
	if err != nil {
		log.Fatal(err)
	}
	defer first.Close()
	second, err := table.Begin()
	if err != nil {
		log.Fatal(err)
	}
	defer second.Close()
	fmt.Println(first.Put([]byte("key"), []byte("first")))
	fmt.Println(errors.Is(second.Put([]byte("key"), []byte("second")), stave.ErrConflict))
	fmt.Println(first.Commit())
	fmt.Println(second.Rollback())
	// Output:
	// <nil>
	// true
	// 1 <nil>
	// <nil>
}

// An engine with a clock of its own says at which moment it writes and reads.
func ExampleMemtable_Read() {
	options := stave.DefaultMemtableOptions()
	options.Timestamps = stave.TimestampsExplicit
	table, err := stave.NewMemtable(options)
	if err != nil {
		log.Fatal(err)
	}
	defer table.Close()
	key := []byte("key")
	const transaction = 1
	fmt.Println(table.Write(key, []byte("value"), transaction))
	fmt.Println(table.Commit(transaction, 10, [][]byte{key}))
	fmt.Println(table.WriteTombstone(key, transaction))
	fmt.Println(table.Commit(transaction, 20, [][]byte{key}))
	for _, snapshot := range []uint64{10, 11, 21} {
		value, state, err := table.Read(key, snapshot, 0)
		fmt.Printf("%d: %q %v %v\n", snapshot, value, state, err)
	}
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// <nil>
	// 10: "" absent <nil>
	// 11: "value" exists <nil>
	// 21: "" deleted <nil>
}

package stave_test

import (
	"errors"
	"fmt"
	"log"
	"strconv"
	"time"

	"github.com/stavedb/stave/bindings/go"
)

// A counter. However many count at once, none is lost.
func ExampleStore_Update() {
	store, end := openExample()
	defer end()
	put(store, "visits", "41")

	increment := func(value []byte) ([]byte, error) {
		count, err := strconv.Atoi(string(value))
		return []byte(strconv.Itoa(count + 1)), err
	}
	updated, ok, err := store.Update([]byte("visits"), increment, nil)
	fmt.Println(string(updated), ok, err)
	updated, ok, err = store.Update([]byte("absent"), increment, nil)
	fmt.Println(string(updated), ok, err)
	// Output:
	// 42 true <nil>
	//  false <nil>
}

// A transfer between two accounts, all or nothing. Keys with the same first two bytes are of one shard here.
func ExampleStore_Atomic() {
	options := stave.DefaultOptions()
	options.ShardPrefixBits = 16
	store, end := openExampleWith(options)
	defer end()
	put(store, "a/alice", "10", "a/bob", "0")

	errPoor := errors.New("not enough money")
	pay := func(from, to string, amount int) error {
		_, err := store.Atomic([]byte("a/"), func(keys *stave.Atomic) error {
			for _, change := range []struct {
				key    string
				amount int
			}{{to, amount}, {from, -amount}} {
				value, _, err := keys.Get([]byte(change.key))
				if err != nil {
					return err
				}
				balance, err := strconv.Atoi(string(value))
				if err != nil {
					return err
				}
				if balance += change.amount; balance < 0 {
					return errPoor // and nothing has happened
				}
				if err := keys.Put([]byte(change.key), []byte(strconv.Itoa(balance))); err != nil {
					return err
				}
			}
			return nil
		}, nil)
		return err
	}
	fmt.Println(pay("a/alice", "a/bob", 7))
	fmt.Println(pay("a/alice", "a/bob", 7))
	values, err := store.MultiGet([][]byte{[]byte("a/alice"), []byte("a/bob")})
	fmt.Printf("%s %v\n", values, err)
	// Output:
	// <nil>
	// not enough money
	// [3 7] <nil>
}

// An index from values to keys, which is built from what there is and follows every change.
func ExampleStore_OnWrite() {
	store, end := openExample()
	defer end()
	put(store, "apple", "red", "pear", "green")

	byColour := map[string]map[string]bool{}
	follow := func(change stave.Change) error {
		if change.OldValue != nil {
			delete(byColour[string(change.OldValue)], string(change.Key))
		}
		colour := string(change.Value)
		if byColour[colour] == nil {
			byColour[colour] = map[string]bool{}
		}
		byColour[colour][string(change.Key)] = !change.Deleted
		return nil
	}
	if err := store.OnWrite(follow, &stave.HookOptions{OldValues: true}); err != nil {
		log.Fatal(err)
	}
	if err := store.OnOpen(follow); err != nil {
		log.Fatal(err)
	}
	put(store, "apple", "green", "cherry", "red")
	fmt.Println(byColour)
	// Output: map[green:map[apple:true pear:true] red:map[cherry:true]]
}

// All values in a new form. What interrupts it may be followed by another call with the last token.
func ExampleStore_Migrate() {
	store, end := openExample()
	defer end()
	put(store, "1", "one", "2", "two", "3", "")

	var token []byte
	changed, err := store.Migrate(func(key, value []byte) (stave.MigrateAction, []byte, error) {
		if len(value) == 0 {
			return stave.MigrateDelete, nil, nil
		}
		return stave.MigrateUpdate, append([]byte("v2:"), value...), nil
	}, func(done, total uint64, at []byte) error {
		token = at
		return nil
	}, token, nil)
	fmt.Println(changed, err)
	value, _, err := store.Get([]byte("2"))
	fmt.Println(string(value), err)
	// Output:
	// 3 <nil>
	// v2:two <nil>
}

// A session that ends by itself, unless it is kept alive.
func ExampleStore_Expire() {
	store, end := openExample()
	defer end()

	key, inAnHour := []byte("session"), time.Now().Add(time.Hour)
	err := store.Put(key, []byte("alice"), &stave.WriteOptions{ExpiresAt: inAnHour})
	fmt.Println(err)
	fmt.Println(store.Expire(key, inAnHour.Add(time.Hour), nil))
	fmt.Println(store.Expire(key, time.Now(), nil))
	fmt.Println(store.Contains(key))
	// Output:
	// <nil>
	// true <nil>
	// true <nil>
	// false <nil>
}

// Accounts of a bank: what a program builds from more than put and get.
//
//	accounts STORE open NAME CITY AMOUNT   opens an account
//	accounts STORE pay FROM TO AMOUNT      moves money, all or nothing
//	accounts STORE in CITY                 prints the accounts there
//	accounts STORE payments                prints how many payments there were
//
// An account's key is "account:" and the name, and its value the balance and the city. The accounts by city are
// an index in memory: built from the store when it is opened, and kept in step by a hook.
package main

import (
	"errors"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"

	"github.com/stavedb/stave/bindings/go"
)

const (
	usage    = "usage: accounts STORE open NAME CITY AMOUNT | pay FROM TO AMOUNT | in CITY | payments"
	prefix   = "account:"
	payments = "payments"
)

var errNoAccount, errNoMoney = errors.New("no such account"), errors.New("not enough money")

func accountKey(name string) []byte { return []byte(prefix + name) }

func account(balance int, city string) []byte { return []byte(fmt.Sprint(balance, " ", city)) }

func parse(account []byte) (balance int, city string, err error) {
	text, city, _ := strings.Cut(string(account), " ")
	balance, err = strconv.Atoi(text)
	return balance, city, err
}

// increment adds one to a counter. However many do so at once, none is lost.
func increment(store *stave.Store, counter string) error {
	if _, err := store.Insert([]byte(counter), []byte("0"), nil); err != nil {
		return err
	}
	_, _, err := store.Update([]byte(counter), func(value []byte) ([]byte, error) {
		count, err := strconv.Atoi(string(value))
		return []byte(strconv.Itoa(count + 1)), err
	}, nil)
	return err
}

// pay moves money: whoever looks, and whatever happens, it is in one of the two accounts.
func pay(store *stave.Store, from, to string, amount int) error {
	_, err := store.Atomic([]byte(prefix), func(keys *stave.Atomic) error {
		for _, change := range []struct {
			name   string
			amount int
		}{{from, -amount}, {to, amount}} {
			value, ok, err := keys.Get(accountKey(change.name))
			if err != nil {
				return err
			} else if !ok {
				return fmt.Errorf("%s: %w", change.name, errNoAccount)
			}
			balance, city, err := parse(value)
			if err != nil {
				return err
			} else if balance+change.amount < 0 {
				return fmt.Errorf("%s: %w", change.name, errNoMoney) // takes back what was written
			}
			if err := keys.Put(accountKey(change.name), account(balance+change.amount, city)); err != nil {
				return err
			}
		}
		return nil
	}, nil)
	if err != nil {
		return err
	}
	return increment(store, payments)
}

// byCity is the index: names by city. Hooks run one after the other, so it needs no lock of its own until
// somebody reads it beside them.
type byCity map[string]map[string]bool

func (index byCity) follow(change stave.Change) error {
	name := strings.TrimPrefix(string(change.Key), prefix)
	if name == string(change.Key) {
		return nil // no account
	}
	if change.OldValue != nil {
		_, city, err := parse(change.OldValue)
		if err != nil {
			return err
		}
		delete(index[city], name)
	}
	if change.Deleted {
		return nil
	}
	_, city, err := parse(change.Value)
	if index[city] == nil {
		index[city] = map[string]bool{}
	}
	index[city][name] = true
	return err
}

// open opens the store, and makes the index of what is in it.
func open(path string) (*stave.Store, byCity, error) {
	options := stave.DefaultOptions()
	options.ShardPrefixBits = uint32(8 * len(prefix)) // all accounts are in one shard: Atomic can change any two
	store, err := stave.Open(path, options)
	if err != nil {
		return nil, nil, err
	}
	index := byCity{}
	if err = store.OnWrite(index.follow, &stave.HookOptions{OldValues: true}); err == nil {
		err = store.OnOpen(index.follow)
	}
	if err != nil {
		store.Close()
		return nil, nil, err
	}
	return store, index, nil
}

func (index byCity) print(city string) {
	var names []string
	for name := range index[city] {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Println(strings.Join(names, " "))
}

func run(path, command string, arguments []string) (err error) {
	store, index, err := open(path)
	if err != nil {
		return err
	}
	defer func() {
		if closed := store.Close(); err == nil {
			err = closed
		}
	}()
	switch {
	case command == "payments" && len(arguments) == 0:
		count, _, err := store.Get([]byte(payments))
		fmt.Println(string(count))
		return err
	case command == "in" && len(arguments) == 1:
		index.print(arguments[0])
		return nil
	case (command == "open" || command == "pay") && len(arguments) == 3:
		amount, err := strconv.Atoi(arguments[2])
		if err != nil {
			return err
		}
		if command == "pay" {
			return pay(store, arguments[0], arguments[1], amount)
		}
		err = store.Put(accountKey(arguments[0]), account(amount, arguments[1]), nil)
		index.print(arguments[1]) // the hook has seen it
		return err
	}
	return errors.New(usage)
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "accounts:", err)
		os.Exit(1)
	}
}

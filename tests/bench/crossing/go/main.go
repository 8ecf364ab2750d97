// The calls of ../crossing.c in Go, those that use memory again, and a crossing that does nothing.
package main

import (
	"fmt"
	"log"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"github.com/stavedb/stave/bindings/go"
)

const (
	keyCount  = 1000
	valueSize = 100
	calls     = 50000
	callsMany = 5000
	rounds    = 16
	many      = 100
)

// now is the time that the thread has worked, in nanoseconds.
func now() int64 {
	const clockThreadCPUTime = 3
	var time syscall.Timespec
	_, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockThreadCPUTime,
		uintptr(unsafe.Pointer(&time)), 0)
	if errno != 0 {
		log.Fatal(errno)
	}
	return time.Nano()
}

func check(ok bool, err error) {
	if err != nil || !ok {
		log.Fatal(ok, err)
	}
}

func measure(name string, calls, keysPerCall int, call func(i int)) {
	best := 0.0
	for round := 0; round < rounds; round++ {
		start := now()
		for i := 0; i < calls; i++ {
			call(i)
		}
		each := float64(now()-start) / float64(calls) / float64(keysPerCall)
		if round == 0 || each < best {
			best = each
		}
	}
	fmt.Printf("%s %.1f\n", name, best)
}

func main() {
	runtime.LockOSThread()
	options := stave.DefaultOptions()
	options.Durability = stave.DurabilityMemory
	options.IO = stave.IOMmap
	store, err := stave.Open(os.Args[1], options)
	check(true, err)
	keys, value := make([][]byte, 0, 2*keyCount), make([]byte, valueSize)
	for i := 0; i < keyCount; i++ {
		keys = append(keys, []byte(fmt.Sprintf("key-%012d", i)))
		check(true, store.Put(keys[i], value, nil))
	}
	keys = append(keys, keys...)

	target := make([]byte, valueSize)
	measure("empty", calls, 1, func(int) { stave.VersionNumber() })
	measure("get_into_buffer", calls, 1, func(i int) {
		size, ok, err := store.GetInto(target, keys[i%keyCount])
		check(ok && size == valueSize, err)
	})
	measure("append_get_into_buffer", calls, 1, func(i int) {
		value, ok, err := store.AppendGet(target[:0], keys[i%keyCount])
		check(ok && len(value) == valueSize, err)
	})
	measure("get_fresh", calls, 1, func(i int) {
		value, ok, err := store.Get(keys[i%keyCount])
		check(ok && len(value) == valueSize, err)
	})
	measure("multi_get_100_per_key", callsMany, many, func(i int) {
		values, err := store.MultiGet(keys[i%keyCount : i%keyCount+many])
		check(len(values[many-1]) == valueSize, err)
	})
	values, memory := [][]byte(nil), []byte(nil)
	measure("append_multi_get_100_per_key", callsMany, many, func(i int) {
		var err error
		values, memory, err = store.AppendMultiGet(values[:0], memory[:0], keys[i%keyCount:i%keyCount+many])
		check(len(values[many-1]) == valueSize, err)
	})
	measure("put", calls, 1, func(i int) {
		check(true, store.Put(keys[i%keyCount], value, nil))
	})
	measure("insert_refused", calls, 1, func(i int) {
		inserted, err := store.Insert(keys[i%keyCount], value, nil)
		check(!inserted, err)
	})
	check(true, store.Close())
	measureIndex(keys)
	measureCowMap(value)
	measureMemtable(keys, value)
}

func measureIndex(keys [][]byte) {
	index, err := stave.NewIndex(nil)
	check(true, err)
	measure("index_put", calls, 1, func(i int) {
		_, _, err := index.Put(keys[i%keyCount], uint64(i))
		check(true, err)
	})
	measure("index_get", calls, 1, func(i int) {
		_, ok, err := index.Get(keys[i%keyCount])
		check(ok, err)
	})
	values, found := []uint64(nil), []bool(nil)
	measure("append_index_many_100_per_key", callsMany, many, func(i int) {
		var err error
		values, found, err = index.AppendMultiGet(values[:0], found[:0], keys[i%keyCount:i%keyCount+many])
		check(found[many-1], err)
	})
	check(true, index.Close())
}

func measureCowMap(value []byte) {
	cowMap, err := stave.NewCowMap(nil)
	check(true, err)
	numbers, target := make([]int64, 2*keyCount), make([]byte, valueSize)
	for i := range numbers {
		numbers[i] = int64(i % keyCount)
	}
	measure("cow_map_put", calls, 1, func(i int) {
		_, err := cowMap.Put(numbers[i%keyCount], value)
		check(true, err)
	})
	measure("cow_map_get", calls, 1, func(i int) {
		size, ok, err := cowMap.GetInto(target, numbers[i%keyCount])
		check(ok && size == valueSize, err)
	})
	values, memory := [][]byte(nil), []byte(nil)
	measure("append_cow_map_many_100_per_key", callsMany, many, func(i int) {
		var err error
		values, memory, err = cowMap.AppendMultiGet(
			values[:0], memory[:0], numbers[i%keyCount:i%keyCount+many])
		check(len(values[many-1]) == valueSize, err)
	})
	check(true, cowMap.Close())
}

func measureMemtable(keys [][]byte, value []byte) {
	table, err := stave.NewMemtable(nil)
	check(true, err)
	transaction, err := table.Begin()
	check(true, err)
	measure("memtable_put", calls, 1, func(i int) {
		check(true, transaction.Put(keys[i%keyCount], value))
	})
	_, err = transaction.Commit()
	check(true, err)
	snapshot, err := table.Snapshot()
	check(true, err)
	target := make([]byte, valueSize)
	measure("memtable_get", calls, 1, func(i int) {
		size, ok, err := snapshot.GetInto(target, keys[i%keyCount])
		check(ok && size == valueSize, err)
	})
	values, memory := [][]byte(nil), []byte(nil)
	measure("append_memtable_many_100_per_key", callsMany, many, func(i int) {
		var err error
		values, memory, err = snapshot.AppendMultiGet(
			values[:0], memory[:0], keys[i%keyCount:i%keyCount+many])
		check(len(values[many-1]) == valueSize, err)
	})
	check(true, table.Close())
}

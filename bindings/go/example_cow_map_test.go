package stave_test

import (
	"fmt"
	"log"
	"sort"

	"github.com/stavedb/stave/bindings/go"
)

func ExampleCowMap() {
	stock, err := stave.NewCowMap(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer stock.Close()
	for key, value := range []string{"apple", "pear", "plum"} {
		if _, err := stock.Put(int64(key), []byte(value)); err != nil {
			log.Fatal(err)
		}
	}

	yesterday, err := stock.Clone() // O(1), whatever the size
	if err != nil {
		log.Fatal(err)
	}
	defer yesterday.Close()
	previous, replaced, err := stock.Swap(1, []byte("quince"))
	fmt.Printf("%s %v %v\n", previous, replaced, err)
	_, err = stock.Delete(2)
	fmt.Println(err)

	diff, err := yesterday.Diff(stock)
	if err != nil {
		log.Fatal(err)
	}
	defer diff.Close()
	var lines []string
	for diff.Next() {
		change := diff.Change()
		lines = append(lines, fmt.Sprintf("%d %v: %q -> %q", diff.Key(), change.Kind, change.Before, change.After))
	}
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
	fmt.Println(diff.Err())
	// Output:
	// pear true <nil>
	// <nil>
	// 1 changed: "pear" -> "quince"
	// 2 removed: "plum" -> ""
	// <nil>
}

// A counter that many goroutines count up.
func ExampleCowMap_UpdateOrInsert() {
	visits, err := stave.NewCowMap(&stave.CowMapOptions{Values: stave.ValuesFixed, ValueSize: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer visits.Close()
	for i := 0; i < 3; i++ {
		current, inserted, err := visits.UpdateOrInsert(42, func(value []byte) ([]byte, error) {
			value[0]++
			return value, nil
		}, []byte{1})
		fmt.Println(current, inserted, err)
	}
	// Output:
	// [1] true <nil>
	// [2] false <nil>
	// [3] false <nil>
}

// Files under their names, every content stored once.
//
//	archive STORE add FILE...   stores the files, many at a time
//	archive STORE get NAME      writes the content to standard output
//	archive STORE list          prints the names and what they hold
//	archive STORE forget NAME   removes a name
//
// The key of a content is "content:" and its SHA-256, so equal files share it; the key of a name is
// "name:" and the name, and its value the SHA-256.
package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"github.com/stavedb/stave/bindings/go"
)

const usage = "usage: archive STORE add FILE... | get NAME | list | forget NAME"

func contentKey(sum []byte) []byte { return append([]byte("content:"), sum...) }
func nameKey(name string) []byte   { return []byte("name:" + name) }
func notStored(name string) error  { return fmt.Errorf("%s: no such name", name) }
func short(sum []byte) string      { return fmt.Sprintf("%x", sum[:6]) }

// add stores one file. Whoever sees the name sees the content: both become visible at once.
func add(store *stave.Store, path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	batch, err := stave.NewBatch()
	if err != nil {
		return "", err
	}
	defer batch.Close()
	known, err := store.Contains(contentKey(sum[:]))
	if err == nil && known {
		// Contents are never removed, and writing it again would be for nothing.
		err = batch.RequireExists(contentKey(sum[:]))
	} else if err == nil {
		err = batch.Put(contentKey(sum[:]), content)
	}
	if err == nil {
		err = batch.Put(nameKey(filepath.Base(path)), sum[:])
	}
	if err == nil {
		_, err = store.Write(batch, nil)
	}
	return fmt.Sprintf("%s %s", short(sum[:]), filepath.Base(path)), err
}

// addAll stores the files in as many goroutines: their writes share the waits for the disk.
func addAll(store *stave.Store, paths []string) error {
	lines, failures := make([]string, len(paths)), make(chan error)
	for i, path := range paths {
		go func(i int, path string) {
			line, err := add(store, path)
			lines[i] = line
			failures <- err
		}(i, path)
	}
	var failure error
	for range paths {
		if err := <-failures; err != nil {
			failure = err
		}
	}
	for _, line := range lines {
		fmt.Println(line)
	}
	return failure
}

// get writes the content without making a copy of it.
func get(store *stave.Store, name string) error {
	sum, ok, err := store.Get(nameKey(name))
	if err != nil {
		return err
	} else if !ok {
		return notStored(name)
	}
	pin, err := store.GetPin(contentKey(sum))
	if err != nil {
		return err
	}
	defer pin.Close()
	return pin.View(func(content []byte) error {
		_, err := os.Stdout.Write(content)
		return err
	})
}

func list(store *stave.Store) error {
	cursor, err := store.Cursor(&stave.CursorOptions{Prefix: nameKey("")})
	if err != nil {
		return err
	}
	defer cursor.Close()
	var lines []string
	for cursor.Next() {
		name := string(cursor.Key()[len(nameKey("")):])
		lines = append(lines, short(cursor.Value())+" "+name)
	}
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
	return cursor.Err()
}

func forget(store *stave.Store, name string) error {
	ok, err := store.Delete(nameKey(name), nil)
	if err == nil && !ok {
		err = notStored(name)
	}
	return err
}

func run(path, command string, arguments []string) (err error) {
	store, err := stave.Open(path, nil)
	if err != nil {
		return err
	}
	defer func() {
		// Only Close says whether the last writes are where they belong.
		if closed := store.Close(); err == nil {
			err = closed
		}
	}()
	switch {
	case command == "add":
		return addAll(store, arguments)
	case command == "list" && len(arguments) == 0:
		return list(store)
	case command == "get" && len(arguments) == 1:
		return get(store, arguments[0])
	case command == "forget" && len(arguments) == 1:
		return forget(store, arguments[0])
	}
	return errors.New(usage)
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "archive:", err)
		os.Exit(1)
	}
}

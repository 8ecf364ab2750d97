// Conformance testee for Go, on package stave. The protocol: ../../README.md.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/stavedb/stave/bindings/go"
)

// testee is the state between lines.
type testee struct {
	handles     map[string]any
	lastMessage string
	lastErrno   int
	token       []byte // of the cursor or the migration that gave one last
	events      []string
}

// reply is what a verb answers: data lines, what stands behind ok, and with a verb that makes one, the
// handle.
type reply struct {
	data   []string
	result string
	status string // instead of ok
	handle any
}

// scriptError is what the testee cannot map to a call.
type scriptError string

// answer is the reply to a line, as text.
func (t *testee) answer(line string) (text string) {
	defer func() {
		if value := recover(); value != nil {
			text = fmt.Sprintf("testee_error %v\n", value)
		}
	}()
	words := split(line)
	name := ""
	if len(words) > 2 && words[1].text == "=" {
		name, words = words[0].text, words[2:]
	}
	verb, arguments := words[0].text, arguments{words: words[1:]}
	if handle, ok := t.handles[verb]; ok {
		if words[1].text == "free" {
			handle = nil
			delete(t.handles, verb)
			collectGarbage()
			return "ok\n"
		}
		verb, arguments = typeOf(handle)+"."+words[1].text, newArguments(handle, words[2:])
	}
	function, ok := verbs[verb]
	if !ok {
		panic(scriptError("no such verb: " + verb))
	}
	reply, err := function(t, arguments)
	if err == nil && reply.handle != nil {
		t.handles[name] = reply.handle
	}
	return t.format(reply, err)
}

func (t *testee) format(reply reply, err error) string {
	var text strings.Builder
	for _, line := range reply.data {
		text.WriteString("  " + line + "\n")
	}
	status := "ok"
	if reply.status != "" {
		status = reply.status
	}
	if reply.result != "" {
		status += " " + reply.result
	}
	if err != nil {
		status = t.remember(err)
	}
	return text.String() + status + "\n"
}

// remember keeps what an error says and returns its status line.
func (t *testee) remember(err error) string {
	t.lastMessage, t.lastErrno = err.Error(), 0
	var failure *stave.Error
	switch {
	case errors.Is(err, stave.ErrHookFailed):
		failure = &stave.Error{Status: stave.ErrHookFailed}
	case errors.As(err, &failure):
		t.lastErrno = int(failure.Errno)
	case errors.Is(err, stave.ErrMismatch):
		return stave.ErrMismatch.String()
	default:
		failure = &stave.Error{Status: err.(stave.Status)}
	}
	if failure.Status > 0 {
		return failure.Status.String()
	}
	return "error " + failure.Status.String()
}

func typeOf(handle any) string {
	switch handle.(type) {
	case *stave.Store:
		return "store"
	case *stave.Batch:
		return "batch"
	case *stave.Cursor:
		return "cursor"
	case *scriptedIndex:
		return "index"
	case *stave.IndexCursor:
		return "index_cursor"
	case *stave.CowMap:
		return "cow_map"
	case *stave.CowMapCursor:
		return "cow_map_cursor"
	case *stave.DiskIndex:
		return "disk_index"
	case *stave.DiskIndexCursor:
		return "disk_index_cursor"
	case *stave.CowMapDiff:
		return "cow_map_diff"
	case *stave.Memtable:
		return "memtable"
	case *stave.MemtableTransaction:
		return "memtable_transaction"
	case *stave.MemtableSnapshot:
		return "memtable_snapshot"
	case *stave.MemtableCursor:
		return "memtable_cursor"
	default:
		return "pin"
	}
}

// collectGarbage returns when the finalizers of all that was garbage have run. They run in batches, each
// of them all that wait when the one before is done, in any order. What the first collection finds is
// in the batch of the second one's mark or in an earlier one, and the third one's is in a later one.
func collectGarbage() {
	for i := 0; i < 3; i++ {
		done := make(chan struct{})
		runtime.SetFinalizer(new([16]byte), func(*[16]byte) { close(done) })
		runtime.GC()
		<-done
	}
}

func main() {
	t := &testee{handles: map[string]any{}}
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	output := bufio.NewWriterSize(os.Stdout, 1<<20)
	for {
		line, err := input.ReadString('\n')
		if err != nil {
			return
		}
		output.WriteString(t.answer(strings.TrimSuffix(line, "\n")))
		output.Flush()
	}
}

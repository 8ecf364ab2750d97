package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/stavedb/stave/bindings/go"
)

// word is a part of a line: bytes if it has quotes, else text.
type word struct {
	text     string
	isQuoted bool
}

func split(line string) (words []word) {
	for position := 0; position < len(line); {
		if line[position] != '"' {
			end := strings.IndexByte(line[position:], ' ')
			if end < 0 {
				end = len(line) - position
			}
			words = append(words, word{text: line[position : position+end]})
			position += end + 1
			continue
		}
		end := position + 1 + strings.IndexByte(line[position+1:], '"')
		words = append(words, word{unquote(line[position+1 : end]), true})
		position = end + 2
	}
	return words
}

func unquote(content string) string {
	if strings.IndexByte(content, '\\') < 0 {
		return content
	}
	data := make([]byte, 0, len(content))
	for i := 0; i < len(content); i++ {
		if content[i] != '\\' {
			data = append(data, content[i])
			continue
		}
		value, err := strconv.ParseUint(content[i+2:i+4], 16, 8)
		if err != nil {
			panic(err)
		}
		data = append(data, byte(value))
		i += 3
	}
	return string(data)
}

func quote(data []byte) string {
	text := make([]byte, 0, len(data)+2)
	text = append(text, '"')
	for _, c := range data {
		if c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			text = append(text, '\\', 'x', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
			continue
		}
		text = append(text, c)
	}
	return string(append(text, '"'))
}

func number(value uint64) string { return strconv.FormatUint(value, 10) }

func line(name string, value any) string {
	switch is := value.(type) {
	case bool:
		value = 0
		if is {
			value = 1
		}
	}
	return fmt.Sprintf("%s=%v", name, value)
}

// arguments are what stands behind the verb. A missing one is a panic, and so a testee_error.
type arguments struct {
	handle any
	words  []word
	// From last arguments durability=... and expires_at=..., which are not among the words.
	options *stave.WriteOptions
}

func newArguments(handle any, words []word) arguments {
	a := arguments{handle: handle, words: words}
	expiry, hasExpiry := a.takeOption("expires_at=")
	durability, hasDurability := a.takeOption("durability=")
	if !hasExpiry && !hasDurability {
		return a
	}
	a.options = &stave.WriteOptions{NeverExpires: expiry == "never"}
	if hasExpiry && expiry != "never" {
		a.options.ExpiresAt = timeOf(expiry)
	}
	for _, level := range []stave.Durability{
		stave.DurabilityMemory, stave.DurabilityOS, stave.DurabilityDevice,
	} {
		if durability == level.String() {
			a.options.Durability = level
		}
	}
	return a
}

// takeOption is the value of the last argument if that is a bare name and a value; it is taken from the words.
func (a *arguments) takeOption(name string) (value string, ok bool) {
	last := len(a.words) - 1
	if last < 0 || a.words[last].isQuoted || !strings.HasPrefix(a.words[last].text, name) {
		return "", false
	}
	value = strings.TrimPrefix(a.words[last].text, name)
	a.words = a.words[:last]
	return value, true
}

// timeOf is the time that the protocol has as Unix milliseconds; 0 is none.
func timeOf(text string) time.Time {
	milliseconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err)
	}
	if milliseconds == 0 {
		return time.Time{}
	}
	return time.UnixMilli(milliseconds)
}

func milliseconds(at time.Time) string {
	if at.IsZero() {
		return "0"
	}
	return number(uint64(at.UnixMilli()))
}

func (a arguments) store() *stave.Store   { return a.handle.(*stave.Store) }
func (a arguments) batch() *stave.Batch   { return a.handle.(*stave.Batch) }
func (a arguments) cursor() *stave.Cursor { return a.handle.(*stave.Cursor) }
func (a arguments) pin() *stave.Pin       { return a.handle.(*stave.Pin) }
func (a arguments) index() *scriptedIndex { return a.handle.(*scriptedIndex) }

func (a arguments) indexCursor() *stave.IndexCursor { return a.handle.(*stave.IndexCursor) }

func (a arguments) bytes(position int) []byte {
	if !a.words[position].isQuoted {
		panic(scriptError("expected bytes in quotes"))
	}
	return []byte(a.words[position].text)
}

func (a arguments) allBytes() [][]byte {
	all := make([][]byte, len(a.words))
	for i := range all {
		all[i] = a.bytes(i)
	}
	return all
}

// has says whether the word at a position, or with -1 the last one, is this bare text.
func (a arguments) has(position int, text string) bool {
	if position < 0 {
		position += len(a.words)
	}
	return 0 <= position && position < len(a.words) && a.words[position] == word{text: text}
}

func (a arguments) number(position int) int {
	value, err := strconv.Atoi(a.words[position].text)
	if err != nil {
		panic(err)
	}
	return value
}

func (a arguments) unsigned(position int) uint64 {
	value, err := strconv.ParseUint(a.words[position].text, 10, 64)
	if err != nil {
		panic(err)
	}
	return value
}

// allUnsigned are the numbers from a position on.
func (a arguments) allUnsigned(first int) []uint64 {
	all := make([]uint64, len(a.words)-first)
	for i := range all {
		all[i] = a.unsigned(first + i)
	}
	return all
}

func (a arguments) cursorOptions() *stave.CursorOptions {
	options := new(stave.CursorOptions)
	words := a.words
	if len(words) > 0 && !words[len(words)-1].isQuoted {
		options.KeysOnly = true
		words = words[:len(words)-1]
	}
	if len(words) > 0 {
		options.Prefix = a.bytes(0)
	}
	return options
}

package stave

import (
	"runtime"
	"sync"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// answer is where C puts the numbers of a call on an Index: memory that is used again, because the
// address of a variable that C gets is an allocation. Each of its methods ends a call, which keeps the
// index alive, and gives the memory back.
type answer struct {
	number  uint64
	existed bool
}

var answerPool = sync.Pool{New: func() any { return new(answer) }}

func takeAnswer() *answer {
	a := answerPool.Get().(*answer)
	*a = answer{}
	return a
}

func (a *answer) end(i *Index) (uint64, bool) {
	number, existed := a.number, a.existed
	answerPool.Put(a)
	runtime.KeepAlive(i)
	return number, existed
}

// only is for calls that cannot answer anything but the number.
func (a *answer) only(i *Index, outcome capi.Outcome) (uint64, error) {
	number, _ := a.end(i)
	return number, errorOf(outcome)
}

// replaced is for calls that say what was there.
func (a *answer) replaced(i *Index, outcome capi.Outcome) (uint64, bool, error) {
	number, existed := a.end(i)
	return number, existed, errorOf(outcome)
}

// unless is for calls that may also answer `otherwise`; the bool says whether they did not.
func (a *answer) unless(i *Index, otherwise int, outcome capi.Outcome) (uint64, bool, error) {
	number, _ := a.end(i)
	ok, err := foundOf(outcome, otherwise)
	return number, ok, err
}

// ifEqual is for calls that do something if the value is the expected one, and say which it is if not.
func (a *answer) ifEqual(i *Index, expected uint64, outcome capi.Outcome) (uint64, bool, error) {
	actual, ok, err := a.unless(i, capi.Mismatch, outcome)
	if ok {
		actual = expected
	}
	return actual, ok, err
}

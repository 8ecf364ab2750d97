package stave

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func newCowMapWith(t testing.TB, text string) *CowMap {
	t.Helper()
	options := DefaultCowMapOptions()
	check(t, options.Set(text))
	m, err := NewCowMap(options)
	check(t, err)
	t.Cleanup(func() { check(t, m.Close()) })
	return m
}

// checkEntries demands these entries, and no others, of the map and of its cursor.
func checkEntries(t testing.TB, m *CowMap, want map[int64]string) {
	t.Helper()
	size, err := m.Len()
	check(t, err)
	checkEqual(t, uint64(len(want)), size)
	isEmpty, err := m.IsEmpty()
	check(t, err)
	checkEqual(t, len(want) == 0, isEmpty)
	for key, value := range want {
		checkResult(t, value, true)(m.Get(key))
		exists, err := m.Contains(key)
		checkTrue(t, exists, err)
	}
	cursor, err := m.Cursor()
	check(t, err)
	seen := map[int64]bool{}
	for cursor.Next() {
		checkEqual(t, want[cursor.Key()], string(cursor.Value()))
		checkEqual(t, false, seen[cursor.Key()])
		seen[cursor.Key()] = true
	}
	check(t, cursor.Err())
	checkEqual(t, len(want), len(seen))
}

// checkResult demands what calls answer that return a value: that, not nil, and the bool; with "" and
// false, no value.
func checkResult(t testing.TB, want string, wantOK bool) func(value []byte, ok bool, err error) {
	t.Helper()
	return func(value []byte, ok bool, err error) {
		t.Helper()
		check(t, err)
		checkEqual(t, wantOK, ok)
		checkEqual(t, want, string(value))
		checkEqual(t, want != "" || wantOK, value != nil)
	}
}

func TestCowMapOneKey(t *testing.T) {
	m := newCowMapWith(t, "")
	for _, key := range []int64{0, 1, -1, math.MaxInt64, math.MinInt64, 1 << 32} {
		checkResult(t, "", false)(m.Get(key))
		checkResult(t, "", false)(m.Swap(key, b("one")))
		checkResult(t, "one", true)(m.Swap(key, nil))
		checkResult(t, "", true)(m.Get(key))
		replaced, err := m.Put(key, b("two"))
		checkTrue(t, replaced, err)
		checkResult(t, "kept two", true)(m.AppendGet(b("kept "), key))
		checkResult(t, "two", true)(m.GetAndDelete(key))
		checkResult(t, "", false)(m.GetAndDelete(key))
		replaced, err = m.Put(key, nil)
		checkFalse(t, replaced, err)
		deleted, err := m.Delete(key)
		checkTrue(t, deleted, err)
		deleted, err = m.Delete(key)
		checkFalse(t, deleted, err)
	}
	checkEntries(t, m, nil)
}

func TestCowMapGet(t *testing.T) {
	m := newCowMapWith(t, "")
	large := strings.Repeat("large ", 10000)
	for key, value := range []string{"small", "", large} {
		_, err := m.Put(int64(key), b(value))
		check(t, err)
		pin, err := m.GetPin(int64(key))
		check(t, err)
		_, err = m.Delete(int64(key))
		check(t, err)
		check(t, pin.View(func(pinned []byte) error {
			checkEqual(t, value, string(pinned))
			return nil
		}))
		check(t, pin.Close())
		_, err = m.Put(int64(key), b(value))
		check(t, err)
		checkResult(t, value, true)(m.Get(int64(key)))
		checkResult(t, "> "+value, true)(m.AppendGet(b("> "), int64(key)))
		dst := make([]byte, len(value))
		size, ok, err := m.GetInto(dst, int64(key))
		checkTrue(t, ok, err)
		checkEqual(t, value, string(dst[:size]))
	}
	size, ok, err := m.GetInto(make([]byte, 4), 0)
	checkIs(t, ErrBufferTooSmall, err)
	checkEqual(t, true, !ok && size == 5)
	pin, err := m.GetPin(3)
	check(t, err)
	checkEqual(t, true, pin == nil)
	values, err := m.MultiGet([]int64{0, 7, 1, 2})
	check(t, err)
	checkEqual(t, true, len(values) == 4 && string(values[0]) == "small" && values[1] == nil &&
		values[2] != nil && len(values[2]) == 0 && string(values[3]) == large)
	values, memory, err := m.AppendMultiGet(values[:1], b("m"), []int64{1, 0})
	check(t, err)
	checkEqual(t, true, len(values) == 3 && string(values[2]) == "small" && string(memory) == "msmall")
	values, err = m.MultiGet(nil)
	check(t, err)
	checkEqual(t, 0, len(values))
}

func TestCowMapClone(t *testing.T) {
	m := newCowMapWith(t, "")
	want := map[int64]string{}
	for key := int64(0); key < 1000; key++ {
		_, err := m.Put(key, counterKey(uint64(key)))
		check(t, err)
		want[key] = string(counterKey(uint64(key)))
	}
	clone, err := m.Clone()
	check(t, err)
	_, err = m.Put(5, b("changed"))
	check(t, err)
	_, err = clone.Delete(6)
	check(t, err)
	checkResult(t, want[5], true)(clone.Get(5))
	checkResult(t, want[6], true)(m.Get(6))
	stats, err := m.Stats()
	check(t, err)
	checkEqual(t, true, stats.Entries == 1000 && stats.SharedBytes > stats.OwnBytes && stats.OwnBytes > 0)
	check(t, m.Close())
	delete(want, 6)
	checkEntries(t, clone, want)
	check(t, clone.Clear())
	check(t, clone.ShrinkToFit())
	checkEntries(t, clone, nil)
}

func TestCowMapOptions(t *testing.T) {
	options := DefaultCowMapOptions()
	checkEqual(t, CowMapOptions{Values: ValuesVariable}, *options)
	check(t, options.Set("values=fixed value_size=3, capacity=1000"))
	checkEqual(t, CowMapOptions{ValuesFixed, 3, 1000}, *options)
	checkEqual(t, "variable fixed", ValuesVariable.String()+" "+ValuesFixed.String())
	checkIs(t, ErrInvalidArgument, options.Set("values=other"))
	checkIs(t, ErrInvalidArgument, options.Set("capacity=1\x00"))
	checkIs(t, ErrInvalidArgument, (*CowMapOptions)(nil).Set(""))
	text, err := DescribeCowMapOptions()
	check(t, err)
	checkEqual(t, true, strings.HasPrefix(text, "values="))
	_, err = NewCowMap(&CowMapOptions{})
	checkIs(t, ErrInvalidArgument, err)
	m, err := NewCowMap(options)
	check(t, err)
	inForce, err := m.Options()
	check(t, err)
	checkEqual(t, *options, *inForce)
	_, err = m.Put(1, b("four"))
	checkIs(t, ErrInvalidArgument, err)
	checkEntries(t, m, nil)
}

func TestCowMapModify(t *testing.T) {
	m := newCowMapWith(t, "")
	edit := func(change func(value []byte) []byte) (bool, error) {
		return m.Modify(1, func(value []byte) ([]byte, error) { return change(value), nil })
	}
	modified, err := edit(func([]byte) []byte { t.Error("called"); return nil })
	checkFalse(t, modified, err)
	_, err = m.Put(1, b("abcdef"))
	check(t, err)
	// In place, longer, a part of what is there, all of it, nothing.
	for _, one := range []struct {
		change func(value []byte) []byte
		want   string
	}{
		{func(value []byte) []byte { value[0] = 'A'; return value }, "Abcdef"},
		{func(value []byte) []byte { return append(value, value...) }, "AbcdefAbcdef"},
		{func(value []byte) []byte { return value[4:9] }, "efAbc"},
		{func(value []byte) []byte { return b(strings.Repeat("x", 10000)) }, strings.Repeat("x", 10000)},
		{func(value []byte) []byte { return append(value[9990:], "end"...) }, "xxxxxxxxxxend"},
		{func(value []byte) []byte { return nil }, ""},
	} {
		modified, err := edit(one.change)
		checkTrue(t, modified, err)
		checkResult(t, one.want, true)(m.Get(1))
	}
}

func TestCowMapInsertAbsent(t *testing.T) {
	m := newCowMapWith(t, "")
	checkResult(t, "three", true)(m.GetOrInsert(3, b("three")))
	checkCurrent(t, "three")(m.GetOrInsert(3, b("other")))
	four := func() ([]byte, error) { return b("four"), nil }
	checkResult(t, "four", true)(m.GetOrInsertWith(4, four))
	checkCurrent(t, "four")(m.GetOrInsertWith(4, func() ([]byte, error) { panic("called") }))
	more := func(value []byte) ([]byte, error) { return append(value, '!'), nil }
	checkResult(t, "five", true)(m.UpdateOrInsert(5, more, b("five")))
	checkCurrent(t, "five!")(m.UpdateOrInsert(5, more, b("five")))
	checkEntries(t, m, map[int64]string{3: "three", 4: "four", 5: "five!"})
}

// checkCurrent demands that the key was there, with this value.
func checkCurrent(t testing.TB, want string) func(current []byte, inserted bool, err error) {
	return func(current []byte, inserted bool, err error) {
		t.Helper()
		checkFalse(t, inserted, err)
		checkEqual(t, want, string(current))
	}
}

// callbackCalls is every method with a callback: it edits the value of 1.
func callbackCalls(m *CowMap, callback func() error) map[string]func() error {
	edit := func(value []byte) ([]byte, error) { return value, callback() }
	return map[string]func() error{
		"Modify":         func() error { _, err := m.Modify(1, edit); return err },
		"UpdateOrInsert": func() error { _, _, err := m.UpdateOrInsert(1, edit, nil); return err },
		"GetOrInsertWith": func() error {
			_, _, err := m.GetOrInsertWith(2, func() ([]byte, error) { return nil, callback() })
			return err
		},
	}
}

// What a callback returns or panics with comes out of the call, unchanged, and nothing else does.
func TestCowMapCallbackErrors(t *testing.T) {
	m := newCowMapWith(t, "")
	_, err := m.Put(1, b("one"))
	check(t, err)
	other := errors.New("other")
	for name, call := range callbackCalls(m, func() error { return other }) {
		t.Run(name, func(t *testing.T) { checkEqual(t, other, call()) })
	}
	checkAll(t, ErrNotFound, callbackCalls(m, func() error { return ErrNotFound }))
	checkAll(t, other, callbackCalls(m, func() error { panic(other) }))
	for _, call := range callbackCalls(m, func() error { panic(other) }) {
		var panicked *PanicError
		checkEqual(t, true, errors.As(call(), &panicked) && panicked.Value == other)
	}
	for _, call := range callbackCalls(m, func() error { panic(nil) }) {
		var panicked *PanicError
		checkEqual(t, true, errors.As(call(), &panicked) && panicked.Value == nil)
	}
	_, err = m.Modify(1, nil)
	checkIs(t, ErrInvalidArgument, err)
	_, _, err = m.GetOrInsertWith(2, nil)
	checkIs(t, ErrInvalidArgument, err)
	_, _, err = m.UpdateOrInsert(1, nil, nil)
	checkIs(t, ErrInvalidArgument, err)
	checkEntries(t, m, map[int64]string{1: "one"})
}

// A callback may read its map, and do anything to other maps, also by calls with callbacks.
func TestCowMapCallbackCalls(t *testing.T) {
	m, other := newCowMapWith(t, ""), newCowMapWith(t, "")
	for _, one := range []*CowMap{m, other} {
		_, err := one.Put(1, b("one"))
		check(t, err)
	}
	// A callback may not end its goroutine, as the checks do.
	calls := callbackCalls(m, func() error {
		if value, _, err := m.Get(1); string(value) != "one" {
			t.Errorf("%q, %v", value, err)
		}
		for _, busy := range []func() error{
			func() error { _, err := m.Put(3, nil); return err },
			func() error { _, _, err := m.GetAndDelete(1); return err },
			func() error { _, err := m.Clone(); return err },
			func() error { _, err := m.Cursor(); return err },
			func() error { _, err := m.Diff(other); return err },
			m.Clear,
			m.Close,
		} {
			if err := busy(); !errors.Is(err, ErrBusy) {
				t.Error(err)
			}
		}
		_, err := other.Modify(1, func(value []byte) ([]byte, error) {
			if err := other.Close(); !errors.Is(err, ErrBusy) {
				t.Error(err)
			}
			return append(value, '+'), nil
		})
		return err
	})
	for name, call := range calls {
		t.Run(name, func(t *testing.T) { check(t, call()) })
	}
	checkEntries(t, m, map[int64]string{1: "one", 2: ""})
	checkEntries(t, other, map[int64]string{1: "one+++"})
}

func TestCowMapCursor(t *testing.T) {
	m := newCowMapWith(t, "")
	want := map[int64]string{-5: "", 1: "one", 2: strings.Repeat("x", 300), 3: "three"}
	for key, value := range want {
		_, err := m.Put(key, b(value))
		check(t, err)
	}
	cursor, err := m.Cursor()
	check(t, err)
	checkEqual(t, true, cursor.Value() == nil)
	checkIs(t, ErrInvalidArgument, cursor.Err())
	check(t, m.Clear()) // does not disturb it
	got := map[int64]string{}
	for len(got) < len(want) {
		cursor.All()(func(key int64, value []byte) bool {
			checkEqual(t, true, value != nil)
			got[key] = string(value)
			return false // and on from there
		})
	}
	for key, value := range want {
		checkEqual(t, value, got[key])
	}
	checkEqual(t, false, cursor.Next())
	check(t, cursor.Err())
	checkEqual(t, int64(0), cursor.Key())
	checkIs(t, ErrInvalidArgument, cursor.Err())
}

func TestCowMapNextMany(t *testing.T) {
	m := newCowMapWith(t, "")
	for key := int64(0); key < 1000; key++ {
		_, err := m.Put(key, counterKey(uint64(key)))
		check(t, err)
	}
	cursor, err := m.Cursor()
	check(t, err)
	seen := map[int64]bool{}
	for {
		entries, err := cursor.NextMany(30, 1<<20)
		check(t, err)
		checkEqual(t, true, cursor.Value() == nil)
		if len(entries) == 0 {
			break
		}
		keys, err := cursor.NextKeys(20)
		check(t, err)
		for _, entry := range entries {
			checkEqual(t, string(counterKey(uint64(entry.Key))), string(entry.Value))
			keys = append(keys, entry.Key)
		}
		for _, key := range keys {
			checkEqual(t, false, seen[key])
			seen[key] = true
		}
	}
	checkEqual(t, 1000, len(seen))
	cursor, err = m.Cursor()
	check(t, err)
	entries, err := cursor.NextMany(math.MaxInt, 0)
	check(t, err)
	checkEqual(t, 1, len(entries))
	values, err := cursor.NextValues(math.MaxInt, 1<<20)
	check(t, err)
	checkEqual(t, true, len(values) == 999 && len(values[998]) == 8)
	_, err = cursor.NextMany(-1, 0)
	checkIs(t, ErrInvalidArgument, err)
	_, err = cursor.NextKeys(-1)
	checkIs(t, ErrInvalidArgument, err)
	_, err = cursor.NextValues(1, -1)
	checkIs(t, ErrInvalidArgument, err)
}

func TestCowMapDiff(t *testing.T) {
	before := newCowMapWith(t, "")
	long := strings.Repeat("x", 300)
	for key, value := range []string{"", "one", "two", long} {
		_, err := before.Put(int64(key), b(value))
		check(t, err)
	}
	after, err := before.Clone()
	check(t, err)
	for _, key := range []int64{0, 1} {
		_, err = after.Delete(key)
		check(t, err)
	}
	_, err = after.Put(2, nil)
	check(t, err)
	_, err = after.Put(3, b("short"))
	check(t, err)
	_, err = after.Put(4, b("four"))
	check(t, err)
	diff, err := before.Diff(after)
	check(t, err)
	checkEqual(t, ChangeKind(0), diff.Change().Kind)
	checkIs(t, ErrInvalidArgument, diff.Err())
	check(t, after.Clear()) // does not disturb it
	want := map[int64][3]string{0: {"removed", ""}, 1: {"removed", "one"}, 2: {"changed", "two", ""},
		3: {"changed", long, "short"}, 4: {"added", "", "four"}}
	seen := map[int64]bool{}
	for diff.Next() {
		key, change := diff.Key(), diff.Change()
		checkEqual(t, want[key], [3]string{change.Kind.String(), string(change.Before), string(change.After)})
		checkEqual(t, change.Kind != ChangeAdded, change.Before != nil)
		checkEqual(t, change.Kind != ChangeRemoved, change.After != nil)
		checkEqual(t, false, seen[key])
		seen[key] = true
	}
	check(t, diff.Err())
	checkEqual(t, len(want), len(seen))
	checkEqual(t, int64(0), diff.Key())
	checkIs(t, ErrInvalidArgument, diff.Err())
	_, err = before.Diff(nil)
	checkIs(t, ErrInvalidArgument, err)
	back, err := after.Diff(before)
	check(t, err)
	count := 0
	back.All()(func(key int64, change CowMapChange) bool {
		checkEqual(t, ChangeAdded, change.Kind)
		count++
		return count < 3
	})
	checkEqual(t, 3, count)
	check(t, after.Close())
	checkEqual(t, false, back.Next())
	checkIs(t, ErrClosed, back.Err())
}

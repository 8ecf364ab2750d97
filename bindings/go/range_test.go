//go:build go1.23

package stave

import "testing"

func TestCursorRange(t *testing.T) {
	store := openStore(t, "")
	check(t, store.MultiPut([]Record{{b("1"), b("one")}, {b("2"), b("two")}}, nil))
	cursor, err := store.Cursor(nil)
	check(t, err)
	got := map[string]string{}
	for key, value := range cursor.All() {
		got[string(key)] = string(value)
	}
	check(t, cursor.Err())
	checkEqual(t, true, len(got) == 2 && got["1"] == "one" && got["2"] == "two")
}

func TestIndexCursorRange(t *testing.T) {
	index := newIndex(t, "")
	_, _, err := index.MultiPut([]IndexEntry{{b("1"), 1}, {b("2"), 2}})
	check(t, err)
	cursor, err := index.Cursor()
	check(t, err)
	got := map[string]uint64{}
	for key, value := range cursor.All() {
		got[string(key)] = value
	}
	check(t, cursor.Err())
	checkEqual(t, true, len(got) == 2 && got["1"] == 1 && got["2"] == 2)
}

func TestCowMapRange(t *testing.T) {
	before := newCowMapWith(t, "")
	_, err := before.Put(1, b("one"))
	check(t, err)
	cursor, err := before.Cursor()
	check(t, err)
	for key, value := range cursor.All() {
		checkEqual(t, "1one", string(rune('0'+key))+string(value))
	}
	check(t, cursor.Err())
	after := newCowMapWith(t, "")
	diff, err := before.Diff(after)
	check(t, err)
	for key, change := range diff.All() {
		checkEqual(t, true, key == 1 && change.Kind == ChangeRemoved)
	}
	check(t, diff.Err())
}

func TestMemtableRange(t *testing.T) {
	table := newMemtable(t, "")
	committed(t, table, put("1", "one"), put("2", "two"))
	snapshot, err := table.Snapshot()
	check(t, err)
	cursor, err := snapshot.Cursor(nil)
	check(t, err)
	got := map[string]string{}
	for key, value := range cursor.All() {
		got[string(key)] = string(value)
	}
	check(t, cursor.Err())
	checkEqual(t, true, len(got) == 2 && got["1"] == "one" && got["2"] == "two")
}

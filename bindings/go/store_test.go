package stave

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func b(text string) []byte { return []byte(text) }

func TestOneKey(t *testing.T) {
	store := openStore(t, "")
	checkValue(t, store, "k", nil)
	check(t, store.Put(b("k"), b("v"), nil))
	checkValue(t, store, "k", b("v"))

	inserted, err := store.Insert(b("k"), b("w"), nil)
	checkFalse(t, inserted, err)
	inserted, err = store.Insert(b("l"), b("w"), nil)
	checkTrue(t, inserted, err)
	replaced, err := store.Replace(b("m"), b("w"), nil)
	checkFalse(t, replaced, err)
	replaced, err = store.Replace(b("k"), b("x"), nil)
	checkTrue(t, replaced, err)
	checkValue(t, store, "k", b("x"))

	exists, err := store.Contains(b("k"))
	checkTrue(t, exists, err)
	size, err := store.Size()
	check(t, err)
	checkEqual(t, uint64(2), size)
	deleted, err := store.Delete(b("k"), nil)
	checkTrue(t, deleted, err)
	deleted, err = store.Delete(b("k"), nil)
	checkFalse(t, deleted, err)
	exists, err = store.Contains(b("k"))
	checkFalse(t, exists, err)
}

// An absent key and an empty value never look the same, and nil is the empty key and value.
func TestEmptyAndNil(t *testing.T) {
	store := openStore(t, "")
	checkValue(t, store, "", nil)
	check(t, store.Put(nil, nil, nil))
	checkValue(t, store, "", []byte{})
	value, ok, err := store.AppendGet(nil, []byte{})
	checkTrue(t, ok, err)
	checkEqual(t, 0, len(value))
	size, ok, err := store.GetInto(nil, nil)
	checkTrue(t, ok, err)
	checkEqual(t, 0, size)
	pin, err := store.GetPin(nil)
	check(t, err)
	size, err = pin.Size()
	check(t, err)
	checkEqual(t, 0, size)
	check(t, pin.Close())
	values, err := store.MultiGet([][]byte{nil, b("k")})
	check(t, err)
	checkEqual(t, true, values[0] != nil && len(values[0]) == 0 && values[1] == nil)
}

func TestBytesAreExact(t *testing.T) {
	store := openStore(t, "segment_size=1MiB")
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, size := range []int{0, 1, 255, 4095, 4096, 4097, 100000, 64 << 20} {
		value := bytes.Repeat(all, size/256+1)[:size]
		check(t, store.Put(all, value, nil))
		checkValue(t, store, string(all), value)
		appended, ok, err := store.AppendGet(b("head"), all)
		checkTrue(t, ok, err)
		checkEqual(t, true, string(appended[:4]) == "head" && bytes.Equal(appended[4:], value))
	}
}

func TestAppendGetReusesMemory(t *testing.T) {
	store := openStore(t, "")
	check(t, store.Put(b("k"), b("value"), nil))
	key, dst := b("k"), make([]byte, 0, 64)
	value, ok, err := store.AppendGet(dst, key)
	checkTrue(t, ok, err)
	checkEqual(t, "value", string(value))
	checkEqual(t, &dst[:1][0], &value[0])
	// What stands behind the value in dst stays as it was.
	backing := b("....................")
	value, ok, err = store.AppendGet(backing[:2:10], key)
	checkTrue(t, ok, err)
	checkEqual(t, "..value", string(value))
	checkEqual(t, "..value.............", string(backing))
	// Of an absent key, dst comes back.
	value, ok, err = store.AppendGet(b("same"), b("absent"))
	checkFalse(t, ok, err)
	checkEqual(t, "same", string(value))
}

func TestGetInto(t *testing.T) {
	store := openStore(t, "")
	check(t, store.Put(b("k"), b("value"), nil))
	dst := b("........")
	size, ok, err := store.GetInto(dst, b("k"))
	checkTrue(t, ok, err)
	checkEqual(t, "value...", string(dst))
	checkEqual(t, 5, size)
	size, ok, err = store.GetInto(dst[:4], b("k"))
	checkIs(t, ErrBufferTooSmall, err)
	checkEqual(t, true, !ok && size == 5 && string(dst) == "value...")
	size, ok, err = store.GetInto(dst, b("absent"))
	checkFalse(t, ok, err)
	checkEqual(t, 0, size)
}

func TestPin(t *testing.T) {
	store := openStore(t, "io=mmap")
	pin, err := store.GetPin(b("k"))
	check(t, err)
	checkEqual(t, true, pin == nil)
	check(t, store.Put(b("k"), b("pinned"), nil))
	pin, err = store.GetPin(b("k"))
	check(t, err)
	_, err = store.Delete(b("k"), nil)
	check(t, err)
	check(t, store.Close())
	check(t, pin.View(func(value []byte) error {
		checkEqual(t, "pinned", string(value))
		return nil
	}))
	size, err := pin.Size()
	check(t, err)
	checkEqual(t, 6, size)
	other := errors.New("other")
	checkEqual(t, other, pin.View(func([]byte) error { return other }))
}

func TestMany(t *testing.T) {
	store := openStore(t, "")
	check(t, store.MultiPut([]Record{{b("1"), b("one")}, {b("2"), nil}, {b("1"), b("uno")}}, nil))
	values, err := store.MultiGet([][]byte{b("2"), b("absent"), b("1"), b("1")})
	check(t, err)
	checkEqual(t, 4, len(values))
	checkEqual(t, true, values[0] != nil && len(values[0]) == 0 && values[1] == nil)
	checkEqual(t, "uno", string(values[2]))
	// The values share memory, but growing one does not write over the next.
	_ = append(values[2], 'x')
	checkEqual(t, "uno", string(values[3]))
	deleted, err := store.MultiDelete([][]byte{b("1"), b("absent")}, nil)
	check(t, err)
	checkEqual(t, uint64(1), deleted)

	values, err = store.MultiGet(nil)
	check(t, err)
	checkEqual(t, 0, len(values))
	check(t, store.MultiPut(nil, nil))
	deleted, err = store.MultiDelete(nil, nil)
	check(t, err)
	checkEqual(t, uint64(0), deleted)

	// Behind what is there already, and without that anything is allocated if there is room.
	check(t, store.MultiPut([]Record{{b("1"), b("one")}, {b("2"), nil}}, nil))
	values, memory, err := store.AppendMultiGet([][]byte{b("first")}, make([]byte, 3, 100),
		[][]byte{b("absent"), b("1"), b("2")})
	check(t, err)
	checkEqual(t, true, len(values) == 4 && string(values[0]) == "first" && values[1] == nil)
	checkEqual(t, true, string(values[2]) == "one" && values[3] != nil && len(values[3]) == 0)
	checkEqual(t, true, len(memory) == 6 && cap(memory) == 100 && &memory[3] == &values[2][0])

	// Larger than what is kept between calls.
	large := bytes.Repeat(b("large"), 1<<20)
	check(t, store.MultiPut([]Record{{b("large"), large}, {b("small"), b("s")}}, nil))
	values, err = store.MultiGet([][]byte{b("large"), b("small")})
	check(t, err)
	checkEqual(t, true, bytes.Equal(large, values[0]))
	checkEqual(t, "s", string(values[1]))
}

func TestBatch(t *testing.T) {
	store := openStore(t, "")
	batch, err := NewBatch()
	check(t, err)
	check(t, batch.Put(b("a"), b("1")))
	check(t, batch.Delete(b("b")))
	check(t, batch.RequireAbsent(b("a")))
	count, err := batch.Count()
	check(t, err)
	checkEqual(t, uint64(3), count)
	version, err := store.Write(batch, nil)
	check(t, err)
	checkEqual(t, uint64(1), version)
	checkValue(t, store, "a", b("1"))

	version, err = store.Write(batch, nil)
	checkEqual(t, uint64(0), version)
	checkIs(t, ErrMismatch, err)
	var mismatch *MismatchError
	checkEqual(t, true, errors.As(err, &mismatch))
	checkEqual(t, uint64(2), mismatch.Position)

	check(t, batch.Clear())
	check(t, batch.RequireEqual(b("a"), b("1")))
	check(t, batch.RequireExists(b("a")))
	check(t, batch.Put(b("a"), b("2")))
	version, err = store.Write(batch, &WriteOptions{Durability: DurabilityOS})
	check(t, err)
	checkEqual(t, uint64(2), version)
	checkValue(t, store, "a", b("2"))
	checkIs(t, ErrTooLarge, batch.Put(make([]byte, 65536), nil))
	check(t, batch.Close())
}

func TestCursor(t *testing.T) {
	store := openStore(t, "")
	want := map[string]string{"a": "1", "ab": "2", "": "3", "b": "", "large": strings.Repeat("x", 100000)}
	for key, value := range want {
		check(t, store.Put(b(key), b(value), nil))
	}
	cursor, err := store.Cursor(nil)
	check(t, err)
	checkEqual(t, true, cursor.Key() == nil)
	checkIs(t, ErrInvalidArgument, cursor.Err())
	got := map[string]string{}
	for cursor.Next() {
		got[string(cursor.Key())] = string(cursor.Value())
	}
	check(t, cursor.Err())
	checkEqual(t, len(want), len(got))
	for key, value := range want {
		checkEqual(t, value, got[key])
	}
	checkEqual(t, false, cursor.Next())
	check(t, cursor.Err())
	checkEqual(t, true, cursor.Value() == nil)
	checkIs(t, ErrInvalidArgument, cursor.Err())

	empty := openStore(t, "")
	check(t, empty.Put(nil, nil, nil))
	cursor, err = empty.Cursor(nil)
	check(t, err)
	checkEqual(t, true, cursor.Next() && cursor.Key() != nil && cursor.Value() != nil)

	cursor, err = store.Cursor(&CursorOptions{Prefix: b("a"), KeysOnly: true})
	check(t, err)
	keys := 0
	cursor.All()(func(key, value []byte) bool {
		keys++
		checkEqual(t, true, key[0] == 'a' && value != nil && len(value) == 0)
		return true
	})
	checkEqual(t, 2, keys)
}

// The iterator stops where the loop does, and goes on from there.
func TestCursorAllStops(t *testing.T) {
	store := openStore(t, "")
	check(t, store.MultiPut([]Record{{b("1"), nil}, {b("2"), nil}, {b("3"), nil}}, nil))
	cursor, err := store.Cursor(nil)
	check(t, err)
	count := 0
	for i := 0; i < 3; i++ {
		cursor.All()(func(key, value []byte) bool {
			count++
			return false
		})
	}
	checkEqual(t, 3, count)
	checkEqual(t, false, cursor.Next())
}

func TestNextMany(t *testing.T) {
	store := openStore(t, "")
	for i := 0; i < 100; i++ {
		check(t, store.Put([]byte{byte(i)}, bytes.Repeat([]byte{byte(i)}, i), nil))
	}
	cursor, err := store.Cursor(nil)
	check(t, err)
	seen := map[byte]bool{}
	for {
		records, err := cursor.NextMany(30, 1<<20)
		check(t, err)
		checkEqual(t, true, cursor.Key() == nil)
		if len(records) == 0 {
			break
		}
		for _, record := range records {
			checkEqual(t, int(record.Key[0]), len(record.Value))
			seen[record.Key[0]] = true
		}
	}
	checkEqual(t, 100, len(seen))
	cursor, err = store.Cursor(nil)
	check(t, err)
	records, err := cursor.NextMany(1<<62, 0)
	check(t, err)
	checkEqual(t, 1, len(records))
	_, err = cursor.NextMany(-1, 0)
	checkIs(t, ErrInvalidArgument, err)
}

func TestVerify(t *testing.T) {
	store := openStore(t, "")
	check(t, store.Put(b("k"), b("v"), nil))
	check(t, store.Verify(nil))
	complete := false
	check(t, store.Verify(func(done, total uint64) error {
		complete = done == total
		return nil
	}))
	checkEqual(t, true, complete)

	other := errors.New("other")
	checkEqual(t, other, store.Verify(func(uint64, uint64) error { return other }))
	checkIs(t, ErrCancelled, store.Verify(func(uint64, uint64) error { return ErrCancelled }))
	checkIs(t, ErrBusy, store.Verify(func(uint64, uint64) error { return store.Close() }))

	err := store.Verify(func(uint64, uint64) error { panic(other) })
	checkIs(t, other, err)
	var panicked *PanicError
	checkEqual(t, true, errors.As(err, &panicked))
	checkEqual(t, true, panicked.Value == other && strings.Contains(string(panicked.Stack), "TestVerify"))
	err = store.Verify(func(uint64, uint64) error {
		var none []int
		_ = none[len(none)]
		return nil
	})
	var runtimeError runtime.Error
	checkEqual(t, true, errors.As(err, &runtimeError))
	check(t, store.Verify(nil))
}

// Many callbacks at once, each with a stack that grows and with garbage collections.
func TestVerifyConcurrently(t *testing.T) {
	store := openStore(t, "")
	check(t, store.Put(b("k"), b("v"), nil))
	var group sync.WaitGroup
	for i := 0; i < 8; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			var deep func(int) int
			deep = func(n int) int {
				if n == 0 {
					runtime.GC()
					return 0
				}
				var frame [512]byte
				return deep(n-1) + int(frame[n%512])
			}
			if err := store.Verify(func(uint64, uint64) error { deep(100); return nil }); err != nil {
				t.Error(err)
			}
		}()
	}
	group.Wait()
}

func TestOptions(t *testing.T) {
	options := DefaultOptions()
	checkEqual(t, true, options.CreateIfMissing && options.Durability == DurabilityDevice)
	check(t, options.Set("durability=os,io=mmap shards=4 segment_size=64MiB read_only=1"))
	check(t, options.Set("keydir=disk checkpoint_interval=1MiB background=no"))
	check(t, options.Set("default_ttl=1500 shard_prefix_bits=16"))
	checkEqual(t, Options{DurabilityOS, IOMmap, 4, 64 << 20, true, true, false, false,
		KeyDirectoryDisk, 1 << 20, 1500 * time.Millisecond, 16}, *options)
	checkEqual(t, "disk", options.KeyDirectory.String())
	err := options.Set("shards=5 durability=device")
	checkIs(t, ErrInvalidArgument, err)
	checkEqual(t, true, strings.Contains(err.Error(), "shards"))
	checkEqual(t, DurabilityOS, options.Durability)
	checkIs(t, ErrInvalidArgument, options.Set("shards=1\x00"))
	checkEqual(t, "os mmap unknown", options.Durability.String()+" "+options.IO.String()+" "+IO(9).String())

	store := openStore(t, "shards=2")
	inForce, err := store.Options()
	check(t, err)
	checkEqual(t, uint32(2), inForce.Shards)
	text, err := DescribeOptions()
	check(t, err)
	checkEqual(t, true, strings.HasPrefix(text, "durability="))
	_, err = Open(t.TempDir(), &Options{})
	checkIs(t, ErrInvalidArgument, err)
}

func TestKeepingAndStats(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	store := openAt(t, path, "")
	check(t, store.Put(b("k"), b("v"), &WriteOptions{Durability: DurabilityDevice}))
	checkIs(t, ErrInvalidArgument, store.Put(b("k"), b("v"), &WriteOptions{Durability: 9}))
	check(t, store.Flush())
	check(t, store.Sync())
	stats, err := store.Stats()
	check(t, err)
	checkEqual(t, true, stats.Keys == 1 && stats.Commits == 1 && stats.Syncs > 0 && !stats.Recovered)
	_, err = Open(path, nil)
	checkIs(t, ErrLocked, err)
	check(t, store.Close())
	store = openAt(t, path, "read_only=1")
	checkValue(t, store, "k", b("v"))
	checkIs(t, ErrReadOnly, store.Put(b("k"), b("w"), nil))
	check(t, store.Close())
}

func TestErrors(t *testing.T) {
	folder := t.TempDir()
	_, err := Open(filepath.Join(folder, "missing", "store"), nil)
	checkIs(t, ErrNotFound, err)
	checkEqual(t, true, strings.Contains(err.Error(), "missing"))
	file := filepath.Join(folder, "file")
	check(t, os.WriteFile(file, b("not a store"), 0o600))
	_, err = Open(file, nil)
	checkIs(t, ErrInvalidArgument, err)
	checkIs(t, syscall.ENOTDIR, err)
	checkEqual(t, false, errors.Is(err, fs.ErrExist) || errors.Is(err, ErrNotFound))
	var failure *Error
	checkEqual(t, true, errors.As(err, &failure))
	checkEqual(t, syscall.ENOTDIR, failure.Errno)
	checkEqual(t, "stave: "+failure.Message, err.Error())
	_, err = Open("with\x00zero", nil)
	checkIs(t, ErrInvalidArgument, err)

	store := openStore(t, "")
	checkIs(t, ErrTooLarge, store.Put(make([]byte, 65536), nil, nil))
	checkEqual(t, "not_found", ErrNotFound.String())
	checkEqual(t, "unknown", Status(-79).String())
	checkEqual(t, "stave: "+ErrIO.Message(), (&Error{Status: ErrIO}).Error())
	checkEqual(t, "0.1.0", Version())
	checkEqual(t, uint32(1000), VersionNumber())
}

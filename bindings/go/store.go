package stave

import (
	"io"
	"runtime"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// Store is an open store. Any number of goroutines may use it at the same time.
//
// Methods of a nil or zero Store return ErrInvalidArgument.
//
// Errors of every method: ErrInvalidArgument, ErrClosed, ErrBusy (from inside a callback of the same
// store, where only those that read may be called), ErrNoMemory. Of all reads: ErrCorruption, ErrIO. Of all writes: ErrTooLarge, ErrReadOnly,
// ErrNoSpace (nothing is written; the store goes on working), ErrIO (after a failed sync: reads go on,
// writes are refused until the store is opened again), a *HookError (the change stands).
type Store struct {
	native *native[capi.Store]
	hooks  *hooks
}

var _ io.Closer = (*Store)(nil)

// Open opens the store in the directory path, and creates it (not its parents) when the options allow.
// nil options are the defaults. A crash is recovered from without being asked; see Stats. It reads the
// whole log: O(bytes in the store).
//
//   - ErrNotFound: there is none and it may not be created, or the parent directory is missing
//   - ErrExists: there is one and ErrorIfExists is set
//   - ErrInvalidArgument: an option is out of range or differs from the stored one
//   - ErrLocked: it is open elsewhere; the message has the holder's process number
//   - ErrCorruption: damaged or foreign files; nothing was changed
//   - ErrUnsupportedVersion, ErrWrongFamily, ErrPermissionDenied, ErrNoSpace, ErrIO
func Open(path string, options *Options) (*Store, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	native := options.native()
	defer capi.DeleteStoreOptions(native)
	var handle capi.Store
	if err := errorOf(capi.StoreOpen(path, native, &handle)); err != nil {
		return nil, err
	}
	return &Store{newNative(handle, capi.StoreFree), new(hooks)}, nil
}

// raw is NULL for a nil Store, which C refuses.
func (s *Store) raw() capi.Store {
	if s == nil {
		return 0
	}
	return s.native.raw()
}

// Close waits for running calls, makes everything durable, marks the store as cleanly closed, and
// unlocks the directory. ErrIO or ErrNoSpace when that cannot be done: the store is closed all the
// same, the next Open recovers, and what was acknowledged as durable is there. Closing again is no
// error. Cursors return ErrClosed afterwards; pins keep their bytes.
func (s *Store) Close() error {
	if s == nil {
		return nil
	}
	err := s.native.close(capi.StoreClose)
	if s.native != nil && s.native.closed.Load() {
		s.hooks.release()
	}
	return err
}

// Options are the options in force: defaults filled in, stored ones read.
func (s *Store) Options() (*Options, error) {
	return readOptions(func(native capi.StoreOptions) capi.Outcome {
		defer runtime.KeepAlive(s)
		return capi.StoreOptionsGet(s.raw(), native)
	})
}

// Put stores the value, whether or not the key exists. O(size), as are all that take one key.
func (s *Store) Put(key, value []byte, options *WriteOptions) error {
	return ended(s, capi.StorePut(s.raw(), key, value, options.native()))
}

// Insert stores the value if the key is absent, and says whether it was.
func (s *Store) Insert(key, value []byte, options *WriteOptions) (inserted bool, err error) {
	return found(s, capi.StoreInsert(s.raw(), key, value, options.native()), capi.Exists)
}

// Replace stores the value if the key exists, and says whether it did.
func (s *Store) Replace(key, value []byte, options *WriteOptions) (replaced bool, err error) {
	return found(s, capi.StoreReplace(s.raw(), key, value, options.native()), capi.NotFound)
}

// Delete removes the key, and says whether it existed. On a full disk deletes go on from a reserve of
// their own.
func (s *Store) Delete(key []byte, options *WriteOptions) (deleted bool, err error) {
	return found(s, capi.StoreRemove(s.raw(), key, options.native()), capi.NotFound)
}

// Get returns the value in memory of its own, and whether the key exists.
func (s *Store) Get(key []byte) (value []byte, ok bool, err error) {
	return getValue(func(dst []byte) int64 { return s.read(dst, key) })
}

// AppendGet appends the value to dst, which grows as needed, and returns the result, and whether the
// key exists. With a dst that is used again it allocates nothing.
func (s *Store) AppendGet(dst, key []byte) (value []byte, ok bool, err error) {
	return appendValue(dst, func(dst []byte) int64 { return s.read(dst, key) })
}

// GetInto copies the value to the beginning of dst, and returns the value's size, and whether the key
// exists. ErrBufferTooSmall when it does not fit: nothing is copied, and the size is what is needed
// (another writer may change it meanwhile).
func (s *Store) GetInto(dst, key []byte) (size int, ok bool, err error) {
	return copyValue(dst, func(dst []byte) int64 { return s.read(dst, key) })
}

func (s *Store) read(dst, key []byte) int64 {
	answer := capi.StoreGet(s.raw(), key, dst)
	runtime.KeepAlive(s)
	return answer
}

// Contains says whether the key exists.
func (s *Store) Contains(key []byte) (bool, error) {
	return found(s, capi.StoreContains(s.raw(), key), capi.NotFound)
}

// ValueSize is the size of the value, which is not read, and whether the key exists.
func (s *Store) ValueSize(key []byte) (size int, ok bool, err error) {
	answer := capi.StoreValueSize(s.raw(), key)
	runtime.KeepAlive(s)
	if answer < 0 {
		return 0, false, errorUnless(capi.Outcome(-answer), capi.NotFound)
	}
	return int(answer), true, nil
}

// Size is the number of keys, with those that have expired and are not removed yet. O(1) in the number of records.
func (s *Store) Size() (uint64, error) {
	var size uint64
	outcome := capi.StoreSize(s.raw(), &size)
	runtime.KeepAlive(s)
	return size, errorOf(outcome)
}

// Flush makes everything acknowledged so far reach at least the kernel: it survives kill -9.
// ErrReadOnly, ErrIO.
func (s *Store) Flush() error {
	return ended(s, capi.StoreFlush(s.raw()))
}

// Checkpoint saves a key directory on disk, beside traffic: an open after a crash reads what is logged
// later. What is acknowledged reaches the device, as by Sync. ErrInvalidArgument with
// KeyDirectoryMemory, ErrReadOnly, ErrNoSpace (nothing is lost), ErrIO.
func (s *Store) Checkpoint() error {
	return ended(s, capi.StoreCheckpoint(s.raw()))
}

// Sync makes everything acknowledged so far reach the device: it survives power loss. ErrReadOnly,
// ErrIO (final).
func (s *Store) Sync() error {
	return ended(s, capi.StoreSync(s.raw()))
}

// Stats returns the figures of this moment. O(segments + shards).
func (s *Store) Stats() (Stats, error) {
	return readStats(func(native capi.StoreStats) capi.Outcome {
		defer runtime.KeepAlive(s)
		return capi.StoreStatsGet(s.raw(), native)
	})
}

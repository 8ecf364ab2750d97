package stave

import (
	"io"
	"runtime"
	"strings"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// DiskIndex is a persistent hash index from 128-bit keys to records of one fixed size, in one file that is
// mapped into memory. It finds the record of an exact key with one page of the file, and opens in the
// same time at every size. It is meant to stand beside data of your own: the key is a hash or an id, the
// record says where the data lies.
//
// Keys have 16 bytes, and need not be random. Records are either a [Payload], which is the default, or
// as many bytes as the RecordSize with which the file was made, which mean nothing to the index.
//
// A write that returned survives kill -9. After a power loss an open shows everything up to the last
// Save, Checkpoint, BulkLoad or Close that returned, and of what came later a prefix. Damaged bytes are
// ErrCorruption, at open or for the keys they concern; all others are served. [RebuildDiskIndex] makes the
// file anew. A device that fails under a read of the mapped file ends the process (SIGBUS); a full disk
// is ErrNoSpace of the write.
//
// Any number of goroutines may use an index at the same time: readers never wait, writers take turns. One
// process writes, or any number read.
//
// Methods of a nil or zero DiskIndex return ErrInvalidArgument.
//
// Errors of every method: ErrInvalidArgument (also a key or a record of a wrong size), ErrClosed, ErrBusy
// (from inside a callback of the same index), ErrNoMemory, ErrCorruption. Of every write also
// ErrReadOnly, ErrNoSpace (nothing is written), ErrIO (after a failed sync: reads go on, writes are
// refused until the index is opened again).
type DiskIndex struct {
	native     *native[capi.DiskIndex]
	recordSize int
}

var _ io.Closer = (*DiskIndex)(nil)

// DiskIndexKeySize is the number of bytes of a key.
const DiskIndexKeySize = capi.DiskIndexKeySize

// OpenDiskIndex opens the file path, and makes it when the options allow. nil options are the defaults.
// After a clean close O(entries / 10,000); after a crash, what the log holds is read too.
//
//   - ErrNotFound: there is no file and it may not be made, or its directory is missing
//   - ErrExists: there is one and ErrorIfExists is set
//   - ErrInvalidArgument: an option is out of range, or RecordSize differs from the file's
//   - ErrLocked: it is open elsewhere; the message has the holder's process number
//   - ErrCorruption: a damaged, cut or foreign file; nothing was changed
//   - ErrUnsupportedVersion, ErrPermissionDenied, ErrNoSpace, ErrIO
func OpenDiskIndex(path string, options *DiskIndexOptions) (*DiskIndex, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	native := options.native()
	defer capi.DeleteDiskIndexOptions(native)
	var handle capi.DiskIndex
	if err := errorOf(capi.DiskIndexOpen(path, native, &handle)); err != nil {
		return nil, err
	}
	index := &DiskIndex{native: newNative(handle, capi.DiskIndexFree)}
	inForce, err := index.Options()
	if err != nil {
		return nil, err
	}
	index.recordSize = int(inForce.RecordSize)
	return index, nil
}

func checkPath(path string) error {
	if strings.IndexByte(path, 0) >= 0 {
		return failed(ErrInvalidArgument, "the path has a zero byte")
	}
	return nil
}

// raw is NULL for a nil index, which C refuses.
func (d *DiskIndex) raw() capi.DiskIndex {
	if d == nil {
		return 0
	}
	return d.native.raw()
}

// size is the size of the records.
func (d *DiskIndex) size() int {
	if d == nil {
		return 0
	}
	return d.recordSize
}

// Close waits for running calls, saves (see Save) and unlocks the file. When many changes wait to be
// merged they are merged first. ErrIO when that cannot be done: the index is closed all the same. Closing
// again is no error. Cursors return ErrClosed afterwards.
func (d *DiskIndex) Close() error {
	if d == nil {
		return nil
	}
	return d.native.close(capi.DiskIndexClose)
}

// Options are the options in force: defaults filled in, the file's RecordSize read (24 for payloads).
func (d *DiskIndex) Options() (*DiskIndexOptions, error) {
	return readDiskIndexOptions(func(native capi.DiskIndexOptions) capi.Outcome {
		defer runtime.KeepAlive(d)
		return capi.DiskIndexOptionsGet(d.raw(), native)
	})
}

// Put stores the record, whether or not the key exists. O(1), as are all that take one key.
func (d *DiskIndex) Put(key, record []byte) error {
	return ended(d, capi.DiskIndexPut(d.raw(), key, record))
}

// Insert stores the record if the key is absent, and says whether it was.
func (d *DiskIndex) Insert(key, record []byte) (inserted bool, err error) {
	return found(d, capi.DiskIndexInsert(d.raw(), key, record), capi.Exists)
}

// Delete removes the key, and says whether it existed.
func (d *DiskIndex) Delete(key []byte) (deleted bool, err error) {
	return found(d, capi.DiskIndexRemove(d.raw(), key), capi.NotFound)
}

// Get returns the record in memory of its own, and whether the key exists.
func (d *DiskIndex) Get(key []byte) (record []byte, ok bool, err error) {
	record, ok, err = d.AppendGet(make([]byte, 0, d.size()), key)
	if !ok {
		return nil, false, err
	}
	return record, true, nil
}

// AppendGet appends the record to dst, which grows as needed, and returns the result, and whether the
// key exists. With a dst that is used again it allocates nothing.
func (d *DiskIndex) AppendGet(dst, key []byte) (record []byte, ok bool, err error) {
	record = grown(dst, d.size())
	outcome := capi.DiskIndexGet(d.raw(), key, record[len(dst):])
	runtime.KeepAlive(d)
	if ok, err = foundOf(outcome, capi.NotFound); !ok {
		return dst, false, err
	}
	return record, true, nil
}

// GetPayload is Get for an index of payloads.
func (d *DiskIndex) GetPayload(key []byte) (payload Payload, ok bool, err error) {
	var record [PayloadSize]byte
	outcome := capi.DiskIndexGet(d.raw(), key, record[:])
	runtime.KeepAlive(d)
	if ok, err = foundOf(outcome, capi.NotFound); !ok {
		return Payload{}, false, err
	}
	return PayloadOf(record[:]), true, nil
}

// Contains says whether the key exists.
func (d *DiskIndex) Contains(key []byte) (bool, error) {
	return found(d, capi.DiskIndexContains(d.raw(), key), capi.NotFound)
}

// Len is the number of keys. O(1).
func (d *DiskIndex) Len() (uint64, error) {
	var size uint64
	err := ended(d, capi.DiskIndexSize(d.raw(), &size))
	return size, err
}

// MultiPut stores many records in one crossing to C, each as a Put of its own. With an error done is the
// number of those that were stored, from the beginning.
func (d *DiskIndex) MultiPut(records []Record) (done int, err error) {
	call := takeFlat()
	defer call.release()
	for _, record := range records {
		if err := d.checkSizes(record.Key, record.Value); err != nil {
			return 0, err
		}
		call.keys = append(call.keys, record.Key...)
		call.values = append(call.values, record.Value...)
	}
	stored := new(uintptr)
	err = ended(d, capi.DiskIndexMultiPut(d.raw(), call.keys, call.values, int64(d.size()),
		int64(len(records)), stored))
	return int(*stored), err
}

// checkSizes refuses a key and a record that do not stand where the next ones would be looked for.
func (d *DiskIndex) checkSizes(key, record []byte) error {
	if len(key) != DiskIndexKeySize || len(record) != d.size() {
		return failed(ErrInvalidArgument, "a key or a record has a wrong size")
	}
	return nil
}

// MultiGet reads many keys in one crossing to C. records[i] is that of keys[i], or nil if that does not
// exist. Each key is read atomically, the whole is not one snapshot. The records share one allocation.
func (d *DiskIndex) MultiGet(keys [][]byte) (records [][]byte, err error) {
	call := takeFlat()
	defer call.release()
	for _, key := range keys {
		if len(key) != DiskIndexKeySize {
			return nil, failed(ErrInvalidArgument, "a key has not 16 bytes")
		}
		call.keys = append(call.keys, key...)
	}
	// One more, so that there is an address also without keys.
	size := d.size()
	joined, found := make([]byte, len(keys)*size+1), make([]bool, len(keys)+1)
	err = ended(d, capi.DiskIndexMultiGet(d.raw(), call.keys, int64(len(keys)), joined, int64(size), found))
	if err != nil {
		return nil, err
	}
	records = make([][]byte, len(keys))
	for i := range records {
		if found[i] {
			records[i] = joined[i*size : (i+1)*size : (i+1)*size]
		}
	}
	return records, nil
}

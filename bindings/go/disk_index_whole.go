package stave

import (
	"errors"
	"io"
	"runtime"
	"runtime/cgo"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// A RecordSource returns the next key and record of a load, or io.EOF behind the last one. Any other error
// ends the load, which returns it, and so does a panic, as a *[PanicError]. What it returns is copied
// before the next call. It may not use the index that is loaded (ErrBusy), nor end its goroutine
// (runtime.Goexit, t.FailNow).
type RecordSource func() (key, record []byte, err error)

// BulkLoad adds all records of a source, far faster than puts. Of a key that comes twice, or is there
// already, the later record counts. It is one change: readers, and an open after a crash, see all of it
// or nothing; on return it is durable. Other writers wait.
func (d *DiskIndex) BulkLoad(source RecordSource) error {
	err := load(source, d.size(), func(context uintptr) capi.Outcome {
		return capi.DiskIndexBulkLoad(d.raw(), context)
	})
	runtime.KeepAlive(d)
	return err
}

// RebuildDiskIndex makes the file path anew from a source, whatever stands there now: the repair for a
// damaged one. The old file stays until the new one is complete and durable, and for good if that fails.
// Nobody may have it open (ErrLocked). options as for OpenDiskIndex; RecordSize 0 makes payload records.
func RebuildDiskIndex(path string, options *DiskIndexOptions, source RecordSource) error {
	if err := checkPath(path); err != nil {
		return err
	}
	if options == nil {
		options = DefaultDiskIndexOptions()
	}
	native := options.native()
	defer capi.DeleteDiskIndexOptions(native)
	recordSize := int(options.RecordSize)
	if recordSize == 0 {
		recordSize = PayloadSize
	}
	return load(source, recordSize, func(context uintptr) capi.Outcome {
		return capi.DiskIndexRebuild(path, native, context)
	})
}

// load makes a call that takes records from the source.
func load(source RecordSource, recordSize int, call func(context uintptr) capi.Outcome) error {
	if source == nil {
		return failed(ErrInvalidArgument, "the source is nil")
	}
	var stopped error
	loading := &capi.Source{RecordSize: recordSize}
	loading.Fill = func(keys, records []byte, countMax int) (count int, ok bool) {
		for ; count < countMax && stopped == nil; count++ {
			key := keys[count*DiskIndexKeySize : (count+1)*DiskIndexKeySize]
			record := records[count*recordSize : (count+1)*recordSize]
			if stopped = take(source, key, record); stopped != nil {
				break
			}
		}
		return count, stopped == nil || stopped == io.EOF
	}
	handle := cgo.NewHandle(loading)
	defer handle.Delete()
	outcome := call(uintptr(handle))
	if stopped != nil && stopped != io.EOF {
		if outcome != capi.OK {
			outcome.Take() // says only that the source has ended the load
		}
		return stopped
	}
	return errorOf(outcome)
}

// take puts what the source returns where C looks for it. The end is io.EOF itself.
func take(source RecordSource, key, record []byte) (err error) {
	returned := false
	defer recovered(&returned, &err)
	nextKey, nextRecord, err := source()
	returned = true
	switch {
	case errors.Is(err, io.EOF):
		return io.EOF
	case err != nil:
		return err
	case len(nextKey) != len(key) || len(nextRecord) != len(record):
		return failed(ErrInvalidArgument, "a key or a record of the source has a wrong size")
	}
	copy(key, nextKey)
	copy(record, nextRecord)
	return nil
}

// Reserve allocates space for that many keys in all, so that puts up to there do not meet a full disk
// while merges keep pace. ErrTooLarge.
func (d *DiskIndex) Reserve(entries uint64) error {
	return ended(d, capi.DiskIndexReserve(d.raw(), entries))
}

// Save makes everything written so far survive a power loss. Two syncs, and nothing is rewritten. lsn is a
// number of yours that stays in the file: a caller with a log of its own stores here up to where the
// index follows it, and replays the rest after an open (DiskIndexStats.LSN).
func (d *DiskIndex) Save(lsn uint64) error { return ended(d, capi.DiskIndexSave(d.raw(), lsn)) }

// Checkpoint is Save, and merges all changes first, so that the log is empty. Rewrites up to the whole
// file. Writers wait.
func (d *DiskIndex) Checkpoint(lsn uint64) error {
	return ended(d, capi.DiskIndexCheckpoint(d.raw(), lsn))
}

// ShrinkToFit writes the file anew as small as it can be, under the name FILE.new, and puts it in the old
// one's place. Writers wait, readers do not. O(entries).
func (d *DiskIndex) ShrinkToFit() error { return ended(d, capi.DiskIndexShrinkToFit(d.raw())) }

// Verify reads everything and checks it. It runs beside readers and writers. ErrCorruption names the first
// damage. O(bytes of the file). progress, which may be nil: as that of Store.Verify, with segments done
// and in all.
func (d *DiskIndex) Verify(progress func(done, total uint64) error) error {
	err := verify(progress, func(context uintptr) capi.Outcome {
		return capi.DiskIndexVerify(d.raw(), context)
	})
	runtime.KeepAlive(d)
	return err
}

// Stats returns the figures of this moment. Waits for a running merge step.
func (d *DiskIndex) Stats() (DiskIndexStats, error) {
	return readDiskIndexStats(func(native capi.DiskIndexStats) capi.Outcome {
		defer runtime.KeepAlive(d)
		return capi.DiskIndexStatsGet(d.raw(), native)
	})
}

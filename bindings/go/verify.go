package stave

import (
	"runtime"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// Verify reads the whole log, checks every byte that a checksum covers, and proves that the index holds
// exactly the newest record of every key. It runs beside any traffic. ErrCorruption names the first
// damage. O(bytes in the store), memory O(keys).
//
// progress, which may be nil, is called from time to time with the bytes done and the bytes in all, at
// least at the end. An error that it returns stops Verify, which returns that error; return
// ErrCancelled if there is no other reason to stop. Its panic comes back as a *[PanicError]. It may read from the
// store, where writes are ErrBusy, but not end its goroutine (runtime.Goexit, t.FailNow).
func (s *Store) Verify(progress func(done, total uint64) error) error {
	err := verify(progress, func(context uintptr) capi.Outcome {
		return capi.StoreVerify(s.raw(), context)
	})
	runtime.KeepAlive(s)
	return err
}

// verify makes a call that reports its progress.
func verify(progress func(done, total uint64) error, run func(context uintptr) capi.Outcome) error {
	if progress == nil {
		return errorOf(run(0))
	}
	var stopped error
	report := &capi.Progress{Report: func(done, total uint64) bool {
		stopped = call(progress, done, total)
		return stopped == nil
	}}
	outcome, err := withCallback(report, &stopped, run)
	if err != nil {
		return err
	}
	return errorOf(outcome)
}

func call(progress func(done, total uint64) error, done, total uint64) (err error) {
	returned := false
	defer recovered(&returned, &err)
	err = progress(done, total)
	returned = true
	return err
}

package stave

import (
	"runtime"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// MigrateAction is what a migration does with a record.
type MigrateAction uint32

// The actions.
const (
	// MigrateKeep: the record stays as it is.
	MigrateKeep MigrateAction = capi.MigrateKeep
	// MigrateUpdate: the bytes that are returned with it become the value.
	MigrateUpdate MigrateAction = capi.MigrateUpdate
	// MigrateDelete: the key is removed.
	MigrateDelete MigrateAction = capi.MigrateRemove
)

// Migrate visits each record that existed when the migration began exactly once, beside any traffic, and does
// what decide answers; expiry stays as it was. Records are committed some hundred at a time; one that another
// writer replaces or removes after decide has seen it is left to that writer. changed is the number of records
// that this call has updated or removed, also with an error. O(bytes in the store).
//
// decide is given bytes outside of Go's memory, which are gone when it returns. The value is a copy, which may be
// written to, and may be a part of what decide returns; that counts only with MigrateUpdate.
//
// progress, which may be nil, is called after every commit, and at the end: this call has visited done of about
// total records, and token, which is progress's to keep, says where to go on. A migration that was interrupted, also
// one that a crash interrupted, goes on from the last token that progress was called with: what came before is
// as durable as the options ask for, and what came after, for which decide is called again, was not committed.
// No token begins. ErrInvalidArgument for a token, as Cursor says.
//
// An error of a callback, or a panic, ends the migration, and is returned. Both run outside all locks, and may
// read from the store; for all else see Update.
func (s *Store) Migrate(decide func(key, value []byte) (action MigrateAction, updated []byte, err error),
	progress func(done, total uint64, token []byte) error, token []byte, options *WriteOptions) (
	changed uint64, err error) {
	if decide == nil {
		return 0, errNilCallback
	}
	var stopped error
	migration := &capi.Migration{
		Decide: func(key []byte, value *capi.Buffer) (action uint32, ok bool) {
			action, stopped = runDecide(decide, key, value)
			return action, stopped == nil
		},
		Report: func(done, total uint64, token []byte) bool {
			if progress != nil {
				stopped = runMigrated(progress, done, total, append([]byte{}, token...))
			}
			return stopped == nil
		},
	}
	outcome, err := withCallback(migration, &stopped, func(callback uintptr) capi.Outcome {
		return capi.StoreMigrate(s.raw(), callback, token, &changed, options.native())
	})
	runtime.KeepAlive(s)
	if err != nil {
		return changed, err
	}
	return changed, errorOf(outcome)
}

func runDecide(decide func(key, value []byte) (MigrateAction, []byte, error), key []byte, value *capi.Buffer) (
	action uint32, err error) {
	returned := false
	defer recovered(&returned, &err)
	content := value.Bytes()
	decided, updated, err := decide(key, content[:len(content):len(content)])
	returned = true
	if err == nil && decided == MigrateUpdate {
		err = setContent(value, updated)
	}
	return uint32(decided), err
}

func runMigrated(progress func(done, total uint64, token []byte) error, done, total uint64, token []byte) (
	err error) {
	returned := false
	defer recovered(&returned, &err)
	err = progress(done, total, token)
	returned = true
	return err
}

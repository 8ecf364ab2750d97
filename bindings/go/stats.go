package stave

import (
	"runtime"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// Stats are figures of an open store.
type Stats struct {
	Recovered         bool   // the store had not been closed cleanly before this Open
	WritesRefused     bool   // a sync has failed
	Keys              uint64 // live keys
	Segments          uint64 // log files
	LogBytes          uint64 // bytes of records in them, live and dead
	LiveBytes         uint64 // of these, bytes of the newest record of each live key
	DiskBytes         uint64 // size of the log files, preallocated space included
	Version           uint64 // log position of the newest visible commit; 0 in an empty store
	DurableVersion    uint64 // log position up to which the device is known to hold the log
	Commits           uint64 // of this Store, since it was opened, as are the next three
	BytesWritten      uint64 // bytes of records
	Syncs             uint64 // far fewer than commits when writers share them
	Reads             uint64 // point reads
	RecoveredCommits  uint64 // commits that this Open read from the log
	RecoveredCutBytes uint64 // bytes of unfinished commits that it cut off the log's end
}

// Stats returns the figures of this moment. O(segments + shards).
func (s *Store) Stats() (Stats, error) {
	native := capi.NewStoreStats()
	defer capi.DeleteStoreStats(native)
	capi.StoreStatsInit(native)
	err := errorOf(capi.StoreStatsGet(s.raw(), native))
	runtime.KeepAlive(s)
	if err != nil {
		return Stats{}, err
	}
	return Stats{
		Recovered:         native.GetRecovered(),
		WritesRefused:     native.GetWritesRefused(),
		Keys:              native.GetKeys(),
		Segments:          native.GetSegments(),
		LogBytes:          native.GetLogBytes(),
		LiveBytes:         native.GetLiveBytes(),
		DiskBytes:         native.GetDiskBytes(),
		Version:           native.GetVersion(),
		DurableVersion:    native.GetDurableVersion(),
		Commits:           native.GetCommits(),
		BytesWritten:      native.GetBytesWritten(),
		Syncs:             native.GetSyncs(),
		Reads:             native.GetReads(),
		RecoveredCommits:  native.GetRecoveredCommits(),
		RecoveredCutBytes: native.GetRecoveredCutBytes(),
	}, nil
}

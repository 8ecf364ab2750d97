package stave

import (
	"math"
	"runtime"
	"time"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// Expire makes the key expire at a time, in whole milliseconds; the zero time: never. The value stays. A time
// that has passed removes the key. Says whether the key exists. What the options say of expiry counts for
// nothing. Reads the value: also the errors of reads.
func (s *Store) Expire(key []byte, at time.Time, options *WriteOptions) (ok bool, err error) {
	return found(s, capi.StoreExpire(s.raw(), key, unixMilliseconds(at), options.native()), capi.NotFound)
}

// ExpiresAt returns the time at which the key expires, or the zero time if it never does, and whether the key
// exists.
func (s *Store) ExpiresAt(key []byte) (at time.Time, ok bool, err error) {
	milliseconds := new(uint64)
	ok, err = found(s, capi.StoreExpiresAt(s.raw(), key, milliseconds), capi.NotFound)
	return timeOf(*milliseconds), ok, err
}

// DeleteExpired removes every key that has expired, which the store does by itself with Options.Background,
// and returns their number. O(number of keys).
func (s *Store) DeleteExpired() (deleted uint64, err error) {
	count := new(uint64)
	err = ended(s, capi.StoreRemoveExpired(s.raw(), count))
	return *count, err
}

// Clear removes every key that exists from the call's begin to its end; one that is inserted meanwhile may
// stay. Many commits: after a crash, or an error, some keys are left. deleted is the number of keys that were
// removed, also with an error. O(number of keys).
func (s *Store) Clear(options *WriteOptions) (deleted uint64, err error) {
	count := new(uint64)
	outcome := capi.StoreClear(s.raw(), count, options.native())
	runtime.KeepAlive(s)
	return *count, errorOf(outcome)
}

// unixMilliseconds is a time as C has it; 0 is the zero time. Before 1970 all are long ago.
func unixMilliseconds(at time.Time) uint64 {
	switch milliseconds := at.UnixMilli(); {
	case at.IsZero():
		return 0
	case milliseconds < 1:
		return 1
	default:
		return uint64(milliseconds)
	}
}

// timeOf is the time that C has as Unix milliseconds; 0 is the zero time.
func timeOf(milliseconds uint64) time.Time {
	switch {
	case milliseconds == 0:
		return time.Time{}
	case milliseconds > math.MaxInt64:
		return time.UnixMilli(math.MaxInt64)
	default:
		return time.UnixMilli(int64(milliseconds))
	}
}

// millisecondsOf is a duration as C has it. Only 0 is 0, which means never: what is shorter than a millisecond,
// and a negative one, is that.
func millisecondsOf(duration time.Duration) uint64 {
	switch {
	case duration == 0:
		return 0
	case duration < time.Millisecond:
		return 1
	default:
		return uint64(duration.Milliseconds())
	}
}

// durationOf is the duration that C has in milliseconds, or the longest one.
func durationOf(milliseconds uint64) time.Duration {
	if milliseconds > uint64(math.MaxInt64/time.Millisecond) {
		return math.MaxInt64
	}
	return time.Duration(milliseconds) * time.Millisecond
}

package main

import (
	"errors"
	"strings"

	"github.com/stavedb/stave/bindings/go"
)

type verb func(t *testee, a arguments) (reply, error)

// Shorthands for the common kinds of answers.

func done(err error) (reply, error) { return reply{}, err }

func result(text string, err error) (reply, error) { return reply{result: text}, err }

// either answers ok, or the other status.
func either(ok bool, otherwise stave.Status, err error) (reply, error) {
	if !ok {
		return reply{status: otherwise.String()}, err
	}
	return reply{}, err
}

func value(data []byte, ok bool, err error) (reply, error) {
	if !ok {
		return either(false, stave.ErrNotFound, err)
	}
	return result(quote(data), err)
}

func made(handle any, err error) (reply, error) { return reply{handle: handle}, err }

func pinned(pin *stave.Pin, err error) (reply, error) {
	if pin == nil {
		return either(false, stave.ErrNotFound, err)
	}
	return made(pin, err)
}

// moved is the answer of a cursor.
func moved(ok bool, failure func() error) (reply, error) {
	if ok {
		return reply{}, nil
	}
	return reply{status: "done"}, failure()
}

// With an error there is nothing but that.
func valuesOrAbsent(values [][]byte, err error) (r reply, _ error) {
	for _, value := range values {
		if value == nil {
			r.data = append(r.data, "absent")
		} else {
			r.data = append(r.data, quote(value))
		}
	}
	return r, err
}

// countedOrDone is the answer of a call for many entries.
func countedOrDone(r reply) reply {
	if len(r.data) == 0 {
		return reply{status: "done"}
	}
	r.result = number(uint64(len(r.data)))
	return r
}

// copied is the answer of a read into memory of the caller's.
func copied(data []byte, size int, ok bool, err error) (reply, error) {
	if errors.Is(err, stave.ErrBufferTooSmall) {
		return reply{data: []string{"needed " + number(uint64(size))}}, err
	}
	if !ok {
		return value(nil, false, err)
	}
	return value(data[:size], true, nil)
}

func options(o *stave.Options) []string {
	return []string{
		line("durability", o.Durability), line("io", o.IO), line("shards", o.Shards),
		line("segment_size", o.SegmentSize), line("read_only", o.ReadOnly),
		line("create_if_missing", o.CreateIfMissing), line("error_if_exists", o.ErrorIfExists),
		line("background", o.Background), line("keydir", o.KeyDirectory),
		line("checkpoint_interval", o.CheckpointInterval),
		line("default_ttl", o.DefaultTTL.Milliseconds()), line("shard_prefix_bits", o.ShardPrefixBits),
	}
}

func records(all []stave.Record) (lines []string) {
	for _, record := range all {
		lines = append(lines, quote(record.Key)+" = "+quote(record.Value))
	}
	return lines
}

// Those of the other families are in files of their names.
var verbs = map[string]verb{
	"hello": func(*testee, arguments) (reply, error) {
		return result("format=2 language=go capabilities=store,modify,keydir,index,cow_map,disk_index,memtable", nil)
	},
	"handles": func(t *testee, _ arguments) (reply, error) {
		// Once is not always enough, as the collector may take a while to forget.
		for i := 0; i < 100 && stave.LiveHandles() != uint64(len(t.handles)); i++ {
			collectGarbage()
		}
		return result(number(stave.LiveHandles()), nil)
	},
	"version": func(*testee, arguments) (reply, error) {
		return result(stave.Version()+" "+number(uint64(stave.VersionNumber())), nil)
	},
	"status": func(_ *testee, a arguments) (reply, error) {
		status := stave.Status(a.number(0))
		if status.Message() == "" {
			return result(status.String()+" no_message", nil)
		}
		return result(status.String(), nil)
	},
	"error_mentions": func(t *testee, a arguments) (reply, error) {
		return result(zeroOrOne(strings.Contains(t.lastMessage, string(a.bytes(0)))), nil)
	},
	"error_errno": func(t *testee, _ arguments) (reply, error) {
		return result(number(uint64(t.lastErrno)), nil)
	},
	"options": func(_ *testee, a arguments) (reply, error) {
		all := stave.DefaultOptions()
		if err := all.Set(string(a.bytes(0))); err != nil {
			return done(err)
		}
		return reply{data: options(all)}, nil
	},
	"options_describe": func(*testee, arguments) (reply, error) {
		return optionNames(stave.DescribeOptions())
	},

	"store.open": open,
	"store.options": func(_ *testee, a arguments) (reply, error) {
		all, err := a.store().Options()
		if err != nil {
			return done(err)
		}
		return reply{data: options(all)}, nil
	},
	"store.close": func(_ *testee, a arguments) (reply, error) { return done(a.store().Close()) },
	"store.put": func(_ *testee, a arguments) (reply, error) {
		return done(a.store().Put(a.bytes(0), a.bytes(1), a.options))
	},
	"store.insert": func(_ *testee, a arguments) (reply, error) {
		ok, err := a.store().Insert(a.bytes(0), a.bytes(1), a.options)
		return either(ok, stave.ErrExists, err)
	},
	"store.replace": func(_ *testee, a arguments) (reply, error) {
		ok, err := a.store().Replace(a.bytes(0), a.bytes(1), a.options)
		return either(ok, stave.ErrNotFound, err)
	},
	"store.remove": func(_ *testee, a arguments) (reply, error) {
		ok, err := a.store().Delete(a.bytes(0), a.options)
		return either(ok, stave.ErrNotFound, err)
	},
	"store.get":      func(_ *testee, a arguments) (reply, error) { return value(a.store().Get(a.bytes(0))) },
	"store.get_into": getInto,
	"store.get_pin": func(_ *testee, a arguments) (reply, error) {
		return pinned(a.store().GetPin(a.bytes(0)))
	},
	"store.contains": func(_ *testee, a arguments) (reply, error) {
		ok, err := a.store().Contains(a.bytes(0))
		return either(ok, stave.ErrNotFound, err)
	},
	"store.size": func(_ *testee, a arguments) (reply, error) {
		size, err := a.store().Size()
		return result(number(size), err)
	},
	"store.multi_get": func(_ *testee, a arguments) (reply, error) {
		return valuesOrAbsent(a.store().MultiGet(a.allBytes()))
	},
	"store.multi_put": func(_ *testee, a arguments) (reply, error) {
		all := make([]stave.Record, len(a.words)/2)
		for i := range all {
			all[i] = stave.Record{Key: a.bytes(2 * i), Value: a.bytes(2*i + 1)}
		}
		return done(a.store().MultiPut(all, a.options))
	},
	"store.multi_remove": func(_ *testee, a arguments) (reply, error) {
		deleted, err := a.store().MultiDelete(a.allBytes(), a.options)
		return result(number(deleted), err)
	},
	"store.write": write,
	"store.cursor": func(_ *testee, a arguments) (reply, error) {
		return made(a.store().Cursor(a.cursorOptions()))
	},
	"store.scan":  scan,
	"store.flush": func(_ *testee, a arguments) (reply, error) { return done(a.store().Flush()) },
	"store.sync":  func(_ *testee, a arguments) (reply, error) { return done(a.store().Sync()) },
	"store.checkpoint": func(_ *testee, a arguments) (reply, error) {
		return done(a.store().Checkpoint())
	},
	"store.stats":  stats,
	"store.verify": verify,

	"pin.data": func(_ *testee, a arguments) (r reply, err error) {
		err = a.pin().View(func(data []byte) error {
			r.result = quote(data)
			return nil
		})
		return r, err
	},
	"pin.size": func(_ *testee, a arguments) (reply, error) {
		size, err := a.pin().Size()
		return result(number(uint64(size)), err)
	},

	"batch.create": func(*testee, arguments) (reply, error) { return made(stave.NewBatch()) },
	"batch.put": func(_ *testee, a arguments) (reply, error) {
		return done(a.batch().Put(a.bytes(0), a.bytes(1)))
	},
	"batch.remove": func(_ *testee, a arguments) (reply, error) { return done(a.batch().Delete(a.bytes(0))) },
	"batch.require_absent": func(_ *testee, a arguments) (reply, error) {
		return done(a.batch().RequireAbsent(a.bytes(0)))
	},
	"batch.require_exists": func(_ *testee, a arguments) (reply, error) {
		return done(a.batch().RequireExists(a.bytes(0)))
	},
	"batch.require_equal": func(_ *testee, a arguments) (reply, error) {
		return done(a.batch().RequireEqual(a.bytes(0), a.bytes(1)))
	},
	"batch.count": func(_ *testee, a arguments) (reply, error) {
		count, err := a.batch().Count()
		return result(number(count), err)
	},
	"batch.clear": func(_ *testee, a arguments) (reply, error) { return done(a.batch().Clear()) },
	"batch.close": func(_ *testee, a arguments) (reply, error) { return done(a.batch().Close()) },

	"cursor.next": func(_ *testee, a arguments) (reply, error) {
		return moved(a.cursor().Next(), a.cursor().Err)
	},
	"cursor.key":       func(_ *testee, a arguments) (reply, error) { return part(a, a.cursor().Key()) },
	"cursor.value":     func(_ *testee, a arguments) (reply, error) { return part(a, a.cursor().Value()) },
	"cursor.next_many": nextMany,
	"cursor.close":     func(_ *testee, a arguments) (reply, error) { return done(a.cursor().Close()) },
}

// Verbs of more than a few lines.

func open(_ *testee, a arguments) (reply, error) {
	all := stave.DefaultOptions()
	for _, word := range a.words[1:] {
		if err := all.Set(word.text); err != nil {
			return done(err)
		}
	}
	return made(stave.Open(string(a.bytes(0)), all))
}

func getInto(_ *testee, a arguments) (reply, error) {
	data := make([]byte, a.number(1))
	size, ok, err := a.store().GetInto(data, a.bytes(0))
	return copied(data, size, ok, err)
}

func write(t *testee, a arguments) (reply, error) {
	r, err := writeVersion(t, a)
	r.result = ""
	return r, err
}

func writeVersion(t *testee, a arguments) (reply, error) {
	version, err := a.store().Write(t.handles[a.words[0].text].(*stave.Batch), a.options)
	var mismatch *stave.MismatchError
	if errors.As(err, &mismatch) {
		return reply{data: []string{"failed " + number(mismatch.Position)}}, err
	}
	return result(number(version), err)
}

func scan(_ *testee, a arguments) (reply, error) {
	cursor, err := a.store().Cursor(a.cursorOptions())
	if err != nil {
		return done(err)
	}
	var lines []string
	for cursor.Next() {
		lines = append(lines, quote(cursor.Key())+" = "+quote(cursor.Value()))
	}
	if cursor.Err() != nil {
		return done(cursor.Err())
	}
	return reply{data: lines, result: number(uint64(len(lines)))}, nil
}

func part(a arguments, data []byte) (reply, error) {
	if data == nil {
		return done(a.cursor().Err())
	}
	return result(quote(data), nil)
}

func nextMany(_ *testee, a arguments) (reply, error) {
	all, err := a.cursor().NextMany(a.number(0), a.number(1))
	if err == nil && len(all) == 0 {
		return reply{status: "done"}, nil
	}
	return reply{data: records(all), result: number(uint64(len(all)))}, err
}

func stats(_ *testee, a arguments) (reply, error) {
	stats, err := a.store().Stats()
	if err != nil {
		return done(err)
	}
	return members(a.words, map[string]any{
		"recovered": stats.Recovered, "writes_refused": stats.WritesRefused, "keys": stats.Keys,
		"segments": stats.Segments, "log_bytes": stats.LogBytes, "live_bytes": stats.LiveBytes,
		"disk_bytes": stats.DiskBytes, "version": stats.Version,
		"durable_version": stats.DurableVersion, "commits": stats.Commits,
		"bytes_written": stats.BytesWritten, "syncs": stats.Syncs, "reads": stats.Reads,
		"recovered_commits":   stats.RecoveredCommits,
		"recovered_cut_bytes": stats.RecoveredCutBytes,
	})
}

// members are the named ones of a struct of figures.
func members(names []word, figures map[string]any) (r reply, _ error) {
	for _, word := range names {
		figure, ok := figures[word.text]
		if !ok {
			panic(scriptError("no such statistic: " + word.text))
		}
		r.data = append(r.data, line(word.text, figure))
	}
	return r, nil
}

func verify(_ *testee, a arguments) (reply, error) {
	store := a.store()
	return verifyWith(a.words, store.Verify, store.Size, store.Close)
}

// verifyWith verifies with a callback that does what the first word says.
func verifyWith(words []word, verify func(progress func(done, total uint64) error) error,
	size func() (uint64, error), close func() error) (reply, error) {
	what, complete := "", "0"
	if len(words) > 0 {
		what = words[0].text
	}
	err := verify(func(done, total uint64) error {
		complete = zeroOrOne(done == total)
		switch what {
		case "cancel":
			return stave.ErrCancelled
		case "size":
			_, err := size()
			return err
		case "close":
			return close()
		}
		return nil
	})
	return result(complete, err)
}

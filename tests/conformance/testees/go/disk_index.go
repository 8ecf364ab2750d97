package main

import (
	"io"

	"github.com/stavedb/stave/bindings/go"
)

func init() {
	for name, verb := range diskIndexVerbs {
		verbs[name] = verb
	}
}

func (a arguments) diskIndex() *stave.DiskIndex { return a.handle.(*stave.DiskIndex) }

func (a arguments) diskIndexCursor() *stave.DiskIndexCursor {
	return a.handle.(*stave.DiskIndexCursor)
}

func diskIndexOptions(o *stave.DiskIndexOptions) []string {
	return []string{
		line("record_size", o.RecordSize), line("delta_memory", o.DeltaMemory),
		line("bulk_memory", o.BulkMemory), line("read_only", o.ReadOnly),
		line("create_if_missing", o.CreateIfMissing), line("create_parents", o.CreateParents),
		line("error_if_exists", o.ErrorIfExists), line("background", o.Background),
	}
}

// chosenOptions are those among the words: the ones without quotes.
func chosenOptions(words []word) (*stave.DiskIndexOptions, error) {
	options := stave.DefaultDiskIndexOptions()
	for _, word := range words {
		if !word.isQuoted {
			if err := options.Set(word.text); err != nil {
				return nil, err
			}
		}
	}
	return options, nil
}

// pairs are KEY RECORD KEY RECORD ... among the words.
func pairs(words []word) (all []stave.Record) {
	var content [][]byte
	for _, word := range words {
		if word.isQuoted {
			content = append(content, []byte(word.text))
		}
	}
	for ; len(content) > 1; content = content[2:] {
		all = append(all, stave.Record{Key: content[0], Value: content[1]})
	}
	return all
}

// source is one of these records, which fails behind them if the last word wants that.
func source(words []word) stave.RecordSource {
	all := pairs(words)
	return func() (key, record []byte, err error) {
		if len(all) == 0 {
			if len(words) > 0 && !words[len(words)-1].isQuoted && words[len(words)-1].text == "cancel" {
				return nil, nil, stave.ErrCancelled
			}
			return nil, nil, io.EOF
		}
		key, record, all = all[0].Key, all[0].Value, all[1:]
		return key, record, nil
	}
}

var diskIndexVerbs = map[string]verb{
	"disk_index_options": func(_ *testee, a arguments) (reply, error) {
		all := stave.DefaultDiskIndexOptions()
		if err := all.Set(string(a.bytes(0))); err != nil {
			return done(err)
		}
		return reply{data: diskIndexOptions(all)}, nil
	},
	"disk_index_options_describe": func(*testee, arguments) (reply, error) {
		return optionNames(stave.DescribeDiskIndexOptions())
	},
	"disk_index_rebuild": func(_ *testee, a arguments) (reply, error) {
		options, err := chosenOptions(a.words)
		if err != nil {
			return done(err)
		}
		return done(stave.RebuildDiskIndex(string(a.bytes(0)), options, source(a.words[1:])))
	},
	"disk_index.open": func(_ *testee, a arguments) (reply, error) {
		options, err := chosenOptions(a.words)
		if err != nil {
			return done(err)
		}
		return made(stave.OpenDiskIndex(string(a.bytes(0)), options))
	},
	"disk_index.options": func(_ *testee, a arguments) (reply, error) {
		all, err := a.diskIndex().Options()
		if err != nil {
			return done(err)
		}
		return reply{data: diskIndexOptions(all)}, nil
	},
	"disk_index.close": func(_ *testee, a arguments) (reply, error) {
		return done(a.diskIndex().Close())
	},
	"disk_index.put": func(_ *testee, a arguments) (reply, error) {
		return done(a.diskIndex().Put(a.bytes(0), a.bytes(1)))
	},
	"disk_index.insert": func(_ *testee, a arguments) (reply, error) {
		ok, err := a.diskIndex().Insert(a.bytes(0), a.bytes(1))
		return either(ok, stave.ErrExists, err)
	},
	"disk_index.put_payload": func(_ *testee, a arguments) (reply, error) {
		payload := stave.Payload{
			Offset: a.unsigned(1), Length: uint32(a.unsigned(2)),
			UncompressedLength: uint32(a.unsigned(3)), Codec: stave.Codec(a.unsigned(4)),
		}
		return done(a.diskIndex().Put(a.bytes(0), payload.Record()))
	},
	"disk_index.get_payload": func(_ *testee, a arguments) (reply, error) {
		payload, ok, err := a.diskIndex().GetPayload(a.bytes(0))
		if !ok {
			return either(false, stave.ErrNotFound, err)
		}
		return result(number(payload.Offset)+" "+number(uint64(payload.Length))+" "+
			number(uint64(payload.UncompressedLength))+" "+number(uint64(payload.Codec)), nil)
	},
	"disk_index.remove": func(_ *testee, a arguments) (reply, error) {
		ok, err := a.diskIndex().Delete(a.bytes(0))
		return either(ok, stave.ErrNotFound, err)
	},
	"disk_index.get": func(_ *testee, a arguments) (reply, error) {
		return value(a.diskIndex().Get(a.bytes(0)))
	},
	"disk_index.contains": func(_ *testee, a arguments) (reply, error) {
		ok, err := a.diskIndex().Contains(a.bytes(0))
		return either(ok, stave.ErrNotFound, err)
	},
	"disk_index.size": func(_ *testee, a arguments) (reply, error) {
		size, err := a.diskIndex().Len()
		return result(number(size), err)
	},
	"disk_index.multi_put": func(_ *testee, a arguments) (reply, error) {
		stored, err := a.diskIndex().MultiPut(pairs(a.words))
		return result(number(uint64(stored)), err)
	},
	"disk_index.multi_get": func(_ *testee, a arguments) (reply, error) {
		return valuesOrAbsent(a.diskIndex().MultiGet(a.allBytes()))
	},
	"disk_index.bulk_load": func(_ *testee, a arguments) (reply, error) {
		return done(a.diskIndex().BulkLoad(source(a.words)))
	},
	"disk_index.reserve": func(_ *testee, a arguments) (reply, error) {
		return done(a.diskIndex().Reserve(a.unsigned(0)))
	},
	"disk_index.save": func(_ *testee, a arguments) (reply, error) {
		return done(a.diskIndex().Save(a.unsigned(0)))
	},
	"disk_index.checkpoint": func(_ *testee, a arguments) (reply, error) {
		return done(a.diskIndex().Checkpoint(a.unsigned(0)))
	},
	"disk_index.shrink_to_fit": func(_ *testee, a arguments) (reply, error) {
		return done(a.diskIndex().ShrinkToFit())
	},
	"disk_index.stats": diskIndexStats,
	"disk_index.verify": func(_ *testee, a arguments) (reply, error) {
		index := a.diskIndex()
		return verifyWith(a.words, index.Verify, index.Len, index.Close)
	},
	"disk_index.cursor": func(_ *testee, a arguments) (reply, error) {
		return made(a.diskIndex().Cursor())
	},
	"disk_index.scan": func(_ *testee, a arguments) (r reply, err error) {
		cursor, err := a.diskIndex().Cursor()
		if err != nil {
			return done(err)
		}
		for cursor.Next() {
			r.data = append(r.data, quote(cursor.Key())+" = "+quote(cursor.Record()))
		}
		r.result = number(uint64(len(r.data)))
		return r, cursor.Err()
	},

	"disk_index_cursor.next": func(_ *testee, a arguments) (reply, error) {
		return moved(a.diskIndexCursor().Next(), a.diskIndexCursor().Err)
	},
	"disk_index_cursor.key": func(_ *testee, a arguments) (reply, error) {
		key := a.diskIndexCursor().Key()
		return result(quote(key), a.diskIndexCursor().Err())
	},
	"disk_index_cursor.record": func(_ *testee, a arguments) (reply, error) {
		record := a.diskIndexCursor().Record()
		return result(quote(record), a.diskIndexCursor().Err())
	},
	"disk_index_cursor.next_many": func(_ *testee, a arguments) (reply, error) {
		all, err := a.diskIndexCursor().NextMany(a.number(0))
		if err != nil {
			return done(err)
		}
		return countedOrDone(reply{data: records(all)}), nil
	},
	"disk_index_cursor.close": func(_ *testee, a arguments) (reply, error) {
		return done(a.diskIndexCursor().Close())
	},
}

func diskIndexStats(_ *testee, a arguments) (reply, error) {
	stats, err := a.diskIndex().Stats()
	if err != nil {
		return done(err)
	}
	return members(a.words, map[string]any{
		"writes_refused": stats.WritesRefused, "entries": stats.Entries,
		"file_bytes": stats.FileBytes, "free_bytes": stats.FreeBytes, "segments": stats.Segments,
		"segment_bytes": stats.SegmentBytes, "log_bytes": stats.LogBytes,
		"delta_entries": stats.DeltaEntries, "generation": stats.Generation, "lsn": stats.LSN,
		"merges": stats.Merges, "syncs": stats.Syncs,
		"recovered_operations": stats.RecoveredOperations,
	})
}

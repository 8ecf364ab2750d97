package main

import (
	"bytes"
	"errors"

	"github.com/stavedb/stave/bindings/go"
)

// Verbs of the store for hooks, migrations and positions.

func init() {
	for name, verb := range storeWatchVerbs {
		verbs[name] = verb
	}
}

var storeWatchVerbs = map[string]verb{
	"store.on_write": func(t *testee, a arguments) (reply, error) {
		var options *stave.HookOptions
		if a.has(-1, "old_value") {
			options = &stave.HookOptions{OldValues: true}
		}
		return done(a.store().OnWrite(t.hook(a), options))
	},
	"store.on_open": func(t *testee, a arguments) (reply, error) { return done(a.store().OnOpen(t.hook(a))) },
	"store.events": func(t *testee, _ arguments) (reply, error) {
		events := t.events
		t.events = nil
		return reply{data: events}, nil
	},
	"store.migrate": func(t *testee, a arguments) (reply, error) { return t.migrate(a, nil) },
	"store.migrate_on": func(t *testee, a arguments) (reply, error) {
		return t.migrate(a, t.token)
	},
	"store.cursor_on": func(t *testee, a arguments) (reply, error) {
		options := a.cursorOptions()
		options.Token = t.token
		return made(a.store().Cursor(options))
	},
	"cursor.token": func(t *testee, a arguments) (reply, error) {
		token, err := a.cursor().Token()
		if err == nil {
			t.token = token
		}
		return done(err)
	},
}

// hook notes what it sees, and does what the first word says.
func (t *testee) hook(a arguments) func(change stave.Change) error {
	store, action := a.store(), a.words[0].text
	return func(change stave.Change) (err error) {
		event := number(change.Version) + " " + quote(change.Key)
		if change.Deleted {
			event += " removed"
		} else {
			event += " = " + quote(change.Value)
		}
		if !change.ExpiresAt.IsZero() {
			event += " expires " + milliseconds(change.ExpiresAt)
		}
		if change.OldValue != nil {
			event += " was " + quote(change.OldValue)
		}
		switch action {
		case "fail":
			err = stave.ErrIO
		case "get":
			_, ok, failure := store.Get(change.Key)
			seen, _ := either(ok, stave.ErrNotFound, nil)
			event += " sees " + statusName(seen, failure)
		case "put":
			err = store.Put([]byte("k"), nil, nil)
			event += " puts " + statusName(reply{}, err)
		}
		t.events = append(t.events, event)
		return err
	}
}

// statusName is the name of the status that a call has answered.
func statusName(r reply, err error) string {
	var failure *stave.Error
	switch {
	case errors.As(err, &failure):
		return failure.Status.String()
	case r.status != "":
		return r.status
	}
	return "ok"
}

func (t *testee) migrate(a arguments, token []byte) (reply, error) {
	prefix, step, stops := a.bytes(0), a.words[1].text, a.has(-1, "stop")
	decide := func(key, value []byte) (stave.MigrateAction, []byte, error) {
		if !bytes.HasPrefix(key, prefix) {
			return stave.MigrateKeep, nil, nil
		}
		switch step {
		case "append", "set":
			return stave.MigrateUpdate, a.edited(1, value), nil
		case "remove":
			return stave.MigrateDelete, nil, nil
		case "cancel":
			return stave.MigrateKeep, nil, stave.ErrCancelled
		case "put":
			return stave.MigrateKeep, nil, a.store().Put([]byte("k"), nil, nil)
		}
		return stave.MigrateKeep, nil, nil
	}
	progress := func(done, total uint64, token []byte) error {
		if done > total {
			panic(scriptError("a migration says that it has done more than all"))
		}
		t.token = token
		if stops {
			return stave.ErrCancelled
		}
		return nil
	}
	changed, err := a.store().Migrate(decide, progress, token, a.options)
	return result(number(changed), err)
}

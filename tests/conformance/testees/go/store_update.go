package main

import "github.com/stavedb/stave/bindings/go"

// Verbs of the store for expiry, and those that rest on the present value of a key or of several.

func init() {
	for name, verb := range storeUpdateVerbs {
		verbs[name] = verb
	}
}

var storeUpdateVerbs = map[string]verb{
	"store.expire": func(_ *testee, a arguments) (reply, error) {
		ok, err := a.store().Expire(a.bytes(0), timeOf(a.words[1].text), a.options)
		return either(ok, stave.ErrNotFound, err)
	},
	"store.expires_at": func(_ *testee, a arguments) (reply, error) {
		at, ok, err := a.store().ExpiresAt(a.bytes(0))
		if !ok {
			return either(false, stave.ErrNotFound, err)
		}
		return result(milliseconds(at), err)
	},
	"store.clear": func(_ *testee, a arguments) (reply, error) {
		deleted, err := a.store().Clear(a.options)
		return result(number(deleted), err)
	},
	"store.remove_expired": func(_ *testee, a arguments) (reply, error) {
		deleted, err := a.store().DeleteExpired()
		return result(number(deleted), err)
	},
	"store.compare_and_swap": func(_ *testee, a arguments) (reply, error) {
		swapped, err := a.store().CompareAndSwap(a.bytes(0), a.bytes(1), a.bytes(2), a.options)
		return either(swapped, stave.ErrMismatch, err)
	},
	"store.update": func(_ *testee, a arguments) (reply, error) {
		return value(a.store().Update(a.bytes(0), a.storeEdit(), a.options))
	},
	"store.fetch_update": func(_ *testee, a arguments) (reply, error) {
		return value(a.store().FetchUpdate(a.bytes(0), a.storeEdit(), a.options))
	},
	"store.exchange": func(_ *testee, a arguments) (reply, error) {
		previous, replaced, err := a.store().Swap(a.bytes(0), a.bytes(1), a.options)
		if !replaced {
			return done(err)
		}
		return result(quote(previous), err)
	},
	"store.shard_for": func(_ *testee, a arguments) (reply, error) {
		shard, err := a.store().ShardFor(a.bytes(0))
		return result(number(uint64(shard)), err)
	},
	"store.value_size": func(_ *testee, a arguments) (reply, error) {
		size, ok, err := a.store().ValueSize(a.bytes(0))
		if !ok {
			return either(false, stave.ErrNotFound, err)
		}
		return result(number(uint64(size)), err)
	},
	"store.write_version": writeVersion,
	"store.atomic":        atomic,
}

// storeEdit is what a callback does: "append V", "set V", "cancel", or a call on its store.
func (a arguments) storeEdit() func(value []byte) ([]byte, error) {
	store := a.store()
	return func(value []byte) ([]byte, error) {
		var err error
		switch a.words[1].text {
		case "append", "set":
			return a.edited(1, value), nil
		case "cancel":
			err = stave.ErrCancelled
		case "size":
			_, err = store.Size()
		case "put":
			err = store.Put([]byte("k"), nil, nil)
		case "close":
			err = store.Close()
		}
		return value, err
	}
}

func atomic(t *testee, a arguments) (r reply, err error) {
	version, err := a.store().Atomic(a.bytes(0), func(keys *stave.Atomic) error {
		for position := 1; position < len(a.words); {
			step := a.words[position].text
			switch step {
			case "cancel":
				return stave.ErrCancelled
			case "store.put":
				return a.store().Put([]byte("k"), nil, nil)
			}
			answer, arguments := runStep(a, keys, step, position+1)
			r.data = append(r.data, answer.line(t))
			position += 1 + arguments
		}
		return nil
	}, a.options)
	r.result = number(version)
	return r, err
}

// stepAnswer is what a call inside of atomic answers.
type stepAnswer struct {
	reply reply
	err   error
}

// line is the line that a verb would end with.
func (s stepAnswer) line(t *testee) string {
	text := t.format(s.reply, s.err)
	return text[:len(text)-1]
}

// runStep makes one call, and says how many arguments it has taken.
func runStep(a arguments, keys *stave.Atomic, step string, position int) (answer stepAnswer, arguments int) {
	key := a.bytes(position)
	answerOf := func(r reply, err error) stepAnswer { return stepAnswer{r, err} }
	switch step {
	case "get":
		return answerOf(value(keys.Get(key))), 1
	case "store.get":
		return answerOf(value(a.store().Get(key))), 1
	case "contains":
		ok, err := keys.Contains(key)
		return answerOf(either(ok, stave.ErrNotFound, err)), 1
	case "remove":
		ok, err := keys.Delete(key)
		return answerOf(either(ok, stave.ErrNotFound, err)), 1
	case "put":
		return answerOf(done(keys.Put(key, a.bytes(position+1)))), 2
	case "insert":
		ok, err := keys.Insert(key, a.bytes(position+1))
		return answerOf(either(ok, stave.ErrExists, err)), 2
	case "replace":
		ok, err := keys.Replace(key, a.bytes(position+1))
		return answerOf(either(ok, stave.ErrNotFound, err)), 2
	default:
		panic(scriptError("no such step: " + step))
	}
}

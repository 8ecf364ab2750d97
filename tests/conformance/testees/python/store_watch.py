"""Verbs of the store for expiry, and those that run callbacks."""

from datetime import datetime, timedelta, timezone

import stave
from replies import Reply, found, number, quote, value_or_not_found

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND = timedelta(milliseconds=1)


def to_time(text):
    """The time of a word: milliseconds, 0 or `never`."""
    return stave.NEVER if text in ("0", "never") else _EPOCH + int(text) * _MILLISECOND


def to_milliseconds(time):
    return 0 if time is stave.NEVER else (time - _EPOCH) // _MILLISECOND


def outcome(call):
    """The status of a call inside of a callback, as a data line."""
    try:
        result = call()
    except stave.StaveError as error:
        return (error.name if error.status > 0 else f"error {error.name}").encode()
    if isinstance(result, bytes):
        return b"ok " + quote(result)
    return b"ok" if result is None or result is True else b"not_found"


class StoreWatchVerbs:
    """A part of the Testee."""

    def __init__(self):
        self.events = []  # what hooks were shown since `events` was asked last
        self.token = b""  # the one that was kept last

    def store_updating_verbs(self):
        return {
            "store.compare_and_swap": lambda store, key, expected, desired, **how: found(
                store.compare_and_swap(key, expected, desired, **how)
            ),
            "store.update": lambda store, key, *edit, **how: value_or_not_found(
                store.update(key, self.store_edit(store, *edit), **how)
            ),
            "store.fetch_update": lambda store, key, *edit, **how: value_or_not_found(
                store.fetch_update(key, self.store_edit(store, *edit), **how)
            ),
            "store.exchange": self.exchange,
            "store.shard_for": lambda store, key: number(store.shard_for(key)),
            "store.expire": lambda store, key, time, **how: found(
                store.expire(key, to_time(time), **how)
            ),
            "store.expires_at": self.expires_at,
            "store.clear": lambda store, **how: number(store.clear(**how)),
            "store.remove_expired": lambda store: number(store.remove_expired()),
            "store.atomic": self.atomic,
        }

    def store_watch_verbs(self):
        return {
            "store.on_write": lambda store, action, *what: store.on_write(
                self.hook(store, action), old_value="old_value" in what
            ),
            "store.on_open": lambda store, action: store.on_open(self.hook(store, action)),
            "store.events": self.take_events,
            "store.migrate": lambda store, *step, **how: self.migrate(store, b"", *step, **how),
            "store.migrate_on": lambda store, *step, **how: self.migrate(
                store, self.token, *step, **how
            ),
            "cursor.token": self.keep_token,
        }

    @staticmethod
    def store_edit(store, action, value=b""):
        """The callback for "append V", "set V", "cancel", "size", "put" or "close"."""
        calls = {
            "size": lambda: len(store), "put": lambda: store.put(b"k", b""), "close": store.close,
        }

        def run(present):
            if action == "cancel":
                raise stave.CancelledError()
            if action in calls:
                calls[action]()
                return present
            return present + value if action == "append" else value

        return run

    @staticmethod
    def exchange(store, key, value, **how):
        previous = store.exchange(key, value, **how)
        return None if previous is None else quote(previous)

    @staticmethod
    def expires_at(store, key):
        time = store.expires_at(key)
        found(time is not None)
        return number(to_milliseconds(time))

    @staticmethod
    def atomic(store, shard_key, *steps, **how):
        lines = []

        def run(atomic):
            def insert(key, value):
                if not atomic.insert(key, value):
                    raise stave.ExistsError()

            def get(where, key):
                value = where.get(key)
                return False if value is None else value

            calls = {
                "get": (1, lambda key: get(atomic, key)),
                "store.get": (1, lambda key: get(store, key)),
                "contains": (1, lambda key: key in atomic),
                "remove": (1, atomic.remove),
                "put": (2, atomic.put), "insert": (2, insert), "replace": (2, atomic.replace),
            }
            words = iter(steps)
            for step in words:
                if step == "cancel":
                    raise stave.CancelledError()
                if step == "store.put":
                    store.put(b"k", b"")
                else:
                    count, call = calls[step]
                    arguments = [next(words) for _ in range(count)]
                    lines.append(outcome(lambda: call(*arguments)))

        try:
            return lines, number(store.atomic(shard_key, run, **how))
        except stave.StaveError as error:
            raise Reply(f"error {error.name}".encode(), *lines) from error

    def hook(self, store, action):
        def run(change):
            value = b"removed" if change.removed else b"= " + quote(change.value)
            line = b"%d %s %s" % (change.version, quote(change.key), value)
            if change.expires_at is not stave.NEVER:
                line += b" expires %d" % to_milliseconds(change.expires_at)
            if change.old_value is not None:
                line += b" was " + quote(change.old_value)
            if action == "get":
                line += b" sees " + (b"ok" if change.key in store else b"not_found")
            self.events.append(line)
            if action == "fail":
                raise stave.HookFailedError()
            if action == "put":
                try:
                    store.put(b"k", b"")
                except stave.StaveError as error:
                    self.events[-1] += b" puts " + error.name.encode()
                    raise

        return run

    def take_events(self, store):
        events, self.events = self.events, []
        return events, b""

    def keep_token(self, cursor):
        self.token = cursor.token()

    def migrate(self, store, token, prefix, action, *rest, **how):
        def decide(key, value):
            if not key.startswith(prefix) or action == "keep":
                return None
            if action == "remove":
                return stave.DELETED
            return self.store_edit(store, action, *rest[:1])(value)

        def progress(done, total, token):
            assert done <= total
            self.token = token
            if rest and rest[-1] == "stop":
                raise stave.CancelledError()

        return number(store.migrate(decide, progress, token, **how))

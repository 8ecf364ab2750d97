"""Conformance testee for Python, on examples/python/stave. The protocol: ../../README.md."""

import gc
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../../../examples/python"))
import stave  # noqa: E402
from cow_map import MapVerbs  # noqa: E402
from disk_index import DiskIndexVerbs  # noqa: E402
from index import IndexVerbs  # noqa: E402
from memtable import MemtableVerbs  # noqa: E402
from replies import Reply, found, named, number, quote, records, unquote, value_or_not_found  # noqa: E402
from store_watch import StoreWatchVerbs, to_time  # noqa: E402


class Testee(DiskIndexVerbs, IndexVerbs, MapVerbs, MemtableVerbs, StoreWatchVerbs):
    """Handles by name and the table of verbs. A verb's function gets the handle if it has one and the
    arguments: bytes where the line has quotes, else text. It returns nothing, the result behind
    `ok`, or (data lines, result); with `makes`, the new handle."""

    def __init__(self):
        super().__init__()
        self.handles = {}
        self.last_message = ""
        self.last_errno = 0
        self.makes = {
            "store.open", "store.get_pin", "store.cursor", "store.cursor_on", "batch.create",
            "index.create", "index.cursor", "disk_index.open", "disk_index.cursor",
            "cow_map.create", "cow_map.clone", "cow_map.get_pin", "cow_map.cursor", "cow_map.diff",
            "memtable.create", "memtable.begin", "memtable.snapshot", "memtable.cursor",
            "memtable.read_pin", "memtable_transaction.get_pin", "memtable_transaction.cursor",
            "memtable_snapshot.get_pin", "memtable_snapshot.cursor",
        }
        self.types = {
            stave.Store: "store", stave.Pin: "pin", stave.Cursor: "cursor", stave.Batch: "batch",
            stave.Index: "index", stave.IndexCursor: "index_cursor",
            stave.DiskIndex: "disk_index", stave.DiskIndexCursor: "disk_index_cursor",
            stave.Map: "cow_map", stave.MapCursor: "cow_map_cursor", stave.MapDiff: "cow_map_diff",
            stave.Memtable: "memtable", stave.MemtableTransaction: "memtable_transaction",
            stave.MemtableSnapshot: "memtable_snapshot", stave.MemtableCursor: "memtable_cursor",
        }
        self.verbs = {
            **self.general_verbs(), **self.store_verbs(), **self.store_updating_verbs(),
            **self.store_watch_verbs(), **self.other_verbs(),
            **self.index_verbs(), **self.index_cursor_verbs(), **self.disk_index_verbs(),
            **self.map_verbs(),
            **self.memtable_verbs(), **self.memtable_explicit_verbs(), **self.memtable_child_verbs(),
        }

    def general_verbs(self):
        return {
            "hello": lambda: b"format=2 language=python capabilities=store,modify,keydir,index,cow_map,disk_index,memtable",
            "handles": self.live_handles,
            "version": lambda: f"{stave.version()} {stave.version_number()}".encode(),
            "status": self.status,
            "error_mentions": self.error_mentions,
            "error_errno": lambda: number(self.last_errno),
            "options": lambda text: (named(stave.parse_options(text.decode())), b""),
            "options_describe": lambda: (
                [line.split("=")[0].encode() for line in stave.describe_options().splitlines()], b""
            ),
        }

    def store_verbs(self):
        return {
            "store.open": lambda path, *options: stave.Store(
                path, **dict(option.split("=", 1) for option in options)
            ),
            "store.options": lambda store: (named(store.options()), b""),
            "store.close": lambda store: store.close(),
            "store.put": lambda store, key, value, **how: store.put(key, value, **how),
            "store.insert": lambda store, key, value, **how: found(
                store.insert(key, value, **how), b"exists"
            ),
            "store.replace": lambda store, key, value, **how: found(
                store.replace(key, value, **how)
            ),
            "store.remove": lambda store, key, **how: found(store.remove(key, **how)),
            "store.get": lambda store, key: value_or_not_found(store.get(key)),
            "store.get_into": self.get_into,
            "store.get_pin": self.get_pin,
            "store.value_size": self.value_size,
            "store.contains": lambda store, key: found(key in store),
            "store.size": lambda store: number(len(store)),
            "store.multi_get": lambda store, *keys: (
                [b"absent" if value is None else quote(value) for value in store.multi_get(keys)],
                b"",
            ),
            "store.multi_put": lambda store, *items, **how: store.multi_put(
                zip(items[::2], items[1::2]), **how
            ),
            "store.multi_remove": lambda store, *keys, **how: number(
                store.multi_remove(keys, **how)
            ),
            "store.write": self.write,
            "store.write_version": self.write_version,
            "store.cursor": lambda store, *what: store.cursor(**self.which(what)),
            "store.cursor_on": lambda store, *what: store.cursor(
                **self.which(what), token=self.token
            ),
            "store.scan": self.scan,
            "store.flush": lambda store: store.flush(),
            "store.sync": lambda store: store.sync(),
            "store.checkpoint": lambda store: store.checkpoint(),
            "store.stats": self.stats,
            "store.verify": self.verify,
        }

    def other_verbs(self):
        return {
            "pin.data": lambda pin: quote(pin.data),
            "pin.size": lambda pin: number(len(pin)),
            "batch.create": stave.Batch,
            "batch.put": lambda batch, key, value: batch.put(key, value),
            "batch.remove": lambda batch, key: batch.remove(key),
            "batch.require_absent": lambda batch, key: batch.require_absent(key),
            "batch.require_exists": lambda batch, key: batch.require_exists(key),
            "batch.require_equal": lambda batch, key, value: batch.require_equal(key, value),
            "batch.count": lambda batch: number(len(batch)),
            "batch.clear": lambda batch: batch.clear(),
            "batch.close": lambda batch: batch.close(),
            "cursor.next": lambda cursor: found(cursor.next(), b"done"),
            "cursor.key": lambda cursor: quote(cursor.key),
            "cursor.value": lambda cursor: quote(cursor.value),
            "cursor.next_many": self.next_many,
            "cursor.close": lambda cursor: cursor.close(),
        }

    # ---- Verbs of more than one line

    def live_handles(self):
        gc.collect()
        return number(stave.live_handles())

    def status(self, code):
        message = stave.status_message(int(code))
        return (stave.status_name(int(code)) + ("" if message else " no_message")).encode()

    def error_mentions(self, text):
        return number(text.decode() in self.last_message)

    def get_into(self, store, key, capacity):
        target = bytearray(int(capacity))
        try:
            size = store.get_into(key, target)
        except stave.BufferTooSmallError as error:
            raise Reply(b"error buffer_too_small", b"needed %d" % error.needed) from error
        return value_or_not_found(None if size is None else target[:size])

    def get_pin(self, store, key):
        pin = store.get_pin(key)
        found(pin is not None)
        return pin

    def value_size(self, store, key):
        size = store.value_size(key)
        found(size is not None)
        return number(size)

    def write(self, *arguments, **how):
        self.write_version(*arguments, **how)

    def write_version(self, store, batch, **how):
        try:
            return number(store.write(self.handles[batch], **how))
        except stave.MismatchError as error:
            raise Reply(b"mismatch", b"failed %d" % error.position) from error

    def which(self, what):
        keys_only = "keys_only" in what
        return {"prefix": what[0] if len(what) > keys_only else b"", "keys_only": keys_only}

    def scan(self, store, *what):
        lines = records(store.cursor(**self.which(what)) if what else store.cursor())
        return lines, number(len(lines))

    def stats(self, store, *names):
        stats = store.stats()
        return [f"{name}={stats[name]}".encode() for name in names], b""

    def verify(self, store, what=None):
        calls = {"size": lambda: len(store), "close": store.close}
        seen = []

        def progress(done, total):
            seen.append(done == total)
            if what == "cancel":
                raise stave.CancelledError()
            if what:
                calls[what]()

        store.verify(progress)
        return number(bool(seen and seen[-1]))

    def next_many(self, cursor, *limits):
        lines = records(cursor.next_many(*map(int, limits)))
        found(lines, b"done")
        return lines, number(len(lines))

    # ---- The loop

    def answer(self, line):
        """The reply to a line, as lines of bytes."""
        words = re.findall(rb'"[^"]*"|[^" ]+', line)
        words = [unquote(word) if word[:1] == b'"' else word.decode() for word in words]
        try:
            data, result = self.run(words)
            status = b"ok " + result if result else b"ok"
        except Reply as reply:
            data, status = reply.data, reply.status
            self.remember(reply.__cause__)
        except stave.StaveError as error:
            self.remember(error)
            data = []
            status = (error.name if error.status > 0 else f"error {error.name}").encode()
        except Exception as error:  # the script asks for what the testee does not know
            data, status = [], f"testee_error {type(error).__name__}: {error}".encode()
        return [b"  " + line for line in data] + [status]

    def remember(self, error):
        """Keeps what the error says, not the error: its traceback would keep handles alive."""
        if error is not None:
            self.last_message, self.last_errno = str(error), error.os_errno

    @staticmethod
    def take_options(arguments):
        """The options of a write, which are taken from the end of the arguments."""
        how = {}
        kinds = {"durability": lambda text: text, "expires_at": to_time}
        while arguments and isinstance(arguments[-1], str):
            name, _, text = arguments[-1].partition("=")
            if name not in kinds:
                break
            how[name] = kinds[name](text)
            arguments.pop()
        return how

    def run(self, words):
        name = None
        if len(words) > 2 and words[1] == "=":
            name, words = words[0], words[2:]
        verb, arguments = words[0], words[1:]
        if verb in self.handles:
            handle = self.handles[verb]
            verb, arguments = f"{self.types[type(handle)]}.{words[1]}", [handle] + words[2:]
            if words[1] == "free":
                del self.handles[words[0]]
                return [], b""
        how = {} if verb in self.makes else self.take_options(arguments)
        result = self.verbs[verb](*arguments, **how)
        if verb in self.makes:
            self.handles[name] = result
            return [], b""
        return result if isinstance(result, tuple) else ([], result or b"")


def main():
    testee = Testee()
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(b"\n".join(testee.answer(line.rstrip(b"\n"))) + b"\n")
        sys.stdout.buffer.flush()


main()

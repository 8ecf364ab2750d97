"""Verbs of memtables, their transactions, snapshots and cursors."""

import stave
from replies import Reply, found, named, number, quote, value_or_not_found


def there(value):
    """Ends the call unless the key has a value."""
    if value is stave.DELETED:
        raise Reply(b"not_found", b"deleted")
    found(value is not None)
    return value


def lines(values):
    special = {id(None): b"absent", id(stave.DELETED): b"deleted"}
    return [special.get(id(value)) or quote(value) for value in values], b""


def items(words):
    """KEY VALUE KEY VALUE ...; a value without quotes is a tombstone."""
    values = [value if isinstance(value, bytes) else stave.DELETED for value in words[1::2]]
    return list(zip(words[::2], values))


def moment(snapshot, transaction=0):
    return int(snapshot), int(transaction)


def which(what):
    """[P] [keys_only] [tombstones]"""
    prefixes = [word for word in what if isinstance(word, bytes)]
    return {
        "prefix": prefixes[0] if prefixes else b"", "keys_only": "keys_only" in what,
        "tombstones": "tombstones" in what,
    }


def visited(records):
    return [
        quote(key) + (b" deleted" if value is stave.DELETED else b" = " + quote(value))
        for key, value in records
    ]


def scan(cursor):
    seen = []
    while cursor.next():
        seen.append((cursor.key, stave.DELETED if cursor.deleted else cursor.value))
    return visited(seen), number(len(seen))


class MemtableVerbs:
    """A part of the Testee."""

    def memtable_verbs(self):
        return {
            "memtable_options": lambda text: (
                named(stave.parse_memtable_options(text.decode())), b""
            ),
            "memtable_options_describe": lambda: (
                [
                    line.split("=")[0].encode()
                    for line in stave.describe_memtable_options().splitlines()
                ],
                b"",
            ),
            "memtable.create": lambda *options: stave.Memtable(
                **dict(option.split("=", 1) for option in options)
            ),
            "memtable.options": lambda table: (named(table.options()), b""),
            "memtable.close": lambda table: table.close(),
            "memtable.size": lambda table: number(len(table)),
            "memtable.size_bytes": lambda table: number(table.size_bytes()),
            "memtable.is_empty": lambda table: number(table.is_empty()),
            "memtable.prune": lambda table, oldest: number(table.prune(int(oldest))),
            "memtable.clear": lambda table: table.clear(),
            "memtable.stats": lambda table, *names: self.members(table.stats(), names),
            "memtable.begin": lambda table: table.begin(),
            "memtable.snapshot": lambda table: table.snapshot(),
        }

    def memtable_explicit_verbs(self):
        return {
            "memtable.read": lambda table, key, *when: quote(there(table.read(key, *moment(*when)))),
            "memtable.read_into": lambda table, key, snapshot, transaction, capacity: self.into(
                lambda target: table.read_into(key, target, *moment(snapshot, transaction)), capacity
            ),
            "memtable.read_pin": lambda table, key, *when: there(
                table.read_pin(key, *moment(*when))
            ),
            "memtable.read_with": self.read_with,
            "memtable.multi_read": lambda table, snapshot, transaction, *keys: lines(
                table.multi_read(keys, *moment(snapshot, transaction))
            ),
            "memtable.write": lambda table, transaction, key, value: table.write(
                key, value, int(transaction)
            ),
            "memtable.write_tombstone": lambda table, transaction, key: table.write(
                key, stave.DELETED, int(transaction)
            ),
            "memtable.multi_write": lambda table, transaction, *what: self.written(
                lambda: table.multi_write(items(what), int(transaction))
            ),
            "memtable.commit": lambda table, transaction, timestamp, *keys: table.commit(
                int(transaction), int(timestamp), keys
            ),
            "memtable.abort": lambda table, transaction, *keys: table.abort(int(transaction), keys),
            "memtable.has_write_conflict": lambda table, transaction, key: number(
                table.has_write_conflict(key, int(transaction))
            ),
            "memtable.cursor": lambda table, snapshot, transaction, *what: table.cursor(
                *moment(snapshot, transaction), **which(what)
            ),
            "memtable.scan": lambda table, snapshot, transaction, *what: scan(
                table.cursor(*moment(snapshot, transaction), **which(what))
            ),
        }

    def memtable_child_verbs(self):
        verbs = {
            "memtable_transaction.id": lambda transaction: number(transaction.id),
            "memtable_transaction.snapshot": lambda transaction: number(transaction.snapshot),
            "memtable_transaction.put": lambda transaction, key, value: transaction.put(key, value),
            "memtable_transaction.remove": lambda transaction, key: transaction.remove(key),
            "memtable_transaction.multi_write": lambda transaction, *what: self.written(
                lambda: transaction.multi_write(items(what))
            ),
            "memtable_transaction.commit": lambda transaction: number(transaction.commit()),
            "memtable_transaction.rollback": lambda transaction: transaction.rollback(),
            "memtable_snapshot.timestamp": lambda snapshot: number(snapshot.timestamp),
            "memtable_cursor.next": lambda cursor: found(cursor.next(), b"done"),
            "memtable_cursor.key": lambda cursor: quote(cursor.key),
            "memtable_cursor.value": lambda cursor: quote(cursor.value),
            "memtable_cursor.deleted": lambda cursor: number(cursor.deleted),
            "memtable_cursor.next_many": self.next_many_visited,
            "memtable_cursor.close": lambda cursor: cursor.close(),
        }
        for kind in ("memtable_transaction", "memtable_snapshot"):
            verbs.update({
                f"{kind}.get": lambda reads, key: value_or_not_found(reads.get(key)),
                f"{kind}.get_into": lambda reads, key, capacity: self.into(
                    lambda target: reads.get_into(key, target), capacity
                ),
                f"{kind}.get_pin": lambda reads, key: there(reads.get_pin(key)),
                f"{kind}.contains": lambda reads, key: found(key in reads),
                f"{kind}.multi_get": lambda reads, *keys: lines(reads.multi_get(keys)),
                f"{kind}.cursor": lambda reads, *what: reads.cursor(**which(what)),
                f"{kind}.scan": lambda reads, *what: scan(reads.cursor(**which(what))),
                f"{kind}.close": lambda reads: reads.close(),
            })
        return verbs

    # ---- Verbs of more than one line

    @staticmethod
    def into(read, capacity):
        target = bytearray(int(capacity))
        try:
            size = there(read(target))
        except stave.BufferTooSmallError as error:
            raise Reply(b"error buffer_too_small", b"needed %d" % error.needed) from error
        return quote(target[:size])

    @staticmethod
    def written(write):
        try:
            return number(write())
        except stave.StaveError as error:
            status = error.name if error.status > 0 else f"error {error.name}"
            raise Reply(status.encode(), b"written %d" % error.written) from error

    @staticmethod
    def read_with(table, key, snapshot, transaction, what=None):
        when = moment(snapshot, transaction)

        def reader(value):
            if what == "cancel":
                raise stave.CancelledError()
            if what == "close":
                table.close()
            if what == "nested":
                return table.read_with(key, lambda inner: inner, *when)
            if what == "write":
                table.write(key, value, when[1])
            return value

        return quote(there(table.read_with(key, reader, *when)))

    @staticmethod
    def next_many_visited(cursor, *limits):
        seen = visited(cursor.next_many(*map(int, limits)))
        found(seen, b"done")
        return seen, number(len(seen))

"""Verbs of indexes."""

import weakref

import stave
from replies import Reply, found, named, number, quote


def counter_key(counter):
    return counter.to_bytes(8, "big")


_RULES = {"equal": lambda counter: 7, "low": lambda counter: counter,
          "high": lambda counter: counter << 48 & 2**64 - 1}


class ScriptedResolver(stave.Resolver):
    """Answers what the script has said of a value; of any other, that its record's key is the value
    as a counter."""

    def __init__(self):
        self.records = {}  # value -> key or status, hash or None, call to make or None
        self.rule = None  # of the last range
        self.calls = {}
        self.hash_of_key = None

    def compare(self, value, key):
        own, _, what = self.records.get(value, (counter_key(value), None, None))
        if what:
            self.calls[what]()
        return self._key(own) == key

    def hash(self, value):
        own, known, _ = self.records.get(value, (counter_key(value), None, None))
        if value not in self.records and self.rule:
            return _RULES[self.rule](value)
        return self.hash_of_key(self._key(own)) if known is None else known

    @staticmethod
    def _key(own):
        if own == "gone":
            raise stave.NotFoundError()
        if own == "fails":
            raise stave.InputOutputError("as the script says")
        return own


def number_or_absent(value):
    return b"absent" if value is None else number(value)


def number_or_not_found(value):
    found(value is not None)
    return number(value)


class IndexVerbs:
    """A part of the Testee."""

    def index_verbs(self):
        def hashed(call):
            """The verb with the hash behind the key."""
            return lambda index, key, hash, *numbers: call(index, key, *numbers, hash=int(hash))

        one_key = {
            "put": lambda index, key, value, **how: number_or_absent(
                index.put(key, int(value), **how)
            ),
            "insert": self.insert,
            "compare_and_swap": self.compare_and_swap,
            "get": lambda index, key, **how: number_or_not_found(index.get(key, **how)),
            "contains": lambda index, key, **how: found(index.contains(key, **how)),
            "remove": lambda index, key, **how: number_or_not_found(index.remove(key, **how)),
            "remove_if": self.remove_if,
        }
        return {
            **{f"index.{name}": call for name, call in one_key.items()},
            **{f"index.{name}_hashed": hashed(call) for name, call in one_key.items()},
            "index_options": lambda text: (named(stave.parse_index_options(text.decode())), b""),
            "index_options_describe": lambda: (
                [line.split("=")[0].encode() for line in stave.describe_index_options().splitlines()],
                b"",
            ),
            "index.create": self.create_index,
            "index.record": self.record,
            "index.options": lambda index: (named(index.options()), b""),
            "index.close": lambda index: index.close(),
            "index.hash": lambda index, key: number(index.hash(key)),
            "index.put_range": self.put_range,
            "index.get_range": self.get_range,
            "index.remove_range": self.remove_range,
            "index.multi_get": lambda index, *keys: (
                [number_or_absent(value) for value in index.multi_get(keys)], b""
            ),
            "index.multi_put": lambda index, *items: (
                [number_or_absent(value) for value in index.multi_put(
                    zip(items[::2], map(int, items[1::2])))], b""
            ),
            "index.size": lambda index: number(len(index)),
            "index.is_empty": lambda index: number(index.is_empty()),
            "index.capacity": lambda index, least: number(index.capacity() >= int(least)),
            "index.clear": lambda index: index.clear(),
            "index.reserve": lambda index, capacity: index.reserve(int(capacity)),
            "index.shrink_to_fit": lambda index: index.shrink_to_fit(),
            "index.stats": lambda index, *names: self.members(index.stats(), names),
            "index.shard_stats": lambda index, shard, *names: self.members(
                index.shard_stats(int(shard)), names
            ),
            "index.collect_values": self.collect_values,
            "index.cursor": lambda index: index.cursor(),
            "index.scan": self.scan_index,
        }

    def index_cursor_verbs(self):
        return {
            "index_cursor.next": lambda cursor: found(cursor.next(), b"done"),
            "index_cursor.value": lambda cursor: number(cursor.value),
            "index_cursor.key": lambda cursor: quote(cursor.key),
            "index_cursor.next_many": self.next_many_entries,
            "index_cursor.close": lambda cursor: cursor.close(),
        }

    # ---- Verbs of more than one line

    def create_index(self, *options):
        options = dict(option.split("=", 1) for option in options)
        if options.get("key_mode") != "resolved":
            return stave.Index(**options)
        resolver = ScriptedResolver()
        index = stave.Index(resolver, **options)
        # Not to be kept alive by what it keeps alive.
        weak = weakref.proxy(index)
        resolver.hash_of_key = lambda key: weak.hash(key)
        resolver.calls = {
            "get": lambda: weak.get(b"other"),
            "put": lambda: weak.put(b"other", 1),
            "close": lambda: weak.close(),
        }
        index.scripted = resolver
        return index

    def record(self, index, value, what, how=None):
        known = int(how) if how and how.isdigit() else None
        index.scripted.records[int(value)] = (what, known, how if known is None else None)

    def insert(self, index, key, value, **how):
        existing = index.insert(key, int(value), **how)
        if existing is not None:
            raise Reply(b"exists", b"existing %d" % existing)

    def compare_and_swap(self, index, key, expected, desired, **how):
        self.conditional(
            lambda: index.compare_and_swap(key, int(expected), int(desired), **how)
        )

    def remove_if(self, index, key, expected, **how):
        self.conditional(lambda: index.remove_if(key, int(expected), **how))

    @staticmethod
    def conditional(call):
        try:
            found(call())
        except stave.MismatchError as error:
            raise Reply(b"mismatch", b"actual %d" % error.actual) from error

    def for_range(self, index, first, count, rule, call, counts_found):
        rule = rule[0] if rule else None
        if hasattr(index, "scripted"):
            index.scripted.rule = rule
        counted, lines = 0, []
        for counter in range(int(first), int(first) + int(count)):
            how = {"hash": _RULES[rule](counter)} if rule else {}
            value = call(counter_key(counter), counter, how)
            counted += (value is not None) == counts_found
            if value not in (None, counter):
                lines.append(b"%d = %d" % (counter, value))
        return lines, number(counted)

    def put_range(self, index, first, count, *rule):
        return self.for_range(
            index, first, count, rule, lambda key, counter, how: index.put(key, counter, **how), False
        )

    def get_range(self, index, first, count, *rule):
        return self.for_range(
            index, first, count, rule, lambda key, counter, how: index.get(key, **how), True
        )

    def remove_range(self, index, first, count, *rule):
        return self.for_range(
            index, first, count, rule, lambda key, counter, how: index.remove(key, **how), True
        )

    @staticmethod
    def members(stats, names):
        found(stats is not None)
        return [f"{name}={stats[name]}".encode() for name in names], b""

    def collect_values(self, index):
        values = index.collect_values()
        return [number(value) for value in values], number(len(values))

    def scan_index(self, index, *what):
        cursor = index.cursor()
        lines = []
        while cursor.next():
            key = b"" if what else quote(cursor.key) + b" = "
            lines.append(key + number(cursor.value))
        return lines, number(len(lines))

    def next_many_entries(self, cursor, count_max, bytes_max, *what):
        if what:
            lines = [number(value) for value in cursor.next_values(int(count_max))]
        else:
            entries = cursor.next_many(int(count_max), int(bytes_max))
            lines = [quote(key) + b" = " + number(value) for key, value in entries]
        found(lines, b"done")
        return lines, number(len(lines))

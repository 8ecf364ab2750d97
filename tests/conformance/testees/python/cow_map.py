"""Verbs of maps."""

import stave
from replies import Reply, found, named, number, quote, value_or_not_found


def entries(pairs):
    return [b"%d = " % key + quote(value) for key, value in pairs]


def outcome(value_and_existed):
    value, existed = value_and_existed
    if existed:
        raise Reply(b"exists", quote(value))
    return [quote(value)], b""


class MapVerbs:
    """A part of the Testee."""

    def map_verbs(self):
        return {
            "cow_map_options": lambda text: (named(stave.parse_map_options(text.decode())), b""),
            "cow_map_options_describe": lambda: (
                [line.split("=")[0].encode() for line in stave.describe_map_options().splitlines()],
                b"",
            ),
            "cow_map.create": lambda *options: stave.Map(
                **dict(option.split("=", 1) for option in options)
            ),
            "cow_map.clone": lambda map: map.clone(),
            "cow_map.options": lambda map: (named(map.options()), b""),
            "cow_map.close": lambda map: map.close(),
            "cow_map.get": lambda map, key: value_or_not_found(map.get(int(key))),
            "cow_map.get_into": lambda map, key, capacity: self.get_into(map, int(key), capacity),
            "cow_map.get_pin": lambda map, key: self.get_pin(map, int(key)),
            "cow_map.contains": lambda map, key: found(int(key) in map),
            "cow_map.size": lambda map: number(len(map)),
            "cow_map.is_empty": lambda map: number(map.is_empty()),
            "cow_map.multi_get": lambda map, *keys: (
                [
                    b"absent" if value is None else quote(value)
                    for value in map.multi_get([int(key) for key in keys])
                ],
                b"",
            ),
            "cow_map.put": self.map_put,
            "cow_map.insert": lambda map, key, value: found(map.insert(int(key), value), b"exists"),
            "cow_map.replace": lambda map, key, value: value_or_not_found(
                map.replace(int(key), value)
            ),
            "cow_map.multi_put": self.map_multi_put,
            "cow_map.remove": lambda map, key: value_or_not_found(map.remove(int(key))),
            "cow_map.modify": lambda map, key, *edit: found(
                map.modify(int(key), self.edit(map, *edit))
            ),
            "cow_map.get_or_insert": lambda map, key, value: outcome(
                map.get_or_insert(int(key), value)
            ),
            "cow_map.get_or_insert_with": lambda map, key, *edit: outcome(
                map.get_or_insert_with(int(key), self.edit(map, *edit))
            ),
            "cow_map.update_or_insert": lambda map, key, value, *edit: outcome(
                map.update_or_insert(int(key), self.edit(map, *edit), value)
            ),
            "cow_map.clear": lambda map: map.clear(),
            "cow_map.shrink_to_fit": lambda map: map.shrink_to_fit(),
            "cow_map.stats": self.map_stats,
            "cow_map.cursor": lambda map: map.cursor(),
            "cow_map.scan": self.map_scan,
            "cow_map.diff": lambda map, other: map.diff(self.handles[other]),
            "cow_map.changes": self.map_changes,
            "cow_map_cursor.next": lambda cursor: found(cursor.next(), b"done"),
            "cow_map_cursor.key": lambda cursor: number(cursor.key),
            "cow_map_cursor.value": lambda cursor: quote(cursor.value),
            "cow_map_cursor.next_many": self.map_next_many,
            "cow_map_cursor.close": lambda cursor: cursor.close(),
            "cow_map_diff.next": self.diff_next,
            "cow_map_diff.before": lambda diff: value_or_not_found(diff.before),
            "cow_map_diff.after": lambda diff: value_or_not_found(diff.after),
            "cow_map_diff.close": lambda diff: diff.close(),
        }

    @staticmethod
    def edit(map, action, value=b""):
        """The callback for "append V", "set V", "cancel", "size", "put" or "close"."""
        calls = {
            "size": lambda: len(map), "put": lambda: map.put(1, b""), "close": map.close,
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
    def map_put(map, key, value):
        previous = map.put(int(key), value)
        return None if previous is None else quote(previous)

    @staticmethod
    def map_multi_put(map, *items):
        try:
            replaced = map.multi_put(zip((int(key) for key in items[::2]), items[1::2]))
        except stave.StaveError as error:
            data = [number(one) for one in error.replaced]
            raise Reply(f"error {error.name}".encode(), *data) from error
        return [number(one) for one in replaced], b""

    @staticmethod
    def map_stats(map, *names):
        stats = map.stats()
        stats.update(
            has_shared_bytes=stats["shared_bytes"] != 0, has_own_bytes=stats["own_bytes"] != 0
        )
        return [f"{name}={int(stats[name])}".encode() for name in names], b""

    @staticmethod
    def map_scan(map):
        lines = entries(map.cursor())
        return lines, number(len(lines))

    def map_changes(self, map, other):
        diff = map.diff(self.handles[other])
        lines = [
            b"%s %d = " % (change.encode(), key)
            + quote(diff.before if change == "removed" else diff.after)
            for change, key in diff
        ]
        return lines, number(len(lines))

    @staticmethod
    def map_next_many(cursor, count_max, bytes_max, what=None):
        if what == "keys":
            lines = [number(key) for key in cursor.next_keys(int(count_max))]
        elif what == "values":
            lines = [quote(value) for value in cursor.next_values(int(count_max), int(bytes_max))]
        else:
            lines = entries(cursor.next_many(int(count_max), int(bytes_max)))
        found(lines, b"done")
        return lines, number(len(lines))

    @staticmethod
    def diff_next(diff):
        step = diff.next()
        found(step is not None, b"done")
        return b"%s %d" % (step[0].encode(), step[1])

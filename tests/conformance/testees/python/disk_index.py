"""Verbs of disk indexes."""

import stave
from replies import found, named, number, quote, value_or_not_found


def keywords(words):
    """The options among the arguments: those without quotes."""
    return dict(word.split("=", 1) for word in words if isinstance(word, str))


def pairs(words):
    """KEY RECORD KEY RECORD ...; a last word `cancel` fails behind them."""
    content = [word for word in words if isinstance(word, bytes)]
    yield from zip(content[::2], content[1::2])
    if "cancel" in words:
        raise stave.CancelledError()


class DiskIndexVerbs:
    """A part of the Testee."""

    def disk_index_verbs(self):
        return {
            "disk_index_options": lambda text: (
                named(stave.parse_disk_index_options(text.decode())), b""
            ),
            "disk_index_options_describe": lambda: (
                [
                    line.split("=")[0].encode()
                    for line in stave.describe_disk_index_options().splitlines()
                ],
                b"",
            ),
            "disk_index_rebuild": lambda path, *what: stave.DiskIndex.rebuild(
                path, pairs(what), **keywords(what)
            ),
            "disk_index.open": lambda path, *options: stave.DiskIndex(path, **keywords(options)),
            "disk_index.options": lambda index: (named(index.options()), b""),
            "disk_index.close": lambda index: index.close(),
            "disk_index.put": lambda index, key, record: index.put(key, record),
            "disk_index.insert": lambda index, key, record: found(
                index.insert(key, record), b"exists"
            ),
            "disk_index.put_payload": lambda index, key, *numbers: index.put_payload(
                key, map(int, numbers)
            ),
            "disk_index.get_payload": self.get_payload,
            "disk_index.remove": lambda index, key: found(index.remove(key)),
            "disk_index.get": lambda index, key: value_or_not_found(index.get(key)),
            "disk_index.contains": lambda index, key: found(key in index),
            "disk_index.size": lambda index: number(len(index)),
            "disk_index.multi_put": lambda index, *what: number(index.multi_put(pairs(what))),
            "disk_index.multi_get": lambda index, *keys: (
                [b"absent" if one is None else quote(one) for one in index.multi_get(keys)], b"",
            ),
            "disk_index.bulk_load": lambda index, *what: index.bulk_load(pairs(what)),
            "disk_index.reserve": lambda index, entries: index.reserve(int(entries)),
            "disk_index.save": lambda index, lsn: index.save(int(lsn)),
            "disk_index.checkpoint": lambda index, lsn: index.checkpoint(int(lsn)),
            "disk_index.shrink_to_fit": lambda index: index.shrink_to_fit(),
            "disk_index.stats": self.stats,
            "disk_index.verify": self.verify,
            "disk_index.cursor": lambda index: index.cursor(),
            "disk_index.scan": self.scan,
            "disk_index_cursor.next": lambda cursor: found(cursor.next(), b"done"),
            "disk_index_cursor.key": lambda cursor: quote(cursor.key),
            "disk_index_cursor.record": lambda cursor: quote(cursor.record),
            "disk_index_cursor.next_many": lambda cursor, count_max, _: self.next_many(
                cursor, count_max
            ),
            "disk_index_cursor.close": lambda cursor: cursor.close(),
        }

    @staticmethod
    def get_payload(index, key):
        payload = index.get_payload(key)
        found(payload is not None)
        return " ".join(map(str, payload)).encode()

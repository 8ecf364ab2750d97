"""Memtable: a multi-version table in memory."""

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int32, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p

from ._library import (
    NOT_FOUND, OK, Buffer, Closeable, Guarded, Handle, call, declare, flat, library, to_bytes,
)
from .marks import DELETED
from .memtable_cursor import open_cursor
from .memtable_transaction import (
    MemtableSnapshot, MemtableTransaction, missing, read, read_into, read_many, read_number,
    read_pin, with_buffer, write_many,
)

_TIMESTAMPS = {1: "managed", 2: "explicit"}


class _Options(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("timestamps", c_uint32), ("capacity", c_uint64),
        ("background", c_uint8), ("reserved", c_uint8 * 7),
    ]

    def to_dictionary(self):
        return {
            "timestamps": _TIMESTAMPS[self.timestamps], "capacity": self.capacity,
            "background": bool(self.background),
        }


class _Stats(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("reserved", c_uint32), ("keys", c_uint64), ("rows", c_uint64),
        ("versions", c_uint64), ("size_bytes", c_uint64), ("snapshots", c_uint64),
        ("transactions", c_uint64), ("timestamp", c_uint64),
    ]


_Reader = ctypes.CFUNCTYPE(c_int32, c_void_p, c_void_p, c_size_t)

_H = c_void_p
_KEY = [_H, c_char_p, c_size_t]
_VALUE = [c_char_p, c_size_t]
_MOMENT = [c_uint64, c_uint64]
_NUMBER_OUT = [POINTER(c_uint64)]
_FLAG_OUT = [POINTER(c_uint8)]
_KEYS = [c_char_p, POINTER(c_uint32), c_size_t]
declare(
    {
        "stave_memtable_options_set": [POINTER(_Options), c_char_p],
        "stave_memtable_options_describe": [POINTER(Buffer)],
        "stave_memtable_create": [POINTER(_Options), POINTER(_H)],
        "stave_memtable_options_get": [_H, POINTER(_Options)],
        "stave_memtable_close": [_H],
        "stave_memtable_read": _KEY + _MOMENT + [c_void_p, c_size_t, POINTER(c_size_t)] + _FLAG_OUT,
        "stave_memtable_read_buffer": _KEY + _MOMENT + [POINTER(Buffer)] + _FLAG_OUT,
        "stave_memtable_read_pin": _KEY + _MOMENT + [POINTER(_H)] + _FLAG_OUT,
        "stave_memtable_read_with": _KEY + _MOMENT + [_Reader, c_void_p] + _FLAG_OUT,
        "stave_memtable_multi_read": [_H] + _KEYS + _MOMENT + [POINTER(Buffer)] + _NUMBER_OUT,
        "stave_memtable_write": _KEY + _VALUE + [c_uint64],
        "stave_memtable_write_tombstone": _KEY + [c_uint64],
        "stave_memtable_multi_write": [
            _H, c_char_p, POINTER(c_uint32), c_char_p, POINTER(c_uint64), c_size_t, c_uint64,
            POINTER(c_size_t)],
        "stave_memtable_commit": [_H] + _MOMENT + _KEYS,
        "stave_memtable_abort": [_H, c_uint64] + _KEYS,
        "stave_memtable_has_write_conflict": _KEY + [c_uint64] + _FLAG_OUT,
        "stave_memtable_size": [_H] + _NUMBER_OUT,
        "stave_memtable_size_bytes": [_H] + _NUMBER_OUT,
        "stave_memtable_is_empty": [_H] + _FLAG_OUT,
        "stave_memtable_prune": [_H, c_uint64] + _NUMBER_OUT,
        "stave_memtable_clear": [_H],
        "stave_memtable_stats_get": [_H, POINTER(_Stats)],
    },
    {
        "stave_memtable_options_init": (None, [POINTER(_Options)]),
        "stave_memtable_stats_init": (None, [POINTER(_Stats)]),
        "stave_memtable_free": (None, [_H]),
    },
)


def parse_memtable_options(text):
    """All options as a dictionary, after setting those in the text: "name=value ..."."""
    return _parse(text).to_dictionary()


def describe_memtable_options():
    """All options with type, default and meaning, one a line."""
    return with_buffer(
        lambda buffer: call(library.stave_memtable_options_describe, buffer)
    )[1].decode()


def _parse(text):
    options = _Options()
    library.stave_memtable_options_init(byref(options))
    call(library.stave_memtable_options_set, byref(options), text.encode())
    return options


class Memtable(Closeable):
    """A multi-version table in memory.

    Options are those of stave_memtable_options by name: Memtable(timestamps="explicit"). By default
    the table keeps the time: use begin() and snapshot(). With timestamps of the caller's own use the
    calls that take a snapshot and the number of a transaction; there a removed key reads as DELETED
    and an absent one as None."""

    _close = library.stave_memtable_close

    def __init__(self, **options):
        pointer = c_void_p()
        chosen = _parse(
            " ".join(
                f"{name}={int(value) if isinstance(value, bool) else value}"
                for name, value in options.items()
            )
        )
        call(library.stave_memtable_create, byref(chosen), byref(pointer))
        self._handle = Handle(pointer, library.stave_memtable_free)

    def options(self):
        """The options in force, as a dictionary."""
        options = _Options()
        library.stave_memtable_options_init(byref(options))
        call(library.stave_memtable_options_get, self._handle.pointer, byref(options))
        return options.to_dictionary()

    def begin(self):
        """A MemtableTransaction that reads at this moment."""
        return MemtableTransaction(self)

    def snapshot(self):
        """A MemtableSnapshot of this moment."""
        return MemtableSnapshot(self)

    # Timestamps of the caller's own.

    def _of(self, key, *moment):
        key = to_bytes(key)
        return (self._handle.pointer, key, len(key)) + moment

    def read(self, key, snapshot, transaction=0):
        """The value at a timestamp, or the transaction's own write; None or DELETED."""
        return read(
            library.stave_memtable_read_buffer, self._of(key, snapshot, transaction), c_uint8()
        )

    def read_into(self, key, target, snapshot, transaction=0):
        """As MemtableTransaction.get_into."""
        return read_into(
            library.stave_memtable_read, self._of(key, snapshot, transaction), target, c_uint8()
        )

    def read_pin(self, key, snapshot, transaction=0):
        """The value as a Pin; None or DELETED."""
        return read_pin(
            library.stave_memtable_read_pin, self._of(key, snapshot, transaction), c_uint8()
        )

    def read_with(self, key, reader, snapshot, transaction=0):
        """What reader(bytes) returns, or None or DELETED without calling it. It may use the table;
        what it raises comes out of this call."""
        deleted, guarded, answers = c_uint8(), Guarded(), []

        def run(_, data, size):
            answers.append(reader(ctypes.string_at(data, size)))
            return OK

        callback = _Reader(lambda *arguments: guarded.run(run, *arguments))
        guarded.call(
            library.stave_memtable_read_with, *self._of(key, snapshot, transaction), callback, None,
            byref(deleted), expected=(NOT_FOUND,),
        )
        return answers[0] if answers else missing((deleted,))

    def multi_read(self, keys, snapshot, transaction=0):
        """The values of many keys in one call; None or DELETED for those without."""
        return read_many(
            library.stave_memtable_multi_read, self._handle.pointer, keys, snapshot, transaction
        )

    def write(self, key, value, transaction):
        """Writes for a transaction; DELETED removes the key. Raises ConflictError."""
        if value is DELETED:
            call(library.stave_memtable_write_tombstone, *self._of(key, transaction))
        else:
            value = to_bytes(value)
            call(library.stave_memtable_write, *self._of(key), value, len(value), transaction)

    def multi_write(self, items, transaction):
        """As MemtableTransaction.multi_write."""
        return write_many(
            library.stave_memtable_multi_write, self._handle.pointer, items, transaction
        )

    def commit(self, transaction, timestamp, keys):
        """Makes the transaction's writes visible at the timestamp; `keys` are all that it wrote."""
        call(
            library.stave_memtable_commit, self._handle.pointer, transaction, timestamp,
            *flat(keys, c_uint32),
        )

    def abort(self, transaction, keys):
        """Takes the transaction's writes to these keys back."""
        call(
            library.stave_memtable_abort, self._handle.pointer, transaction, *flat(keys, c_uint32)
        )

    def has_write_conflict(self, key, transaction):
        """Whether a write of the key for the transaction would raise ConflictError now."""
        conflict = c_uint8()
        call(
            library.stave_memtable_has_write_conflict, *self._of(key, transaction), byref(conflict)
        )
        return bool(conflict.value)

    def cursor(self, snapshot, transaction=0, prefix=b"", keys_only=False, tombstones=False):
        """A MemtableCursor over the keys that are visible at a timestamp."""
        return open_cursor(
            library.stave_memtable_cursor_open, self._handle, (snapshot, transaction), prefix,
            keys_only, tombstones,
        )

    # The whole table.

    def __len__(self):
        return read_number(library.stave_memtable_size, self._handle.pointer)

    def __bool__(self):
        return True

    def size_bytes(self):
        """Bytes of memory of keys, versions and values."""
        return read_number(library.stave_memtable_size_bytes, self._handle.pointer)

    def is_empty(self):
        """Whether there is no version of any key."""
        empty = c_uint8()
        call(library.stave_memtable_is_empty, self._handle.pointer, byref(empty))
        return bool(empty.value)

    def prune(self, oldest=0):
        """Frees versions that nobody can see any more; how many. `oldest` is 0 unless the timestamps
        are the caller's."""
        return read_number(library.stave_memtable_prune, self._handle.pointer, oldest)

    def clear(self):
        """Removes everything at one moment."""
        call(library.stave_memtable_clear, self._handle.pointer)

    def stats(self):
        """The members of stave_memtable_stats as a dictionary."""
        stats = _Stats()
        library.stave_memtable_stats_init(byref(stats))
        call(library.stave_memtable_stats_get, self._handle.pointer, byref(stats))
        return {
            name: getattr(stats, name)
            for name, _ in _Stats._fields_
            if name not in ("struct_size", "reserved")
        }

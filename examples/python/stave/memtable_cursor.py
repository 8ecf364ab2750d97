"""MemtableCursor: visits what is visible in a memtable at one moment."""

import ctypes
from ctypes import (
    POINTER, byref, c_char_p, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p, string_at,
)

from ._library import DONE, OK, Buffer, Closeable, Handle, call, cut, declare, library, to_bytes
from .marks import DELETED

TOMBSTONE = 2**64 - 2  # STAVE_TOMBSTONE


class _Options(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("keys_only", c_uint8), ("tombstones", c_uint8),
        ("reserved", c_uint8 * 2), ("prefix", c_char_p), ("prefix_size", c_size_t),
    ]


_H = c_void_p
_PART = [_H, POINTER(c_void_p), POINTER(c_size_t)]
declare(
    {
        "stave_memtable_transaction_cursor": [_H, POINTER(_Options), POINTER(_H)],
        "stave_memtable_snapshot_cursor": [_H, POINTER(_Options), POINTER(_H)],
        "stave_memtable_cursor_open": [_H, c_uint64, c_uint64, POINTER(_Options), POINTER(_H)],
        "stave_memtable_cursor_next": [_H],
        "stave_memtable_cursor_key": _PART,
        "stave_memtable_cursor_value": _PART,
        "stave_memtable_cursor_deleted": [_H, POINTER(c_uint8)],
        "stave_memtable_cursor_next_many": [
            _H, c_size_t, c_size_t, POINTER(Buffer), POINTER(c_uint64), POINTER(c_size_t)],
        "stave_memtable_cursor_close": [_H],
    },
    {
        "stave_memtable_cursor_options_init": (None, [POINTER(_Options)]),
        "stave_memtable_cursor_free": (None, [_H]),
    },
)


def open_cursor(function, parent, arguments, prefix, keys_only, tombstones):
    options = _Options()
    library.stave_memtable_cursor_options_init(byref(options))
    options.keys_only = 1 if keys_only else 0
    options.tombstones = 1 if tombstones else 0
    prefix = to_bytes(prefix)
    options.prefix = prefix
    options.prefix_size = len(prefix)
    pointer = c_void_p()
    call(function, parent.pointer, *arguments, byref(options), byref(pointer))
    return MemtableCursor(Handle(pointer, library.stave_memtable_cursor_free, parent))


class MemtableCursor(Closeable):
    """Visits keys in no particular order; made by the cursor methods. Iterate over it for
    (key, value) pairs, or step with next() and look at `key`, `value` and `deleted`. With keys_only
    values are empty; with tombstones removed keys are visited too, and their value is DELETED."""

    _close = library.stave_memtable_cursor_close
    _CHUNK_COUNT, _CHUNK_BYTES = 256, 1 << 20

    def __init__(self, handle):
        self._handle = handle

    def next(self):
        """Moves to the next record; False when there is none."""
        return OK == call(
            library.stave_memtable_cursor_next, self._handle.pointer, expected=(DONE,)
        )

    @property
    def key(self):
        """The key of the record the cursor stands on."""
        return self._part(library.stave_memtable_cursor_key)

    @property
    def value(self):
        """The value of the record the cursor stands on; empty when it is removed."""
        return self._part(library.stave_memtable_cursor_value)

    @property
    def deleted(self):
        """Whether the cursor stands on a removed key."""
        deleted = c_uint8()
        call(library.stave_memtable_cursor_deleted, self._handle.pointer, byref(deleted))
        return bool(deleted.value)

    def _part(self, function):
        data, size = c_void_p(), c_size_t()
        call(function, self._handle.pointer, byref(data), byref(size))
        return string_at(data, size.value) if size.value else b""

    def next_many(self, count_max, bytes_max):
        """Up to count_max (key, value) pairs in one call, fewer once they hold bytes_max bytes; an
        empty list when there are none left. The cursor stands on no record afterwards."""
        buffer, count = Buffer(), c_size_t()
        sizes = (c_uint64 * (2 * count_max))()
        library.stave_buffer_init(byref(buffer))
        try:
            call(
                library.stave_memtable_cursor_next_many, self._handle.pointer, count_max,
                bytes_max, byref(buffer), sizes, byref(count), expected=(DONE,),
            )
            pieces = cut(buffer.content(), sizes[: 2 * count.value], {TOMBSTONE: DELETED})
        finally:
            library.stave_buffer_free(byref(buffer))
        return list(zip(pieces[::2], pieces[1::2]))

    def __iter__(self):
        while True:
            records = self.next_many(self._CHUNK_COUNT, self._CHUNK_BYTES)
            if not records:
                return
            yield from records

"""DiskIndex: the persistent hash index of fixed records."""

import ctypes
import os
import struct
from collections import namedtuple
from ctypes import POINTER, byref, c_char_p, c_int32, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p

from . import errors
from ._library import (
    DONE, EXISTS, NOT_FOUND, OK, Buffer, Closeable, Guarded, Handle, Progress, call, declare,
    library, to_bytes,
)

KEY_SIZE = 16

# Where some bytes lie elsewhere and how they are packed: the default record. `codec` is 0 none, 1
# LZ4, 2 Zstandard.
Payload = namedtuple("Payload", "offset length uncompressed_length codec")
_PAYLOAD = struct.Struct("<QIIB7x")


class _Options(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("record_size", c_uint32), ("delta_memory", c_uint64),
        ("bulk_memory", c_uint64), ("read_only", c_uint8), ("create_if_missing", c_uint8),
        ("create_parents", c_uint8), ("error_if_exists", c_uint8), ("background", c_uint8),
        ("reserved", c_uint8 * 3),
    ]

    def to_dictionary(self):
        numbers = ("record_size", "delta_memory", "bulk_memory")
        return {
            name: getattr(self, name) if name in numbers else bool(getattr(self, name))
            for name, _ in self._fields_ if name not in ("struct_size", "reserved")
        }


class _Stats(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("writes_refused", c_uint8), ("reserved", c_uint8 * 3),
        ("entries", c_uint64), ("file_bytes", c_uint64), ("free_bytes", c_uint64),
        ("segments", c_uint64), ("segment_bytes", c_uint64), ("log_bytes", c_uint64),
        ("delta_entries", c_uint64), ("generation", c_uint64), ("lsn", c_uint64),
        ("merges", c_uint64), ("syncs", c_uint64), ("recovered_operations", c_uint64),
    ]


_Source = ctypes.CFUNCTYPE(c_int32, c_void_p, c_void_p, c_void_p, c_size_t, POINTER(c_size_t))

_H = c_void_p
_KEY = [c_char_p, c_size_t]
declare(
    {
        "stave_disk_index_options_set": [POINTER(_Options), c_char_p],
        "stave_disk_index_options_describe": [POINTER(Buffer)],
        "stave_disk_index_open": [c_char_p, POINTER(_Options), POINTER(_H)],
        "stave_disk_index_options_get": [_H, POINTER(_Options)],
        "stave_disk_index_close": [_H],
        "stave_disk_index_put": [_H] + _KEY + [c_char_p, c_size_t],
        "stave_disk_index_insert": [_H] + _KEY + [c_char_p, c_size_t],
        "stave_disk_index_remove": [_H] + _KEY,
        "stave_disk_index_multi_put": [
            _H, c_char_p, c_char_p, c_size_t, c_size_t, POINTER(c_size_t)],
        "stave_disk_index_get": [_H] + _KEY + [c_void_p, c_size_t],
        "stave_disk_index_contains": [_H] + _KEY,
        "stave_disk_index_multi_get": [
            _H, c_char_p, c_size_t, c_void_p, c_size_t, POINTER(c_uint8)],
        "stave_disk_index_size": [_H, POINTER(c_uint64)],
        "stave_disk_index_bulk_load": [_H, _Source, c_void_p],
        "stave_disk_index_rebuild": [c_char_p, POINTER(_Options), _Source, c_void_p],
        "stave_disk_index_reserve": [_H, c_uint64],
        "stave_disk_index_cursor_open": [_H, POINTER(_H)],
        "stave_disk_index_cursor_next": [_H],
        "stave_disk_index_cursor_key": [_H, POINTER(c_void_p), POINTER(c_size_t)],
        "stave_disk_index_cursor_record": [_H, POINTER(c_void_p), POINTER(c_size_t)],
        "stave_disk_index_cursor_next_many": [
            _H, c_size_t, c_void_p, c_void_p, c_size_t, POINTER(c_size_t)],
        "stave_disk_index_cursor_close": [_H],
        "stave_disk_index_save": [_H, c_uint64],
        "stave_disk_index_checkpoint": [_H, c_uint64],
        "stave_disk_index_shrink_to_fit": [_H],
        "stave_disk_index_stats_get": [_H, POINTER(_Stats)],
        "stave_disk_index_verify": [_H, Progress, c_void_p],
    },
    {
        "stave_disk_index_options_init": (None, [POINTER(_Options)]),
        "stave_disk_index_stats_init": (None, [POINTER(_Stats)]),
        "stave_disk_index_free": (None, [_H]),
        "stave_disk_index_cursor_free": (None, [_H]),
    },
)


def parse_disk_index_options(text):
    """All options as a dictionary, after setting those in the text: "name=value ..."."""
    return _parse(text).to_dictionary()


def describe_disk_index_options():
    """All options with type, default and meaning, one a line."""
    buffer = Buffer()
    library.stave_buffer_init(byref(buffer))
    try:
        call(library.stave_disk_index_options_describe, byref(buffer))
        return buffer.content().decode()
    finally:
        library.stave_buffer_free(byref(buffer))


def _parse(text):
    options = _Options()
    library.stave_disk_index_options_init(byref(options))
    call(library.stave_disk_index_options_set, byref(options), text.encode())
    return options


def _from_keywords(keywords):
    return _parse(
        " ".join(
            f"{name}={int(value) if isinstance(value, bool) else value}"
            for name, value in keywords.items()
        )
    )


def _source(guarded, pairs, record_size):
    """The C callback that hands out (key, record) pairs."""
    iterator = iter(pairs)

    def fill(keys, records, count_max, count):
        made = 0
        for key, record in iterator:
            key, record = to_bytes(key), to_bytes(record)
            if len(key) != KEY_SIZE or len(record) != record_size:
                raise errors.InvalidArgumentError(
                    f"a key has 16 bytes and a record of this index {record_size}, "
                    f"not {len(key)} and {len(record)}"
                )
            ctypes.memmove(keys + made * KEY_SIZE, key, KEY_SIZE)
            ctypes.memmove(records + made * record_size, record, record_size)
            made += 1
            if made == count_max:
                break
        count[0] = made
        return OK

    return _Source(
        lambda _, keys, records, count_max, count: guarded.run(
            fill, keys, records, count_max, count
        )
    )


class DiskIndex(Closeable):
    """A persistent hash index in one file, from keys of 16 bytes to records of one size.

    Options are those of stave_disk_index_options by name: DiskIndex(path, record_size=8). Without
    record_size the records are Payload: use put_payload and get_payload.
    Opens the file, making it when the options allow."""

    _close = library.stave_disk_index_close

    def __init__(self, path, **options):
        pointer = c_void_p()
        chosen = _from_keywords(options)
        call(
            library.stave_disk_index_open, os.fsencode(path), byref(chosen), byref(pointer)
        )
        self._handle = Handle(pointer, library.stave_disk_index_free)
        self.record_size = self.options()["record_size"]

    @staticmethod
    def rebuild(path, pairs, **options):
        """Makes the file anew from (key, record) pairs, whatever stands there now."""
        chosen = _from_keywords(options)
        guarded = Guarded()
        source = _source(guarded, pairs, chosen.record_size or _PAYLOAD.size)
        guarded.call(
            library.stave_disk_index_rebuild, os.fsencode(path), byref(chosen), source, None
        )

    def options(self):
        """The options in force, as a dictionary."""
        options = _Options()
        library.stave_disk_index_options_init(byref(options))
        call(library.stave_disk_index_options_get, self._handle.pointer, byref(options))
        return options.to_dictionary()

    # Writing.

    def put(self, key, record):
        """Stores the record, whether or not the key exists."""
        key, record = to_bytes(key), to_bytes(record)
        call(
            library.stave_disk_index_put, self._handle.pointer, key, len(key), record, len(record)
        )

    def put_payload(self, key, payload):
        """Stores a Payload, or any (offset, length, uncompressed_length, codec)."""
        self.put(key, _PAYLOAD.pack(*payload))

    def insert(self, key, record):
        """Stores the record if the key is absent; says whether it was."""
        key, record = to_bytes(key), to_bytes(record)
        return OK == call(
            library.stave_disk_index_insert, self._handle.pointer, key, len(key), record,
            len(record), expected=(EXISTS,),
        )

    def remove(self, key):
        """Removes the key; says whether it existed."""
        key = to_bytes(key)
        return OK == call(
            library.stave_disk_index_remove, self._handle.pointer, key, len(key),
            expected=(NOT_FOUND,),
        )

    def multi_put(self, items):
        """Stores all (key, record) pairs, each a put of its own; the number stored."""
        items = [(to_bytes(key), to_bytes(record)) for key, record in items]
        done = c_size_t()
        call(
            library.stave_disk_index_multi_put, self._handle.pointer,
            self._joined((key for key, _ in items), KEY_SIZE),
            self._joined((record for _, record in items), self.record_size),
            self.record_size, len(items), byref(done),
        )
        return done.value

    def bulk_load(self, pairs):
        """Adds all (key, record) pairs as one durable change, far faster than puts. An exception
        that `pairs` raises stops it, and nothing is added."""
        guarded = Guarded()
        source = _source(guarded, pairs, self.record_size)
        guarded.call(library.stave_disk_index_bulk_load, self._handle.pointer, source, None)

    def reserve(self, entries):
        """Allocates space for so many keys in all."""
        call(library.stave_disk_index_reserve, self._handle.pointer, entries)

    # Reading.

    def get(self, key):
        """The record, or None if there is no such key."""
        key = to_bytes(key)
        record = ctypes.create_string_buffer(self.record_size)
        status = call(
            library.stave_disk_index_get, self._handle.pointer, key, len(key), record,
            self.record_size, expected=(NOT_FOUND,),
        )
        return record.raw if status == OK else None

    def get_payload(self, key):
        """The Payload, or None if there is no such key."""
        record = self.get(key)
        return None if record is None else Payload(*_PAYLOAD.unpack(record))

    def multi_get(self, keys):
        """The record of each key, None for those that are absent."""
        keys = [to_bytes(key) for key in keys]
        size = self.record_size
        records = ctypes.create_string_buffer(max(1, size * len(keys)))
        found = (c_uint8 * len(keys))()
        call(
            library.stave_disk_index_multi_get, self._handle.pointer,
            self._joined(keys, KEY_SIZE), len(keys), records, size, found,
        )
        return [
            records[i * size : (i + 1) * size] if is_found else None
            for i, is_found in enumerate(found)
        ]

    def __contains__(self, key):
        key = to_bytes(key)
        return OK == call(
            library.stave_disk_index_contains, self._handle.pointer, key, len(key),
            expected=(NOT_FOUND,),
        )

    def __len__(self):
        size = c_uint64()
        call(library.stave_disk_index_size, self._handle.pointer, byref(size))
        return size.value

    def cursor(self):
        """A DiskIndexCursor over all records."""
        return DiskIndexCursor(self)

    # Keeping and checking.

    def save(self, lsn=0):
        """Makes everything written so far durable; `lsn` is a number of the caller's that stays."""
        call(library.stave_disk_index_save, self._handle.pointer, lsn)

    def checkpoint(self, lsn=0):
        """Saves, and merges all changes first: the next open has nothing to do."""
        call(library.stave_disk_index_checkpoint, self._handle.pointer, lsn)

    def shrink_to_fit(self):
        """Writes the file anew as small as it can be."""
        call(library.stave_disk_index_shrink_to_fit, self._handle.pointer)

    def stats(self):
        """The members of stave_disk_index_stats as a dictionary."""
        stats = _Stats()
        library.stave_disk_index_stats_init(byref(stats))
        call(library.stave_disk_index_stats_get, self._handle.pointer, byref(stats))
        return {
            name: getattr(stats, name)
            for name, _ in _Stats._fields_
            if name not in ("struct_size", "reserved")
        }

    def verify(self, progress=None):
        """Checks every page. `progress(done, total)` is called for each segment; an exception that
        it raises stops the verification and comes out of this call."""
        guarded = Guarded()

        def on_progress(done, total):
            progress(done, total)
            return OK

        callback = (
            Progress(lambda _, done, total: guarded.run(on_progress, done, total))
            if progress else Progress()
        )
        guarded.call(library.stave_disk_index_verify, self._handle.pointer, callback, None)

    @staticmethod
    def _joined(parts, size):
        parts = list(parts)
        for part in parts:
            if len(part) != size:
                raise errors.InvalidArgumentError(f"{len(part)} bytes where {size} are expected")
        return b"".join(parts)


class DiskIndexCursor(Closeable):
    """Visits records; made by DiskIndex.cursor. Iterate over it for (key, record) pairs, or step
    with next() and look at `key` and `record`."""

    _close = library.stave_disk_index_cursor_close
    _CHUNK_COUNT = 256

    def __init__(self, index):
        pointer = c_void_p()
        call(library.stave_disk_index_cursor_open, index._handle.pointer, byref(pointer))
        self._handle = Handle(pointer, library.stave_disk_index_cursor_free)
        self._record_size = index.record_size

    def next(self):
        """Moves to the next record; False when there is none."""
        return OK == call(
            library.stave_disk_index_cursor_next, self._handle.pointer, expected=(DONE,)
        )

    @property
    def key(self):
        """The key of the record the cursor stands on."""
        return self._part(library.stave_disk_index_cursor_key)

    @property
    def record(self):
        """The record the cursor stands on."""
        return self._part(library.stave_disk_index_cursor_record)

    def _part(self, function):
        data, size = c_void_p(), c_size_t()
        call(function, self._handle.pointer, byref(data), byref(size))
        return ctypes.string_at(data, size.value)

    def next_many(self, count_max):
        """Up to count_max (key, record) pairs in one call; an empty list when there are none left.
        The cursor stands on no record afterwards."""
        size, count = self._record_size, c_size_t()
        keys = ctypes.create_string_buffer(max(1, count_max * KEY_SIZE))
        records = ctypes.create_string_buffer(max(1, count_max * size))
        call(
            library.stave_disk_index_cursor_next_many, self._handle.pointer, count_max, keys,
            records, size, byref(count), expected=(DONE,),
        )
        return [
            (keys[i * KEY_SIZE : (i + 1) * KEY_SIZE], records[i * size : (i + 1) * size])
            for i in range(count.value)
        ]

    def __iter__(self):
        while True:
            records = self.next_many(self._CHUNK_COUNT)
            if not records:
                return
            yield from records

"""The C interface: structs, argument types, calls, and handles that free themselves.

The structs are those of <stave/store.h> and <stave/index.h>, member by member.
"""

import ctypes
import os
from ctypes import POINTER, byref, c_char_p, c_int32, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p

from . import errors

OK, NOT_FOUND, EXISTS, MISMATCH, DONE, CANCELLED = 0, 1, 2, 3, 5, -61
_ABSENT = 2**64 - 1  # STAVE_ABSENT


class _Error(ctypes.Structure):
    _fields_ = [("status", c_int32), ("os_errno", c_int32), ("message", ctypes.c_char * 504)]


class Options(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("durability", c_uint32), ("io", c_uint32), ("shards", c_uint32),
        ("segment_size", c_uint64), ("read_only", c_uint8), ("create_if_missing", c_uint8),
        ("error_if_exists", c_uint8), ("background", c_uint8), ("keydir", c_uint32),
        ("checkpoint_interval", c_uint64), ("default_ttl", c_uint64),
        ("shard_prefix_bits", c_uint32), ("reserved", c_uint8 * 4),
    ]


class WriteOptions(ctypes.Structure):
    _fields_ = [("struct_size", c_uint32), ("durability", c_uint32), ("expires_at", c_uint64)]


class CursorOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("keys_only", c_uint8), ("reserved", c_uint8 * 3),
        ("prefix", c_char_p), ("prefix_size", c_size_t), ("token", c_char_p),
        ("token_size", c_size_t),
    ]


class Stats(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("recovered", c_uint8), ("writes_refused", c_uint8),
        ("reserved", c_uint8 * 2), ("keys", c_uint64), ("segments", c_uint64),
        ("log_bytes", c_uint64), ("live_bytes", c_uint64), ("disk_bytes", c_uint64),
        ("version", c_uint64), ("durable_version", c_uint64), ("commits", c_uint64),
        ("bytes_written", c_uint64), ("syncs", c_uint64), ("reads", c_uint64),
        ("recovered_commits", c_uint64), ("recovered_cut_bytes", c_uint64),
    ]


class IndexOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("key_mode", c_uint32), ("value_bits", c_uint32),
        ("shards", c_uint32), ("capacity", c_uint64), ("seed", c_uint64),
    ]


Compare = ctypes.CFUNCTYPE(c_int32, c_void_p, c_uint64, c_void_p, c_size_t)
Hash = ctypes.CFUNCTYPE(c_int32, c_void_p, c_uint64, POINTER(c_uint64))
Destroy = ctypes.CFUNCTYPE(None, c_void_p)
Prefetch = ctypes.CFUNCTYPE(None, c_void_p, c_uint64)


class IndexResolver(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("reserved", c_uint32), ("compare", Compare), ("hash", Hash),
        ("destroy", Destroy), ("context", c_void_p), ("prefetch", Prefetch),
    ]


class IndexStats(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("shards", c_uint32), ("entries", c_uint64),
        ("capacity", c_uint64), ("bytes", c_uint64), ("key_bytes", c_uint64),
        ("buckets", c_uint64), ("slots", c_uint64), ("overflow_nodes", c_uint64),
        ("splits", c_uint64), ("splits_max", c_uint64), ("probe_samples", c_uint64),
        ("probe_sum", c_uint64), ("probe_max", c_uint64),
    ]


class IndexShardStats(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("reserved", c_uint32), ("entries", c_uint64),
        ("buckets", c_uint64), ("bytes", c_uint64),
    ]


class Buffer(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("size", c_size_t), ("capacity", c_size_t)]

    def content(self):
        return ctypes.string_at(self.data, self.size) if self.size else b""


Progress = ctypes.CFUNCTYPE(c_int32, c_void_p, c_uint64, c_uint64)

_BYTES = [c_char_p, c_size_t]  # a Python bytes object is passed without a copy
_HANDLE = c_void_p
_WRITE = [POINTER(WriteOptions)]
_NUMBER = [c_uint64]
_NUMBER_OUT = [POINTER(c_uint64)]
_FLAG_OUT = [POINTER(c_uint8)]
_KEY = [_HANDLE] + _BYTES

# name -> argument types; of fallible functions without the `stave_error *` at the end.
_FALLIBLE = {
    "stave_store_options_set": [POINTER(Options), c_char_p],
    "stave_store_options_describe": [POINTER(Buffer)],
    "stave_store_open": [c_char_p, POINTER(Options), POINTER(_HANDLE)],
    "stave_store_options_get": [_HANDLE, POINTER(Options)],
    "stave_store_close": [_HANDLE],
    "stave_store_put": [_HANDLE] + _BYTES + _BYTES + _WRITE,
    "stave_store_insert": [_HANDLE] + _BYTES + _BYTES + _WRITE,
    "stave_store_replace": [_HANDLE] + _BYTES + _BYTES + _WRITE,
    "stave_store_remove": [_HANDLE] + _BYTES + _WRITE,
    "stave_store_get": [_HANDLE] + _BYTES + [c_void_p, c_size_t, POINTER(c_size_t)],
    "stave_store_get_buffer": [_HANDLE] + _BYTES + [POINTER(Buffer)],
    "stave_store_get_pin": [_HANDLE] + _BYTES + [POINTER(_HANDLE)],
    "stave_store_value_size": [_HANDLE] + _BYTES + [POINTER(c_size_t)],
    "stave_store_contains": [_HANDLE] + _BYTES,
    "stave_store_size": [_HANDLE, POINTER(c_uint64)],
    "stave_store_multi_get": [
        _HANDLE, c_char_p, POINTER(c_uint32), c_size_t, POINTER(Buffer), POINTER(c_uint64)],
    "stave_store_multi_put": [
        _HANDLE, c_char_p, POINTER(c_uint32), c_char_p, POINTER(c_uint64), c_size_t] + _WRITE,
    "stave_store_multi_remove": [
        _HANDLE, c_char_p, POINTER(c_uint32), c_size_t, POINTER(c_uint64)] + _WRITE,
    "stave_store_write": [_HANDLE, _HANDLE] + _NUMBER_OUT * 2 + _WRITE,
    "stave_store_flush": [_HANDLE],
    "stave_store_sync": [_HANDLE],
    "stave_store_checkpoint": [_HANDLE],
    "stave_store_stats_get": [_HANDLE, POINTER(Stats)],
    "stave_store_verify": [_HANDLE, Progress, c_void_p],
    "stave_store_cursor_open": [_HANDLE, POINTER(CursorOptions), POINTER(_HANDLE)],
    "stave_store_cursor_next": [_HANDLE],
    "stave_store_cursor_key": [_HANDLE, POINTER(c_void_p), POINTER(c_size_t)],
    "stave_store_cursor_value": [_HANDLE, POINTER(c_void_p), POINTER(c_size_t)],
    "stave_store_cursor_next_many": [
        _HANDLE, c_size_t, c_size_t, POINTER(Buffer), POINTER(c_uint64), POINTER(c_size_t)],
    "stave_store_cursor_token": [_HANDLE, POINTER(Buffer)],
    "stave_store_cursor_close": [_HANDLE],
    "stave_batch_create": [POINTER(_HANDLE)],
    "stave_batch_put": [_HANDLE] + _BYTES + _BYTES,
    "stave_batch_remove": [_HANDLE] + _BYTES,
    "stave_batch_require": [_HANDLE] + _BYTES + [c_uint32] + _BYTES,
    "stave_batch_count": [_HANDLE, POINTER(c_uint64)],
    "stave_batch_clear": [_HANDLE],
    "stave_batch_close": [_HANDLE],
    "stave_index_options_set": [POINTER(IndexOptions), c_char_p],
    "stave_index_options_describe": [POINTER(Buffer)],
    "stave_index_create": [POINTER(IndexOptions), POINTER(IndexResolver), POINTER(_HANDLE)],
    "stave_index_options_get": [_HANDLE, POINTER(IndexOptions)],
    "stave_index_close": [_HANDLE],
    "stave_index_put": _KEY + _NUMBER + _NUMBER_OUT + _FLAG_OUT,
    "stave_index_insert": _KEY + _NUMBER + _NUMBER_OUT,
    "stave_index_compare_and_swap": _KEY + _NUMBER * 2 + _NUMBER_OUT,
    "stave_index_get": _KEY + _NUMBER_OUT,
    "stave_index_contains": _KEY,
    "stave_index_remove": _KEY + _NUMBER_OUT,
    "stave_index_remove_if": _KEY + _NUMBER + _NUMBER_OUT,
    "stave_index_hash": _KEY + _NUMBER_OUT,
    "stave_index_put_hashed": _KEY + _NUMBER * 2 + _NUMBER_OUT + _FLAG_OUT,
    "stave_index_insert_hashed": _KEY + _NUMBER * 2 + _NUMBER_OUT,
    "stave_index_compare_and_swap_hashed": _KEY + _NUMBER * 3 + _NUMBER_OUT,
    "stave_index_get_hashed": _KEY + _NUMBER + _NUMBER_OUT,
    "stave_index_contains_hashed": _KEY + _NUMBER,
    "stave_index_remove_hashed": _KEY + _NUMBER + _NUMBER_OUT,
    "stave_index_remove_if_hashed": _KEY + _NUMBER * 2 + _NUMBER_OUT,
    "stave_index_multi_get": [_HANDLE, c_char_p, POINTER(c_uint32), c_size_t]
    + _NUMBER_OUT + _FLAG_OUT,
    "stave_index_multi_put": [_HANDLE, c_char_p, POINTER(c_uint32), c_size_t]
    + _NUMBER_OUT * 2 + _FLAG_OUT + [POINTER(c_size_t)],
    "stave_index_size": [_HANDLE] + _NUMBER_OUT,
    "stave_index_is_empty": [_HANDLE] + _FLAG_OUT,
    "stave_index_capacity": [_HANDLE] + _NUMBER_OUT,
    "stave_index_clear": [_HANDLE],
    "stave_index_reserve": [_HANDLE] + _NUMBER,
    "stave_index_shrink_to_fit": [_HANDLE],
    "stave_index_stats_get": [_HANDLE, POINTER(IndexStats)],
    "stave_index_shard_stats_get": [_HANDLE, c_uint32, POINTER(IndexShardStats)],
    "stave_index_collect_values": [_HANDLE, POINTER(Buffer)] + _NUMBER_OUT,
    "stave_index_cursor_open": [_HANDLE, POINTER(_HANDLE)],
    "stave_index_cursor_next": [_HANDLE],
    "stave_index_cursor_value": [_HANDLE] + _NUMBER_OUT,
    "stave_index_cursor_key": [_HANDLE, POINTER(c_void_p), POINTER(c_size_t)],
    "stave_index_cursor_next_many": [_HANDLE, c_size_t] + _NUMBER_OUT + [
        c_size_t, POINTER(Buffer), POINTER(c_uint32), POINTER(c_size_t)],
    "stave_index_cursor_close": [_HANDLE],
}
# name -> (result type, argument types)
_INFALLIBLE = {
    "stave_version": (c_uint32, []),
    "stave_version_text": (c_char_p, []),
    "stave_status_name": (c_char_p, [c_int32]),
    "stave_status_message": (c_char_p, [c_int32]),
    "stave_live_handles": (c_uint64, []),
    "stave_buffer_init": (None, [POINTER(Buffer)]),
    "stave_buffer_free": (None, [POINTER(Buffer)]),
    "stave_pin_data": (c_void_p, [_HANDLE]),
    "stave_pin_size": (c_size_t, [_HANDLE]),
    "stave_pin_free": (None, [_HANDLE]),
    "stave_store_options_init": (None, [POINTER(Options)]),
    "stave_write_options_init": (None, [POINTER(WriteOptions)]),
    "stave_store_stats_init": (None, [POINTER(Stats)]),
    "stave_store_cursor_options_init": (None, [POINTER(CursorOptions)]),
    "stave_store_free": (None, [_HANDLE]),
    "stave_store_cursor_free": (None, [_HANDLE]),
    "stave_batch_free": (None, [_HANDLE]),
    "stave_index_options_init": (None, [POINTER(IndexOptions)]),
    "stave_index_resolver_init": (None, [POINTER(IndexResolver)]),
    "stave_index_stats_init": (None, [POINTER(IndexStats)]),
    "stave_index_shard_stats_init": (None, [POINTER(IndexShardStats)]),
    "stave_index_free": (None, [_HANDLE]),
    "stave_index_cursor_free": (None, [_HANDLE]),
}


def declare(fallible, infallible):
    """Sets the types of functions, in the form of the tables above."""
    for name, arguments in fallible.items():
        function = getattr(library, name)
        function.argtypes = arguments + [POINTER(_Error)]
        function.restype = c_int32
    for name, (result, arguments) in infallible.items():
        function = getattr(library, name)
        function.argtypes = arguments
        function.restype = result


library = ctypes.CDLL(os.environ.get("STAVE_LIBRARY") or "libstave.so.0")
declare(_FALLIBLE, _INFALLIBLE)


# ---- Calls and handles -------------------------------------------------------------------------


def call(function, *arguments, expected=()):
    """The status of a call, which is OK or one of the expected outcomes; else raises. ctypes lets
    other threads run meanwhile."""
    error = _Error()
    status = function(*arguments, byref(error))
    if status != OK and status not in expected:
        message = error.message.decode("utf-8", "replace") if error.status == status else ""
        raise errors.make(status, message or status_message(status), error.os_errno)
    return status


def to_bytes(data):
    """The bytes of a bytes-like object. Numbers and text are refused, not converted."""
    return data if isinstance(data, bytes) else memoryview(data).tobytes()


class Handle:
    """Owns a native handle. It is freed when the last reference goes, so that no thread can be
    inside a call then: a running call holds a reference."""

    __slots__ = ("pointer", "_free", "_keeps")

    def __init__(self, pointer, free, keeps=None):
        self.pointer = pointer
        self._free = free
        self._keeps = keeps  # what must be there until it is freed

    def __del__(self):
        self._free(self.pointer)


class Closeable:
    """What all objects share that are closed."""

    _close = None  # the C function

    def close(self):
        """Shuts down. Every later call raises ClosedError; closing again does nothing."""
        call(self._close, self._handle.pointer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Guarded:
    """A Python callable behind a C callback: what it raises comes out of the call that ran it."""

    def __init__(self):
        self.raised = []

    def run(self, function, *arguments):
        try:
            return function(*arguments)
        except BaseException as error:  # even KeyboardInterrupt must not cross C frames
            self.raised.append(error)
            return CANCELLED

    def call(self, function, *arguments, expected=()):
        try:
            return call(function, *arguments, expected=expected)
        except errors.StaveError:
            if not self.raised:
                raise
            # Its traceback leads back here: what refers to itself would outlive the call.
            error = self.raised.pop()
            try:
                raise error from None
            finally:
                del error


# ---- Bytes of many keys ------------------------------------------------------------------------


def flat(parts, size_type):
    """(all parts one behind the other, their sizes) as the calls with many keys take them."""
    parts = [to_bytes(part) for part in parts]
    return b"".join(parts), (size_type * len(parts))(*map(len, parts)), len(parts)


def cut(content, sizes, marks={}):
    """The pieces of the given sizes; STAVE_ABSENT stands for None, the sizes in `marks` for what it
    says."""
    pieces, offset, marks = [], 0, {_ABSENT: None, **marks}
    for size in sizes:
        if size in marks:
            pieces.append(marks[size])
        else:
            pieces.append(content[offset : offset + size])
            offset += size
    return pieces


# ---- The library -------------------------------------------------------------------------------


def version():
    """The library's version as text, "0.1.0"."""
    return library.stave_version_text().decode()


def version_number():
    """major * 1000000 + minor * 1000 + patch."""
    return library.stave_version()


def status_name(status):
    """The name of a status in lower case, "not_found"."""
    return library.stave_status_name(status).decode()


def status_message(status):
    """One sentence about a status."""
    return library.stave_status_message(status).decode()


def live_handles():
    """Native handles of this process that have not been freed."""
    return library.stave_live_handles()

"""MemtableTransaction and MemtableSnapshot, and the ways of reading that memtables have too."""

import ctypes
from ctypes import POINTER, byref, c_char_p, c_size_t, c_uint32, c_uint64, c_void_p

from . import errors
from ._library import (
    NOT_FOUND, OK, Buffer, Closeable, Handle, call, cut, declare, flat, library, to_bytes,
)
from .marks import DELETED
from .memtable_cursor import TOMBSTONE, open_cursor
from .pin import Pin

_H = c_void_p
_KEY = [_H, c_char_p, c_size_t]
_NUMBER_OUT = [POINTER(c_uint64)]
_READS = {
    "get": _KEY + [c_void_p, c_size_t, POINTER(c_size_t)],
    "get_buffer": _KEY + [POINTER(Buffer)],
    "get_pin": _KEY + [POINTER(_H)],
    "contains": _KEY,
    "multi_get": [_H, c_char_p, POINTER(c_uint32), c_size_t, POINTER(Buffer)] + _NUMBER_OUT,
    "close": [_H],
}
declare(
    {
        "stave_memtable_begin": [_H, POINTER(_H)],
        "stave_memtable_transaction_id": [_H] + _NUMBER_OUT,
        "stave_memtable_transaction_snapshot": [_H] + _NUMBER_OUT,
        "stave_memtable_transaction_put": _KEY + [c_char_p, c_size_t],
        "stave_memtable_transaction_remove": _KEY,
        "stave_memtable_transaction_multi_write": [
            _H, c_char_p, POINTER(c_uint32), c_char_p, POINTER(c_uint64), c_size_t,
            POINTER(c_size_t)],
        "stave_memtable_transaction_commit": [_H] + _NUMBER_OUT,
        "stave_memtable_transaction_rollback": [_H],
        "stave_memtable_snapshot_open": [_H, POINTER(_H)],
        "stave_memtable_snapshot_timestamp": [_H] + _NUMBER_OUT,
        **{
            f"stave_memtable_{child}_{name}": arguments
            for child in ("transaction", "snapshot") for name, arguments in _READS.items()
        },
    },
    {
        "stave_memtable_transaction_free": (None, [_H]),
        "stave_memtable_snapshot_free": (None, [_H]),
    },
)


# ---- Ways of reading. `arguments` stand before the place for the value, `deleted` behind it. -----


def with_buffer(function):
    """(what function(buffer) returns, the buffer's content)."""
    buffer = Buffer()
    library.stave_buffer_init(byref(buffer))
    try:
        return function(byref(buffer)), buffer.content()
    finally:
        library.stave_buffer_free(byref(buffer))


def missing(deleted):
    return DELETED if deleted and deleted[0].value else None


def read(function, arguments, *deleted):
    status, content = with_buffer(
        lambda buffer: call(
            function, *arguments, buffer, *map(byref, deleted), expected=(NOT_FOUND,)
        )
    )
    return content if status == OK else missing(deleted)


def read_into(function, arguments, target, *deleted):
    size = c_size_t()
    view = memoryview(target).cast("B")
    memory = (ctypes.c_char * len(view)).from_buffer(view)
    try:
        status = call(
            function, *arguments, ctypes.addressof(memory), len(view), byref(size),
            *map(byref, deleted), expected=(NOT_FOUND,),
        )
    except errors.BufferTooSmallError as error:
        error.needed = size.value
        raise
    return size.value if status == OK else missing(deleted)


def read_pin(function, arguments, *deleted):
    pointer = c_void_p()
    status = call(
        function, *arguments, byref(pointer), *map(byref, deleted), expected=(NOT_FOUND,)
    )
    return Pin(pointer) if status == OK else missing(deleted)


def read_many(function, handle, keys, *moment):
    joined, sizes, count = flat(keys, c_uint32)
    value_sizes = (c_uint64 * count)()
    _, content = with_buffer(
        lambda buffer: call(function, handle, joined, sizes, count, *moment, buffer, value_sizes)
    )
    return cut(content, value_sizes, {TOMBSTONE: DELETED})


def write_many(function, handle, items, *transaction):
    items = list(items)
    keys, key_sizes, count = flat([key for key, _ in items], c_uint32)
    values = [value for _, value in items]
    joined = b"".join(to_bytes(value) for value in values if value is not DELETED)
    sizes = (c_uint64 * count)(
        *(TOMBSTONE if value is DELETED else len(to_bytes(value)) for value in values)
    )
    written = c_size_t()
    try:
        call(
            function, handle, keys, key_sizes, joined, sizes, count, *transaction, byref(written)
        )
    except errors.StaveError as error:
        error.written = written.value
        raise
    return written.value


def read_number(function, *arguments):
    number = c_uint64()
    call(function, *arguments, byref(number))
    return number.value


# ---- Transactions and snapshots ------------------------------------------------------------------


class _Reads(Closeable):
    """What transactions and snapshots share: they read at one moment."""

    _type = None  # "transaction" or "snapshot"

    def __init__(self, open_function, table):
        pointer = c_void_p()
        call(open_function, table._handle.pointer, byref(pointer))
        self._handle = Handle(pointer, self._function("free"))

    @classmethod
    def _function(cls, name):
        return getattr(library, f"stave_memtable_{cls._type}_{name}")

    @property
    def _close(self):
        return self._function("close")

    def _of(self, key):
        key = to_bytes(key)
        return self._handle.pointer, key, len(key)

    def get(self, key):
        """The value, or None if there is no such key."""
        return read(self._function("get_buffer"), self._of(key))

    def get_into(self, key, target):
        """Copies the value into a writable buffer; its size, or None if there is no such key. Raises
        BufferTooSmallError, whose `needed` is the value's size, when it does not fit."""
        return read_into(self._function("get"), self._of(key), target)

    def get_pin(self, key):
        """The value as a Pin, without a copy above 56 bytes; None if there is no such key."""
        return read_pin(self._function("get_pin"), self._of(key))

    def multi_get(self, keys):
        """The values of many keys in one call, None for the absent ones."""
        return read_many(self._function("multi_get"), self._handle.pointer, keys)

    def __contains__(self, key):
        return OK == call(self._function("contains"), *self._of(key), expected=(NOT_FOUND,))

    def cursor(self, prefix=b"", keys_only=False, tombstones=False):
        """A MemtableCursor over the keys of this moment that begin with the prefix."""
        return open_cursor(
            self._function("cursor"), self._handle, (), prefix, keys_only, tombstones
        )


class MemtableSnapshot(_Reads):
    """Reads at one moment for as long as it is open, from any number of threads; made by
    Memtable.snapshot."""

    _type = "snapshot"

    def __init__(self, table):
        super().__init__(library.stave_memtable_snapshot_open, table)

    @property
    def timestamp(self):
        """What it reads at."""
        return read_number(self._function("timestamp"), self._handle.pointer)


class MemtableTransaction(_Reads):
    """Reads at the moment of its begin, and its own writes; made by Memtable.begin. One thread at a
    time. As a context manager it is rolled back at the end unless it was committed."""

    _type = "transaction"

    def __init__(self, table):
        super().__init__(library.stave_memtable_begin, table)

    @property
    def id(self):
        """A number that no other transaction of the table has."""
        return read_number(self._function("id"), self._handle.pointer)

    @property
    def snapshot(self):
        """The timestamp it reads at."""
        return read_number(self._function("snapshot"), self._handle.pointer)

    def put(self, key, value):
        """Writes the key. Raises ConflictError when another transaction was first."""
        value = to_bytes(value)
        call(self._function("put"), *self._of(key), value, len(value))

    def remove(self, key):
        """Removes the key, also an absent one. Raises ConflictError as put."""
        call(self._function("remove"), *self._of(key))

    def multi_write(self, items):
        """Writes (key, value) pairs one after the other; the value DELETED removes the key. Stops at
        the first that fails: `written` of the error says how many were made, and they stay."""
        return write_many(self._function("multi_write"), self._handle.pointer, items)

    def commit(self):
        """Makes all writes visible at once; the commit timestamp, 0 when nothing was written."""
        return read_number(self._function("commit"), self._handle.pointer)

    def rollback(self):
        """Takes all writes back."""
        call(self._function("rollback"), self._handle.pointer)

"""Atomic: several keys of one shard, changed in one step."""

import ctypes
import threading
from ctypes import POINTER, byref, c_char_p, c_int32, c_size_t, c_void_p

from . import errors
from ._library import EXISTS, NOT_FOUND, OK, Buffer, call, declare, library, to_bytes
from .values import Value

AtomicCallback = ctypes.CFUNCTYPE(c_int32, c_void_p, c_void_p)

_KEY = [c_void_p, c_char_p, c_size_t]
_VALUE = [c_char_p, c_size_t]
declare(
    {
        "stave_atomic_get": _KEY + [POINTER(Buffer)],
        "stave_atomic_contains": _KEY,
        "stave_atomic_put": _KEY + _VALUE,
        "stave_atomic_insert": _KEY + _VALUE,
        "stave_atomic_replace": _KEY + _VALUE,
        "stave_atomic_remove": _KEY,
    },
    {},
)


class Atomic:
    """The keys of one shard, inside of Store.atomic.

    It sees what it has written itself. Every call raises ShardMismatchError for a key of another
    shard; what a call raises does not end the callback unless that lets it pass. It is there while
    the callback runs, and for its thread: later calls raise ClosedError, those of other threads
    BusyError."""

    def __init__(self, pointer):
        self._pointer = pointer
        self._thread = threading.get_ident()

    def _end(self):
        self._pointer = None

    def _call(self, function, key, *arguments, expected=()):
        if self._pointer is None:
            raise errors.ClosedError("the callback of Store.atomic has ended")
        if self._thread != threading.get_ident():
            raise errors.BusyError("an Atomic belongs to the thread that runs its callback")
        key = to_bytes(key)
        return call(function, self._pointer, key, len(key), *arguments, expected=expected)

    def get(self, key):
        """The value, or None if there is no such key."""
        value = Value()
        status = self._call(
            library.stave_atomic_get, key, byref(value), expected=(NOT_FOUND,)
        )
        return value.content() if status == OK else None

    def __contains__(self, key):
        return OK == self._call(library.stave_atomic_contains, key, expected=(NOT_FOUND,))

    def put(self, key, value):
        """Stores the value, whether or not the key exists."""
        value = to_bytes(value)
        self._call(library.stave_atomic_put, key, value, len(value))

    def insert(self, key, value):
        """Stores the value if the key is absent; says whether it was."""
        value = to_bytes(value)
        return OK == self._call(
            library.stave_atomic_insert, key, value, len(value), expected=(EXISTS,)
        )

    def replace(self, key, value):
        """Stores the value if the key exists; says whether it did."""
        value = to_bytes(value)
        return OK == self._call(
            library.stave_atomic_replace, key, value, len(value), expected=(NOT_FOUND,)
        )

    def remove(self, key):
        """Removes the key; says whether it existed."""
        return OK == self._call(library.stave_atomic_remove, key, expected=(NOT_FOUND,))


def atomic_callback(guarded, function):
    """The stave_atomic_callback that runs function(Atomic)."""

    def run(pointer):
        atomic = Atomic(pointer)
        try:
            function(atomic)
        finally:
            atomic._end()
        return OK

    return AtomicCallback(lambda _, pointer: guarded.run(run, pointer))

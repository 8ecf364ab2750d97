"""Batch: changes and conditions that are applied together."""

from ctypes import byref, c_uint64, c_void_p

from ._library import Closeable, Handle, call, library, to_bytes

_REQUIRE_ABSENT, _REQUIRE_EXISTS, _REQUIRE_EQUAL = 1, 2, 3


class Batch(Closeable):
    """Changes and conditions that Store.write applies all at once or not at all."""

    _close = library.stave_batch_close

    def __init__(self):
        pointer = c_void_p()
        call(library.stave_batch_create, byref(pointer))
        self._handle = Handle(pointer, library.stave_batch_free)

    def put(self, key, value):
        """Stores the value. The last change of a key counts."""
        key, value = to_bytes(key), to_bytes(value)
        call(
            library.stave_batch_put, self._handle.pointer, key, len(key), value, len(value)
        )

    def remove(self, key):
        """Removes the key, if it exists."""
        key = to_bytes(key)
        call(library.stave_batch_remove, self._handle.pointer, key, len(key))

    def require_absent(self, key):
        """Condition: the key does not exist before the batch."""
        self._require(key, _REQUIRE_ABSENT, b"")

    def require_exists(self, key):
        """Condition: the key exists before the batch."""
        self._require(key, _REQUIRE_EXISTS, b"")

    def require_equal(self, key, value):
        """Condition: the key exists before the batch, with exactly this value."""
        self._require(key, _REQUIRE_EQUAL, value)

    def _require(self, key, condition, value):
        key, value = to_bytes(key), to_bytes(value)
        call(
            library.stave_batch_require, self._handle.pointer, key, len(key), condition, value,
            len(value),
        )

    def __len__(self):
        count = c_uint64()
        call(library.stave_batch_count, self._handle.pointer, byref(count))
        return count.value

    def clear(self):
        """Forgets all changes and conditions."""
        call(library.stave_batch_clear, self._handle.pointer)

"""What a Store does to a key that depends on its value, and to many keys."""

from ctypes import POINTER, byref, c_char_p, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p

from . import errors
from ._library import NOT_FOUND, OK, Buffer, Guarded, WriteOptions, call, declare, library, to_bytes
from .options import for_write
from .store_atomic import AtomicCallback, atomic_callback
from .times import from_milliseconds, to_milliseconds
from .values import Edit, Value, edit_callback

_H = c_void_p
_KEY = [_H, c_char_p, c_size_t]
_BYTES = [c_char_p, c_size_t]
_WRITE = [POINTER(WriteOptions)]
_EDIT = [Edit, c_void_p, POINTER(Buffer)]
_NUMBER_OUT = [POINTER(c_uint64)]
declare(
    {
        "stave_store_compare_and_swap": _KEY + _BYTES * 2 + _WRITE,
        "stave_store_update": _KEY + _EDIT + _WRITE,
        "stave_store_fetch_update": _KEY + _EDIT + _WRITE,
        "stave_store_exchange": _KEY + _BYTES + [POINTER(Buffer), POINTER(c_uint8)] + _WRITE,
        "stave_store_shard_for": _KEY + [POINTER(c_uint32)],
        "stave_store_atomic": _KEY + [AtomicCallback, c_void_p] + _NUMBER_OUT + _WRITE,
        "stave_store_expire": _KEY + [c_uint64] + _WRITE,
        "stave_store_expires_at": _KEY + _NUMBER_OUT,
        "stave_store_clear": [_H] + _NUMBER_OUT + _WRITE,
        "stave_store_remove_expired": [_H] + _NUMBER_OUT,
    },
    {},
)


class StoreUpdating:
    """A part of Store."""

    # One key. Each is one step: no other write comes between reading the value and replacing it.

    def compare_and_swap(self, key, expected, desired, durability=None, expires_at=None):
        """Stores `desired` if the value is `expected`. Raises MismatchError if it is another one;
        False if the key is absent."""
        key, expected, desired = to_bytes(key), to_bytes(expected), to_bytes(desired)
        return OK == self._write(
            library.stave_store_compare_and_swap, key, len(key), expected, len(expected), desired,
            len(desired), for_write(durability, expires_at), expected=(NOT_FOUND,),
        )

    def update(self, key, edit, durability=None, expires_at=None):
        """Stores edit(value) and returns it; None, without calling it, when the key is absent.

        Other writes to the key's shard wait meanwhile, so it should be short. It may read from the
        store, where writes raise BusyError; what it raises changes nothing and comes out of this
        call. The expiry stays unless expires_at says otherwise."""
        return self._update(library.stave_store_update, key, edit, durability, expires_at)

    def fetch_update(self, key, edit, durability=None, expires_at=None):
        """Like update, but returns the value that there was."""
        return self._update(library.stave_store_fetch_update, key, edit, durability, expires_at)

    def _update(self, function, key, edit, durability, expires_at):
        guarded, key, value = Guarded(), to_bytes(key), Value()
        status = self._write(
            function, key, len(key), edit_callback(guarded, edit), None, byref(value),
            for_write(durability, expires_at), expected=(NOT_FOUND,), through=guarded.call,
        )
        return value.content() if status == OK else None

    def exchange(self, key, value, durability=None, expires_at=None):
        """Stores the value; the one that the key had before, or None."""
        key, value, previous, existed = to_bytes(key), to_bytes(value), Value(), c_uint8()
        self._write(
            library.stave_store_exchange, key, len(key), value, len(value), byref(previous),
            byref(existed), for_write(durability, expires_at),
        )
        return previous.content() if existed.value else None

    # Several keys of one shard.

    def shard_for(self, key):
        """The number of the key's shard. Writes to keys of one shard exclude each other."""
        key, shard = to_bytes(key), c_uint32()
        call(
            library.stave_store_shard_for, self._handle.pointer, key, len(key), byref(shard)
        )
        return shard.value

    def atomic(self, shard_key, callback, durability=None, expires_at=None):
        """Calls callback(Atomic) once, while nobody else writes to the shard that `shard_key` (which
        need not exist) lies in; the version of the commit, or 0 when nothing was written.

        All that it writes becomes visible together, survives a crash together and costs one sync;
        `durability` and `expires_at` are those of all its writes. What it raises undoes them, and
        comes out of this call. It should be short. It may read from the store, which does not show
        its own writes; writes to the store raise BusyError. Keys of one shard: with the option
        shard_prefix_bits those with a common prefix, else those with equal shard_for."""
        guarded, shard_key, version = Guarded(), to_bytes(shard_key), c_uint64()
        self._write(
            library.stave_store_atomic, shard_key, len(shard_key),
            atomic_callback(guarded, callback), None, byref(version),
            for_write(durability, expires_at), through=guarded.call,
        )
        return version.value

    # Expiry.

    def expire(self, key, expires_at, durability=None):
        """Makes the key expire at that time, or NEVER; False if it is absent. The value stays. A time
        that has passed removes the key."""
        key = to_bytes(key)
        return OK == self._write(
            library.stave_store_expire, key, len(key), to_milliseconds(expires_at),
            for_write(durability), expected=(NOT_FOUND,),
        )

    def expires_at(self, key):
        """The time at which the key expires, in UTC, or NEVER; None if there is no such key."""
        key, expires_at = to_bytes(key), c_uint64()
        status = call(
            library.stave_store_expires_at, self._handle.pointer, key, len(key), byref(expires_at),
            expected=(NOT_FOUND,),
        )
        return from_milliseconds(expires_at.value) if status == OK else None

    # Many keys.

    def clear(self, durability=None):
        """Removes every key that is there from the call's begin to its end; how many. These are many
        commits: an exception has `removed`, the number until then. O(number of keys)."""
        return self._remove_many(library.stave_store_clear, for_write(durability))

    def remove_expired(self):
        """Removes every key that has expired, which the store does by itself with the option
        background; how many, as clear. O(number of keys)."""
        return self._remove_many(library.stave_store_remove_expired)

    def _remove_many(self, function, *options):
        removed = c_uint64()
        try:
            self._write(function, byref(removed), *options)
        except errors.StaveError as error:
            error.removed = removed.value
            raise
        return removed.value

"""Store: the durable key-value store."""

import ctypes
import os
from ctypes import byref, c_size_t, c_uint32, c_uint64, c_void_p

from . import errors
from ._library import (
    CANCELLED, EXISTS, NOT_FOUND, OK, Buffer, Closeable, Handle, Options, Progress, Stats, call,
    cut, flat, library, to_bytes,
)
from .cursor import Cursor
from .options import for_write, from_keywords, to_dictionary
from .pin import Pin
from .store_hooks import Hooks
from .store_updating import StoreUpdating
from .store_watching import StoreWatching


class Store(StoreUpdating, StoreWatching, Closeable):
    """A durable key-value store in a directory.

    Options are those of stave_store_options by name: Store(path, durability="os",
    segment_size="64MiB", read_only=True). Opens the store, creating it when the options allow.
    Raises NotFoundError, ExistsError, LockedError, CorruptionError, ...

    A key whose time of expiry has passed is absent in every call, though it counts in len() until the
    store has removed it. A hook that fails makes a write raise HookFailedError; its change stands."""

    _close = library.stave_store_close

    def __init__(self, path, **options):
        pointer = c_void_p()
        chosen = from_keywords(options)
        call(
            library.stave_store_open, os.fsencode(path), byref(chosen) if chosen else None,
            byref(pointer),
        )
        self._hooks = Hooks()
        self._handle = Handle(pointer, library.stave_store_free, self._hooks)

    def options(self):
        """The options in force, as a dictionary."""
        options = Options()
        library.stave_store_options_init(byref(options))
        call(library.stave_store_options_get, self._handle.pointer, byref(options))
        return to_dictionary(options)

    def close(self):
        super().close()
        self._hooks.clear()

    # Writing. `durability` overrides the store's for this write: "memory", "os" or "device". What is
    # put expires at `expires_at`, a datetime with a time zone, or NEVER; None: as default_ttl says.

    def _write(self, function, *arguments, expected=(), through=call):
        try:
            return through(function, self._handle.pointer, *arguments, expected=expected)
        except errors.StaveError as error:
            self._hooks.explain(error)
            raise

    def put(self, key, value, durability=None, expires_at=None):
        """Stores the value, whether or not the key exists."""
        key, value = to_bytes(key), to_bytes(value)
        self._write(
            library.stave_store_put, key, len(key), value, len(value),
            for_write(durability, expires_at),
        )

    def insert(self, key, value, durability=None, expires_at=None):
        """Stores the value if the key is absent; says whether it was."""
        key, value = to_bytes(key), to_bytes(value)
        return OK == self._write(
            library.stave_store_insert, key, len(key), value, len(value),
            for_write(durability, expires_at), expected=(EXISTS,),
        )

    def replace(self, key, value, durability=None, expires_at=None):
        """Stores the value if the key exists; says whether it did."""
        key, value = to_bytes(key), to_bytes(value)
        return OK == self._write(
            library.stave_store_replace, key, len(key), value, len(value),
            for_write(durability, expires_at), expected=(NOT_FOUND,),
        )

    def remove(self, key, durability=None):
        """Removes the key; says whether it existed."""
        key = to_bytes(key)
        return OK == self._write(
            library.stave_store_remove, key, len(key), for_write(durability),
            expected=(NOT_FOUND,),
        )

    def multi_put(self, items, durability=None, expires_at=None):
        """Stores all (key, value) pairs or, on failure, none. Of equal keys the later one counts."""
        items = list(items)
        keys, key_sizes, count = flat([key for key, _ in items], c_uint32)
        values, value_sizes, _ = flat([value for _, value in items], c_uint64)
        self._write(
            library.stave_store_multi_put, keys, key_sizes, values, value_sizes, count,
            for_write(durability, expires_at),
        )

    def multi_remove(self, keys, durability=None):
        """Removes all keys, or none on failure; the number of those that existed."""
        joined, sizes, count = flat(keys, c_uint32)
        removed = c_uint64()
        self._write(
            library.stave_store_multi_remove, joined, sizes, count, byref(removed),
            for_write(durability),
        )
        return removed.value

    def write(self, batch, durability=None, expires_at=None):
        """Applies a Batch atomically; the commit's version, which is larger than those before it, or 0
        when there was nothing to write. Raises MismatchError, whose `position` is that of the first
        condition that does not hold, when nothing was written for that reason."""
        failed, version = c_uint64(), c_uint64()
        try:
            self._write(
                library.stave_store_write, batch._handle.pointer, byref(failed), byref(version),
                for_write(durability, expires_at),
            )
        except errors.MismatchError as error:
            error.position = failed.value
            raise
        return version.value

    # Reading.

    def get(self, key):
        """The value, or None if there is no such key."""
        key = to_bytes(key)
        buffer = Buffer()
        library.stave_buffer_init(byref(buffer))
        try:
            status = call(
                library.stave_store_get_buffer, self._handle.pointer, key, len(key),
                byref(buffer), expected=(NOT_FOUND,),
            )
            return buffer.content() if status == OK else None
        finally:
            library.stave_buffer_free(byref(buffer))

    def get_into(self, key, target):
        """Copies the value into a writable buffer (bytearray, memoryview, ...); its size, or None if
        there is no such key. Raises BufferTooSmallError, whose `needed` is the value's size, and
        leaves the buffer as it was, when the value does not fit."""
        key = to_bytes(key)
        size = c_size_t()
        view = memoryview(target).cast("B")
        memory = (ctypes.c_char * len(view)).from_buffer(view)
        try:
            status = call(
                library.stave_store_get, self._handle.pointer, key, len(key),
                ctypes.addressof(memory), len(view), byref(size), expected=(NOT_FOUND,),
            )
        except errors.BufferTooSmallError as error:
            error.needed = size.value
            raise
        return size.value if status == OK else None

    def get_pin(self, key):
        """The value as a Pin, without a copy where that is possible; None if there is no such key."""
        key = to_bytes(key)
        pointer = c_void_p()
        status = call(
            library.stave_store_get_pin, self._handle.pointer, key, len(key), byref(pointer),
            expected=(NOT_FOUND,),
        )
        return Pin(pointer) if status == OK else None

    def multi_get(self, keys):
        """The values of many keys in one call, None for the absent ones. Each key is read
        atomically, the whole is not one snapshot."""
        joined, sizes, count = flat(keys, c_uint32)
        buffer = Buffer()
        value_sizes = (c_uint64 * count)()
        library.stave_buffer_init(byref(buffer))
        try:
            call(
                library.stave_store_multi_get, self._handle.pointer, joined, sizes, count,
                byref(buffer), value_sizes,
            )
            content = buffer.content()
        finally:
            library.stave_buffer_free(byref(buffer))
        return cut(content, value_sizes)

    def value_size(self, key):
        """The size of the value, which is not read; None if there is no such key."""
        key, size = to_bytes(key), c_size_t()
        status = call(
            library.stave_store_value_size, self._handle.pointer, key, len(key), byref(size),
            expected=(NOT_FOUND,),
        )
        return size.value if status == OK else None

    def __contains__(self, key):
        key = to_bytes(key)
        return OK == call(
            library.stave_store_contains, self._handle.pointer, key, len(key),
            expected=(NOT_FOUND,),
        )

    def __len__(self):
        size = c_uint64()
        call(library.stave_store_size, self._handle.pointer, byref(size))
        return size.value

    def cursor(self, prefix=b"", keys_only=False, token=b""):
        """A Cursor over all records whose key begins with the prefix, in no particular order; with a
        token, from the position that Cursor.token was called at."""
        return Cursor(self, to_bytes(prefix), keys_only, to_bytes(token))

    # Keeping and checking.

    def flush(self):
        """Everything acknowledged so far survives kill -9."""
        call(library.stave_store_flush, self._handle.pointer)

    def sync(self):
        """Everything acknowledged so far survives power loss."""
        call(library.stave_store_sync, self._handle.pointer)

    def checkpoint(self):
        """Saves the key directory of a store with keydir=disk, for an open after a crash."""
        call(library.stave_store_checkpoint, self._handle.pointer)

    def stats(self):
        """The members of stave_store_stats as a dictionary."""
        stats = Stats()
        library.stave_store_stats_init(byref(stats))
        call(library.stave_store_stats_get, self._handle.pointer, byref(stats))
        return {
            name: getattr(stats, name)
            for name, _ in Stats._fields_
            if name not in ("struct_size", "reserved")
        }

    def verify(self, progress=None):
        """Checks every byte of the log and the index. `progress(done, total)` is called from time to
        time; an exception that it raises stops the verification and comes out of this call."""
        raised = []

        def on_progress(_, done, total):
            try:
                progress(done, total)
                return OK
            except BaseException as error:  # even KeyboardInterrupt must not cross C frames
                raised.append(error)
                return CANCELLED

        callback = Progress(on_progress) if progress else Progress()
        try:
            call(library.stave_store_verify, self._handle.pointer, callback, None)
        except errors.StaveError:
            if raised:
                raise raised[0] from None
            raise

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


class Store(Closeable):
    """A durable key-value store in a directory.

    Options are those of stave_store_options by name: Store(path, durability="os",
    segment_size="64MiB", read_only=True). Opens the store, creating it when the options allow.
    Raises NotFoundError, ExistsError, LockedError, CorruptionError, ..."""

    _close = library.stave_store_close

    def __init__(self, path, **options):
        pointer = c_void_p()
        chosen = from_keywords(options)
        call(
            library.stave_store_open, os.fsencode(path), byref(chosen) if chosen else None,
            byref(pointer),
        )
        self._handle = Handle(pointer, library.stave_store_free)

    def options(self):
        """The options in force, as a dictionary."""
        options = Options()
        library.stave_store_options_init(byref(options))
        call(library.stave_store_options_get, self._handle.pointer, byref(options))
        return to_dictionary(options)

    # Writing. `durability` overrides the store's for this write: "memory", "os" or "device".

    def put(self, key, value, durability=None):
        """Stores the value, whether or not the key exists."""
        key, value = to_bytes(key), to_bytes(value)
        call(
            library.stave_store_put, self._handle.pointer, key, len(key), value, len(value),
            for_write(durability),
        )

    def insert(self, key, value, durability=None):
        """Stores the value if the key is absent; says whether it was."""
        key, value = to_bytes(key), to_bytes(value)
        return OK == call(
            library.stave_store_insert, self._handle.pointer, key, len(key), value, len(value),
            for_write(durability), expected=(EXISTS,),
        )

    def replace(self, key, value, durability=None):
        """Stores the value if the key exists; says whether it did."""
        key, value = to_bytes(key), to_bytes(value)
        return OK == call(
            library.stave_store_replace, self._handle.pointer, key, len(key), value, len(value),
            for_write(durability), expected=(NOT_FOUND,),
        )

    def remove(self, key, durability=None):
        """Removes the key; says whether it existed."""
        key = to_bytes(key)
        return OK == call(
            library.stave_store_remove, self._handle.pointer, key, len(key),
            for_write(durability), expected=(NOT_FOUND,),
        )

    def multi_put(self, items, durability=None):
        """Stores all (key, value) pairs or, on failure, none. Of equal keys the later one counts."""
        items = list(items)
        keys, key_sizes, count = flat([key for key, _ in items], c_uint32)
        values, value_sizes, _ = flat([value for _, value in items], c_uint64)
        call(
            library.stave_store_multi_put, self._handle.pointer, keys, key_sizes, values,
            value_sizes, count, for_write(durability),
        )

    def multi_remove(self, keys, durability=None):
        """Removes all keys, or none on failure; the number of those that existed."""
        joined, sizes, count = flat(keys, c_uint32)
        deleted = c_uint64()
        call(
            library.stave_store_multi_remove, self._handle.pointer, joined, sizes, count,
            byref(deleted), for_write(durability),
        )
        return deleted.value

    def write(self, batch, durability=None):
        """Applies a Batch atomically. Raises MismatchError, whose `position` is that of the first
        condition that does not hold, when nothing was written for that reason."""
        failed = c_uint64()
        try:
            call(
                library.stave_store_write, self._handle.pointer, batch._handle.pointer,
                byref(failed), for_write(durability),
            )
        except errors.MismatchError as error:
            error.position = failed.value
            raise

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

    def cursor(self, prefix=b"", keys_only=False):
        """A Cursor over all records whose key begins with the prefix, in no particular order."""
        return Cursor(self, to_bytes(prefix), keys_only)

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

"""Hooks of a Store, which see every change; visiting and changing all records."""

import ctypes
from ctypes import (
    POINTER, byref, c_char_p, c_int32, c_size_t, c_uint32, c_uint64, c_void_p, string_at,
)

from . import errors
from ._library import OK, Buffer, Guarded, WriteOptions, call, declare, library, to_bytes
from .marks import DELETED
from .options import for_write
from .store_hooks import NativeHook, hook_callback
from .values import store_into

_HOOK_OLD_VALUE = 1
_UPDATE, _REMOVE = 1, 2

_Migration = ctypes.CFUNCTYPE(
    c_int32, c_void_p, c_void_p, c_size_t, POINTER(Buffer), POINTER(c_uint32)
)
_Progress = ctypes.CFUNCTYPE(c_int32, c_void_p, c_uint64, c_uint64, c_void_p, c_size_t)

_H = c_void_p
declare(
    {
        "stave_store_on_write": [_H, c_uint32, NativeHook, c_void_p],
        "stave_store_on_open": [_H, NativeHook, c_void_p],
        "stave_store_migrate": [
            _H, _Migration, _Progress, c_void_p, c_char_p, c_size_t, POINTER(c_uint64),
            POINTER(WriteOptions)],
    },
    {},
)


class StoreWatching:
    """A part of Store."""

    def on_write(self, hook, old_value=False):
        """Calls hook(Change) for every change of a key from now on until the store is closed: by
        single writes, batches, atomic, clear and migrate, not by expiry.

        Each call comes after the change is visible and before the write returns, in the writing
        thread. Calls of all threads come one after the other, in the order of the versions, so a slow
        hook slows all writes down; those of one batch come in no particular order. The hook may read
        from the store, where writes raise BusyError. When it raises, the change stands, and the write
        raises HookFailedError with that as its cause; the other hooks are called too, in the
        order in which they were added. With old_value each write reads the value before. Raises
        ReadOnlyError. Waits for running writes."""
        callback = self._hooks.make(hook)
        try:
            call(
                library.stave_store_on_write, self._handle.pointer,
                _HOOK_OLD_VALUE if old_value else 0, callback, None,
            )
        except errors.StaveError:
            self._hooks.drop(callback)
            raise

    def on_open(self, hook):
        """Calls hook(Change) for every record, with its version and without an old value, in no
        particular order: to build what hooks then keep in step. What it raises ends the visit and
        comes out of this call. Call it before others write; or, beside writers, add the hook for
        writes first, and let the larger version count. O(bytes in the store)."""
        guarded = Guarded()
        guarded.call(
            library.stave_store_on_open, self._handle.pointer, hook_callback(guarded.run, hook), None
        )

    def migrate(self, decide, progress=None, token=b"", durability=None):
        """Calls decide(key, value) once for every record that there was when the migration began,
        beside any traffic: None keeps the record, bytes become its value, DELETED removes it. The
        number of records that this call has updated or removed.

        Records are committed some hundred at a time, with their expiry; one that another writer
        changes after decide has seen it is left to that writer. progress(done, total, token) is called
        after each commit and at the end, with records visited, about how many there are, and a token
        for going on: migrate(decide, token=token) continues an interrupted migration, also one that a
        crash interrupted, and calls decide again only for what was not committed. What a callback
        raises ends the migration and comes out of this call; a StaveError of the store has `changed`,
        the number until then. Callbacks may read from the store, where writes raise BusyError.
        O(bytes in the store)."""
        guarded, token, changed = Guarded(), to_bytes(token), c_uint64()
        try:
            self._write(
                library.stave_store_migrate, _migration(guarded, decide),
                _progress(guarded, progress), None, token, len(token), byref(changed),
                for_write(durability), through=guarded.call,
            )
        except errors.StaveError as error:
            error.changed = changed.value
            raise
        return changed.value


def _migration(guarded, decide):
    def run(key, key_size, value, action):
        decided = decide(string_at(key, key_size), value.contents.content())
        if decided is DELETED:
            action[0] = _REMOVE
        elif decided is not None:
            store_into(value, decided)
            action[0] = _UPDATE
        return OK

    return _Migration(lambda _, *record: guarded.run(run, *record))


def _progress(guarded, progress):
    if progress is None:
        return _Progress()

    def run(done, total, token, token_size):
        progress(done, total, string_at(token, token_size))
        return OK

    return _Progress(lambda _, *state: guarded.run(run, *state))

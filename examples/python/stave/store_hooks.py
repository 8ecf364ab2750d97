"""Change: what hooks see of a write. The hooks of a store."""

import ctypes
import threading
from ctypes import POINTER, c_int32, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p, string_at
from datetime import datetime
from typing import NamedTuple, Optional, Union

from . import errors
from ._library import CANCELLED, OK
from .marks import _Mark
from .times import from_milliseconds


class NativeChange(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("namespace_id", c_uint32), ("removed", c_uint8),
        ("has_old_value", c_uint8), ("reserved", c_uint8 * 6), ("key", c_void_p),
        ("key_size", c_size_t), ("value", c_void_p), ("value_size", c_size_t),
        ("old_value", c_void_p), ("old_value_size", c_size_t), ("expires_at", c_uint64),
        ("version", c_uint64),
    ]


NativeHook = ctypes.CFUNCTYPE(c_int32, c_void_p, POINTER(NativeChange))


class Change(NamedTuple):
    """One key's part in a commit, as hooks see it."""

    key: bytes
    value: Optional[bytes]  # None: the key was removed
    old_value: Optional[bytes]  # None: the key was absent, or the hook did not ask for it
    expires_at: Union[datetime, _Mark]  # in UTC, or stave.NEVER
    version: int  # of the commit

    @property
    def removed(self):
        """Whether the key was removed."""
        return self.value is None


def hook_callback(run, hook):
    """The stave_hook that calls hook(Change) through run(function, native change)."""

    def show(native):
        change = native.contents
        hook(
            Change(
                string_at(change.key, change.key_size),
                None if change.removed else string_at(change.value, change.value_size),
                string_at(change.old_value, change.old_value_size)
                if change.has_old_value else None,
                from_milliseconds(change.expires_at),
                change.version,
            )
        )
        return OK

    return NativeHook(lambda _, native: run(show, native))


class Hooks:
    """The hooks of a store, which stay until it is closed. What one raises must not cross the frames
    of C: it waits here for the write of this thread to return."""

    def __init__(self):
        self._callbacks = []
        self._thread = threading.local()

    def make(self, hook):
        """A stave_hook that is kept."""
        thread = self._thread  # and not self, which would refer to itself

        def run(show, native):
            try:
                return show(native)
            except BaseException as error:  # even KeyboardInterrupt must not cross C frames
                thread.raised = error
                return CANCELLED

        callback = hook_callback(run, hook)
        self._callbacks.append(callback)
        return callback

    def drop(self, callback):
        """Forgets a hook that the store has refused."""
        self._callbacks = [kept for kept in self._callbacks if kept is not callback]

    def clear(self):
        """Forgets all hooks; the store has been closed."""
        self._callbacks = []

    def explain(self, error):
        """Makes what a hook has raised the cause of the exception of the write that called it."""
        raised = self._thread.__dict__.pop("raised", None)
        if raised is not None and isinstance(error, errors.HookFailedError):
            error.__cause__ = raised

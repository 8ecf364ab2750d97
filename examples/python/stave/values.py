"""Values that the library writes, and callbacks that change one."""

import ctypes
from ctypes import POINTER, byref, c_int32, c_size_t, c_void_p

from ._library import OK, Buffer, call, declare, library, to_bytes

Edit = ctypes.CFUNCTYPE(c_int32, c_void_p, POINTER(Buffer))

declare({"stave_buffer_resize": [POINTER(Buffer), c_size_t]}, {})


class Value(Buffer):
    """A buffer for values, given back with its object."""

    def __init__(self):
        super().__init__()
        library.stave_buffer_init(byref(self))

    def __del__(self):
        library.stave_buffer_free(byref(self))


def store_into(buffer, value):
    """Makes the value the content of a buffer that a callback was given."""
    value = to_bytes(value)
    call(library.stave_buffer_resize, buffer, len(value))
    ctypes.memmove(buffer.contents.data, value, len(value))


def edit_callback(guarded, edit):
    """The stave_edit that stores edit(present value)."""

    def run(buffer):
        store_into(buffer, edit(buffer.contents.content()))
        return OK

    return Edit(lambda _, buffer: guarded.run(run, buffer))

"""Pin: a value without a copy."""

from ctypes import c_uint8

from . import errors
from ._library import Handle, library


class Pin:
    """A value that stays valid and unchanged whatever happens to its key and its store.

    memoryview(pin.data) and its slices keep the memory alive, also after the pin is closed."""

    def __init__(self, pointer):
        handle = Handle(pointer, library.stave_pin_free)
        size = library.stave_pin_size(pointer)
        memory = (c_uint8 * size).from_address(library.stave_pin_data(pointer))
        memory.owner = handle
        self._memory = memory

    @property
    def data(self):
        """The bytes, as a read-only memoryview."""
        if self._memory is None:
            raise errors.ClosedError("the pin has been closed")
        view = memoryview(self._memory)
        return (view.cast("B") if len(view) else memoryview(b"")).toreadonly()

    def __len__(self):
        return len(self.data)

    def close(self):
        """Lets go of the value; the memory is given back when no view of it is left."""
        self._memory = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

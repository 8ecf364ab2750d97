"""Cursor: visits records."""

from ctypes import byref, c_size_t, c_uint64, c_void_p, string_at

from ._library import DONE, OK, Buffer, Closeable, CursorOptions, Handle, call, cut, library
from .values import Value


class Cursor(Closeable):
    """Visits records; made by Store.cursor. Iterate over it for (key, value) pairs, or step with
    next() and look at `key` and `value`. With keys_only, values are empty."""

    _close = library.stave_store_cursor_close
    _CHUNK_COUNT, _CHUNK_BYTES = 256, 1 << 20

    def __init__(self, store, prefix, keys_only, token):
        options = CursorOptions()
        library.stave_store_cursor_options_init(byref(options))
        options.keys_only = 1 if keys_only else 0
        options.prefix = prefix
        options.prefix_size = len(prefix)
        options.token = token
        options.token_size = len(token)
        pointer = c_void_p()
        call(
            library.stave_store_cursor_open, store._handle.pointer, byref(options), byref(pointer)
        )
        self._handle = Handle(pointer, library.stave_store_cursor_free)

    def next(self):
        """Moves to the next record; False when there is none."""
        return OK == call(
            library.stave_store_cursor_next, self._handle.pointer, expected=(DONE,)
        )

    @property
    def key(self):
        """The key of the record the cursor stands on."""
        return self._part(library.stave_store_cursor_key)

    @property
    def value(self):
        """The value of the record the cursor stands on."""
        return self._part(library.stave_store_cursor_value)

    def _part(self, function):
        data, size = c_void_p(), c_size_t()
        call(function, self._handle.pointer, byref(data), byref(size))
        return string_at(data, size.value) if size.value else b""

    def next_many(self, count_max, bytes_max):
        """Up to count_max (key, value) pairs in one call, fewer once they hold bytes_max bytes; an
        empty list when there are none left. The cursor stands on no record afterwards."""
        buffer, count = Buffer(), c_size_t()
        sizes = (c_uint64 * (2 * count_max))()
        library.stave_buffer_init(byref(buffer))
        try:
            call(
                library.stave_store_cursor_next_many, self._handle.pointer, count_max, bytes_max,
                byref(buffer), sizes, byref(count), expected=(DONE,),
            )
            pieces = cut(buffer.content(), sizes[: 2 * count.value])
        finally:
            library.stave_buffer_free(byref(buffer))
        return list(zip(pieces[::2], pieces[1::2]))

    def token(self):
        """The cursor's position, as bytes that may be kept: Store.cursor(token=...) goes on after the
        record that this cursor stands on, or that next_many returned last, also when the store was
        closed meanwhile. Iterating reads records in advance, so use next() or next_many() with it. A
        token is good for its store alone and has at most some KiB."""
        buffer = Value()
        call(library.stave_store_cursor_token, self._handle.pointer, byref(buffer))
        return buffer.content()

    def __iter__(self):
        while True:
            records = self.next_many(self._CHUNK_COUNT, self._CHUNK_BYTES)
            if not records:
                return
            yield from records

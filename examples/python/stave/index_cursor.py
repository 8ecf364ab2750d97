"""IndexCursor: visits the entries of an index."""

from ctypes import byref, c_size_t, c_uint32, c_uint64, c_void_p, string_at

from ._library import DONE, OK, Buffer, Closeable, Handle, call, cut, library


class IndexCursor(Closeable):
    """Visits entries; made by Index.cursor. Iterate over it for (key, value) pairs, or step with
    next() and look at `key` and `value`. The index must own its keys for them."""

    _close = library.stave_index_cursor_close
    _CHUNK_COUNT, _CHUNK_BYTES = 256, 1 << 20

    def __init__(self, index):
        pointer = c_void_p()
        call(library.stave_index_cursor_open, index._handle.pointer, byref(pointer))
        self._handle = Handle(pointer, library.stave_index_cursor_free)

    def next(self):
        """Moves to the next entry; False when there is none."""
        return OK == call(
            library.stave_index_cursor_next, self._handle.pointer, expected=(DONE,)
        )

    @property
    def value(self):
        """The value of the entry the cursor stands on."""
        value = c_uint64()
        call(library.stave_index_cursor_value, self._handle.pointer, byref(value))
        return value.value

    @property
    def key(self):
        """The key of the entry the cursor stands on."""
        data, size = c_void_p(), c_size_t()
        call(library.stave_index_cursor_key, self._handle.pointer, byref(data), byref(size))
        return string_at(data, size.value) if size.value else b""

    def next_many(self, count_max, bytes_max):
        """Up to count_max (key, value) pairs in one call, fewer once the keys hold bytes_max bytes;
        an empty list when there are none left. The cursor stands on no entry afterwards."""
        buffer, count = Buffer(), c_size_t()
        values, sizes = (c_uint64 * count_max)(), (c_uint32 * count_max)()
        library.stave_buffer_init(byref(buffer))
        try:
            call(
                library.stave_index_cursor_next_many, self._handle.pointer, count_max, values,
                bytes_max, byref(buffer), sizes, byref(count), expected=(DONE,),
            )
            keys = cut(buffer.content(), sizes[: count.value])
        finally:
            library.stave_buffer_free(byref(buffer))
        return list(zip(keys, values))

    def next_values(self, count_max):
        """As next_many(), without the keys."""
        values, count = (c_uint64 * count_max)(), c_size_t()
        call(
            library.stave_index_cursor_next_many, self._handle.pointer, count_max, values, 0, None,
            None, byref(count), expected=(DONE,),
        )
        return values[: count.value]

    def __iter__(self):
        while True:
            entries = self.next_many(self._CHUNK_COUNT, self._CHUNK_BYTES)
            if not entries:
                return
            yield from entries

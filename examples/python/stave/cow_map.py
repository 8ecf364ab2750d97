"""Map: integers to bytes, in memory, copied in O(1)."""

import ctypes
from ctypes import (
    POINTER, byref, c_char_p, c_int64, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p,
)

from . import errors
from ._library import (
    DONE, EXISTS, NOT_FOUND, OK, Buffer, Closeable, Guarded, Handle, call, cut, declare, library,
    to_bytes,
)
from .pin import Pin
from .values import Edit, Value, edit_callback

_VALUES = {1: "variable", 2: "fixed"}
_CHANGES = {1: "added", 2: "changed", 3: "removed"}


class _Options(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("values", c_uint32), ("value_size", c_uint32),
        ("reserved", c_uint8 * 4), ("capacity", c_uint64),
    ]

    def to_dictionary(self):
        return {
            "values": _VALUES[self.values], "value_size": self.value_size,
            "capacity": self.capacity,
        }


class _Stats(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("reserved", c_uint32), ("entries", c_uint64),
        ("shared_bytes", c_uint64), ("own_bytes", c_uint64),
    ]


_H = c_void_p
_KEY = [_H, c_int64]
_VALUE = [c_char_p, c_size_t]
_BUFFER = [POINTER(Buffer)]
_EDIT = [Edit, c_void_p]
declare(
    {
        "stave_cow_map_options_set": [POINTER(_Options), c_char_p],
        "stave_cow_map_options_describe": _BUFFER,
        "stave_cow_map_create": [POINTER(_Options), POINTER(_H)],
        "stave_cow_map_clone": [_H, POINTER(_H)],
        "stave_cow_map_options_get": [_H, POINTER(_Options)],
        "stave_cow_map_close": [_H],
        "stave_cow_map_get": _KEY + [c_void_p, c_size_t, POINTER(c_size_t)],
        "stave_cow_map_get_buffer": _KEY + _BUFFER,
        "stave_cow_map_get_pin": _KEY + [POINTER(_H)],
        "stave_cow_map_contains": _KEY,
        "stave_cow_map_size": [_H, POINTER(c_uint64)],
        "stave_cow_map_is_empty": [_H, POINTER(c_uint8)],
        "stave_cow_map_multi_get": [
            _H, POINTER(c_int64), c_size_t, POINTER(Buffer), POINTER(c_uint64)],
        "stave_cow_map_put": _KEY + _VALUE + [POINTER(c_uint8)] + _BUFFER,
        "stave_cow_map_insert": _KEY + _VALUE,
        "stave_cow_map_replace": _KEY + _VALUE + _BUFFER,
        "stave_cow_map_multi_put": [
            _H, POINTER(c_int64), c_char_p, POINTER(c_uint64), c_size_t, POINTER(c_uint8),
            POINTER(c_size_t)],
        "stave_cow_map_remove": _KEY + _BUFFER,
        "stave_cow_map_modify": _KEY + _EDIT,
        "stave_cow_map_get_or_insert": _KEY + _VALUE + _BUFFER,
        "stave_cow_map_get_or_insert_with": _KEY + _EDIT + _BUFFER,
        "stave_cow_map_update_or_insert": _KEY + _EDIT + _VALUE + _BUFFER,
        "stave_cow_map_clear": [_H],
        "stave_cow_map_shrink_to_fit": [_H],
        "stave_cow_map_stats_get": [_H, POINTER(_Stats)],
        "stave_cow_map_cursor_open": [_H, POINTER(_H)],
        "stave_cow_map_cursor_next": [_H],
        "stave_cow_map_cursor_key": [_H, POINTER(c_int64)],
        "stave_cow_map_cursor_value": [_H, POINTER(c_void_p), POINTER(c_size_t)],
        "stave_cow_map_cursor_next_many": [
            _H, c_size_t, c_size_t, POINTER(c_int64), POINTER(Buffer), POINTER(c_uint64),
            POINTER(c_size_t)],
        "stave_cow_map_cursor_close": [_H],
        "stave_cow_map_diff_open": [_H, _H, POINTER(_H)],
        "stave_cow_map_diff_next": [_H, POINTER(c_uint32), POINTER(c_int64)],
        "stave_cow_map_diff_before": [_H, POINTER(c_void_p), POINTER(c_size_t)],
        "stave_cow_map_diff_after": [_H, POINTER(c_void_p), POINTER(c_size_t)],
        "stave_cow_map_diff_close": [_H],
    },
    {
        "stave_cow_map_options_init": (None, [POINTER(_Options)]),
        "stave_cow_map_stats_init": (None, [POINTER(_Stats)]),
        "stave_cow_map_free": (None, [_H]),
        "stave_cow_map_cursor_free": (None, [_H]),
        "stave_cow_map_diff_free": (None, [_H]),
    },
)


def parse_map_options(text):
    """All options as a dictionary, after setting those in the text: "name=value ..."."""
    return _parse(text).to_dictionary()


def describe_map_options():
    """All options with type, default and meaning, one a line."""
    text = Value()
    call(library.stave_cow_map_options_describe, byref(text))
    return text.content().decode()


def _parse(text):
    options = _Options()
    library.stave_cow_map_options_init(byref(options))
    call(library.stave_cow_map_options_set, byref(options), text.encode())
    return options


def _checked(key):
    """ctypes would cut a number that is too large."""
    if not -(2**63) <= key < 2**63:
        raise errors.InvalidArgumentError(f"{key} is not an integer of 64 bits")
    return key


def _bytes_at(function, pointer, expected=()):
    data, size = c_void_p(), c_size_t()
    status = call(function, pointer, byref(data), byref(size), expected=expected)
    return ctypes.string_at(data, size.value) if status == OK else None


class Map(Closeable):
    """A map from integers of 64 bits to bytes that is copied in O(1).

    Options are those of stave_cow_map_options by name: Map(values="fixed", value_size=8).
    A callback gets the present value and returns the new one; what it raises changes nothing and
    comes out of the call. Callbacks may read the map, not write to it."""

    _close = library.stave_cow_map_close

    def __init__(self, **options):
        pointer = c_void_p()
        chosen = _parse(" ".join(f"{name}={value}" for name, value in options.items()))
        call(library.stave_cow_map_create, byref(chosen), byref(pointer))
        self._handle = Handle(pointer, library.stave_cow_map_free)

    def clone(self):
        """A copy: neither sees what is written to the other."""
        pointer = c_void_p()
        call(library.stave_cow_map_clone, self._handle.pointer, byref(pointer))
        copy = Map.__new__(Map)
        copy._handle = Handle(pointer, library.stave_cow_map_free)
        return copy

    def options(self):
        """The options that the map was made with, as a dictionary."""
        options = _Options()
        library.stave_cow_map_options_init(byref(options))
        call(library.stave_cow_map_options_get, self._handle.pointer, byref(options))
        return options.to_dictionary()

    # Reading.

    def get(self, key):
        """The value, or None if there is no such key."""
        value = Value()
        status = call(
            library.stave_cow_map_get_buffer, self._handle.pointer, _checked(key), byref(value),
            expected=(NOT_FOUND,),
        )
        return value.content() if status == OK else None

    def get_into(self, key, target):
        """As Store.get_into."""
        size = c_size_t()
        view = memoryview(target).cast("B")
        memory = (ctypes.c_char * len(view)).from_buffer(view)
        try:
            status = call(
                library.stave_cow_map_get, self._handle.pointer, _checked(key),
                ctypes.addressof(memory), len(view), byref(size), expected=(NOT_FOUND,),
            )
        except errors.BufferTooSmallError as error:
            error.needed = size.value
            raise
        return size.value if status == OK else None

    def get_pin(self, key):
        """The value as a Pin; None if there is no such key."""
        pointer = c_void_p()
        status = call(
            library.stave_cow_map_get_pin, self._handle.pointer, _checked(key), byref(pointer),
            expected=(NOT_FOUND,),
        )
        return Pin(pointer) if status == OK else None

    def multi_get(self, keys):
        """The values of many keys in one call, None for those that are absent."""
        keys = list(map(_checked, keys))
        values, sizes = Value(), (c_uint64 * len(keys))()
        call(
            library.stave_cow_map_multi_get, self._handle.pointer, (c_int64 * len(keys))(*keys),
            len(keys), byref(values), sizes,
        )
        return cut(values.content(), sizes)

    def __contains__(self, key):
        return OK == call(
            library.stave_cow_map_contains, self._handle.pointer, _checked(key),
            expected=(NOT_FOUND,),
        )

    def __len__(self):
        size = c_uint64()
        call(library.stave_cow_map_size, self._handle.pointer, byref(size))
        return size.value

    def is_empty(self):
        """Whether there is no entry."""
        answer = c_uint8()
        call(library.stave_cow_map_is_empty, self._handle.pointer, byref(answer))
        return bool(answer.value)

    # Writing.

    def put(self, key, value):
        """Stores the value; the one that the key had before, or None."""
        value, previous, replaced = to_bytes(value), Value(), c_uint8()
        call(
            library.stave_cow_map_put, self._handle.pointer, _checked(key), value, len(value),
            byref(replaced), byref(previous),
        )
        return previous.content() if replaced.value else None

    def insert(self, key, value):
        """Stores the value if the key is absent; whether it was."""
        value = to_bytes(value)
        return OK == call(
            library.stave_cow_map_insert, self._handle.pointer, _checked(key), value, len(value),
            expected=(EXISTS,),
        )

    def replace(self, key, value):
        """Stores the value if the key exists; the value that it replaced, or None."""
        value, previous = to_bytes(value), Value()
        status = call(
            library.stave_cow_map_replace, self._handle.pointer, _checked(key), value, len(value),
            byref(previous), expected=(NOT_FOUND,),
        )
        return previous.content() if status == OK else None

    def multi_put(self, items):
        """Stores (key, value) pairs, each as a put of its own, in their order; for each whether the key
        existed. The exception of a pair that fails has `replaced`, the answer for the pairs before it,
        which have been stored."""
        items = [(_checked(key), to_bytes(value)) for key, value in items]
        count = len(items)
        replaced, done = (c_uint8 * count)(), c_size_t()
        try:
            call(
                library.stave_cow_map_multi_put, self._handle.pointer,
                (c_int64 * count)(*(key for key, _ in items)), b"".join(value for _, value in items),
                (c_uint64 * count)(*(len(value) for _, value in items)), count, replaced, byref(done),
            )
        except Exception as error:
            error.replaced = [bool(one) for one in replaced[:done.value]]
            raise
        return [bool(one) for one in replaced]

    def remove(self, key):
        """Removes the key; the value that it had, or None."""
        removed = Value()
        status = call(
            library.stave_cow_map_remove, self._handle.pointer, _checked(key), byref(removed),
            expected=(NOT_FOUND,),
        )
        return removed.content() if status == OK else None

    def modify(self, key, edit):
        """Stores edit(value); False, and no call of it, when the key is absent."""
        guarded = Guarded()
        return OK == guarded.call(
            library.stave_cow_map_modify, self._handle.pointer, _checked(key),
            edit_callback(guarded, edit), None, expected=(NOT_FOUND,),
        )

    def get_or_insert(self, key, value):
        """Stores the value if the key is absent: (the value that it has now, whether it existed)."""
        value, now = to_bytes(value), Value()
        status = call(
            library.stave_cow_map_get_or_insert, self._handle.pointer, _checked(key), value,
            len(value), byref(now), expected=(EXISTS,),
        )
        return now.content(), status == EXISTS

    def get_or_insert_with(self, key, make):
        """The same with the value that make(b"") returns; called only when the key is absent."""
        guarded, now = Guarded(), Value()
        status = guarded.call(
            library.stave_cow_map_get_or_insert_with, self._handle.pointer, _checked(key),
            edit_callback(guarded, make), None, byref(now), expected=(EXISTS,),
        )
        return now.content(), status == EXISTS

    def update_or_insert(self, key, edit, value):
        """Stores edit(present value) if the key exists, else `value`; answers as get_or_insert."""
        guarded, value, now = Guarded(), to_bytes(value), Value()
        status = guarded.call(
            library.stave_cow_map_update_or_insert, self._handle.pointer, _checked(key),
            edit_callback(guarded, edit), None, value, len(value), byref(now), expected=(EXISTS,),
        )
        return now.content(), status == EXISTS

    def clear(self):
        """Removes all entries."""
        call(library.stave_cow_map_clear, self._handle.pointer)

    def shrink_to_fit(self):
        """Gives back the room for growth."""
        call(library.stave_cow_map_shrink_to_fit, self._handle.pointer)

    def stats(self):
        """The members of stave_cow_map_stats as a dictionary."""
        stats = _Stats()
        library.stave_cow_map_stats_init(byref(stats))
        call(library.stave_cow_map_stats_get, self._handle.pointer, byref(stats))
        return {name: getattr(stats, name) for name in ("entries", "shared_bytes", "own_bytes")}

    # Walking and comparing.

    def cursor(self):
        """A MapCursor over the map as it is now."""
        return MapCursor(self)

    def diff(self, after):
        """A MapDiff from this map to another, as both are now."""
        return MapDiff(self, after)


class MapCursor(Closeable):
    """Visits the entries of a map as it was; made by Map.cursor. Iterate over it for (key, value)
    pairs, or step with next() and look at `key` and `value`."""

    _close = library.stave_cow_map_cursor_close
    _CHUNK_COUNT, _CHUNK_BYTES = 256, 1 << 20

    def __init__(self, of):
        pointer = c_void_p()
        call(library.stave_cow_map_cursor_open, of._handle.pointer, byref(pointer))
        self._handle = Handle(pointer, library.stave_cow_map_cursor_free)

    def next(self):
        """Moves to the next entry; False when there is none."""
        return OK == call(
            library.stave_cow_map_cursor_next, self._handle.pointer, expected=(DONE,)
        )

    @property
    def key(self):
        """The key of the entry the cursor stands on."""
        key = c_int64()
        call(library.stave_cow_map_cursor_key, self._handle.pointer, byref(key))
        return key.value

    @property
    def value(self):
        """The value of the entry the cursor stands on."""
        return _bytes_at(library.stave_cow_map_cursor_value, self._handle.pointer)

    def next_many(self, count_max, bytes_max):
        """(key, value) pairs in one call; an empty list when there are none left. The cursor stands
        on no entry afterwards."""
        keys, values, sizes = (c_int64 * count_max)(), Value(), (c_uint64 * count_max)()
        count = self._next_many(count_max, bytes_max, keys, values, sizes)
        return list(zip(keys[:count], cut(values.content(), sizes[:count])))

    def next_keys(self, count_max):
        """Keys alone."""
        keys = (c_int64 * count_max)()
        return keys[: self._next_many(count_max, 0, keys, None, None)]

    def next_values(self, count_max, bytes_max):
        """Values alone."""
        values, sizes = Value(), (c_uint64 * count_max)()
        count = self._next_many(count_max, bytes_max, None, values, sizes)
        return cut(values.content(), sizes[:count])

    def _next_many(self, count_max, bytes_max, keys, values, sizes):
        count = c_size_t()
        call(
            library.stave_cow_map_cursor_next_many, self._handle.pointer, count_max, bytes_max,
            keys, byref(values) if values is not None else None, sizes, byref(count),
            expected=(DONE,),
        )
        return count.value

    def __iter__(self):
        while True:
            entries = self.next_many(self._CHUNK_COUNT, self._CHUNK_BYTES)
            if not entries:
                return
            yield from entries


class MapDiff(Closeable):
    """What leads from one map to another; made by Map.diff. Iterate over it for (change, key) pairs,
    `change` being "added", "changed" or "removed", and look at `before` and `after`."""

    _close = library.stave_cow_map_diff_close

    def __init__(self, before, after):
        pointer = c_void_p()
        call(
            library.stave_cow_map_diff_open, before._handle.pointer, after._handle.pointer,
            byref(pointer),
        )
        self._handle = Handle(pointer, library.stave_cow_map_diff_free)

    def next(self):
        """Moves to the next key that differs: (change, key), or None when there is none."""
        change, key = c_uint32(), c_int64()
        status = call(
            library.stave_cow_map_diff_next, self._handle.pointer, byref(change), byref(key),
            expected=(DONE,),
        )
        return (_CHANGES[change.value], key.value) if status == OK else None

    @property
    def before(self):
        """The key's value in the first map, or None."""
        return _bytes_at(library.stave_cow_map_diff_before, self._handle.pointer, (NOT_FOUND,))

    @property
    def after(self):
        """The key's value in the second map, or None."""
        return _bytes_at(library.stave_cow_map_diff_after, self._handle.pointer, (NOT_FOUND,))

    def __iter__(self):
        while (step := self.next()) is not None:
            yield step

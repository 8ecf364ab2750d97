"""Index: the concurrent in-memory hash index."""

from ctypes import byref, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p

from . import errors
from ._library import (
    EXISTS, MISMATCH, NOT_FOUND, OK, Buffer, Closeable, Handle, IndexOptions, IndexShardStats,
    IndexStats, call, flat, library, to_bytes,
)
from .index_cursor import IndexCursor
from .resolver import Resolving

_KEY_MODES = {1: "owned", 2: "resolved", 3: "owned16"}


class Index(Closeable):
    """Bytes -> a number from 0 to 2**64 - 1, in memory.

    Options are those of stave_index_options by name: Index(value_bits=44, capacity=1_000_000). With
    a `resolver`, an object with the methods of stave.Resolver, the index keeps no keys.

    Each call on one key takes `hash` as a keyword: the key's hash, from hash() or one's own."""

    _close = library.stave_index_close

    def __init__(self, resolver=None, **options):
        if resolver is not None:
            options["key_mode"] = "resolved"
        chosen = _from_keywords(options)
        self._resolving = Resolving(resolver) if resolver is not None else None
        pointer = c_void_p()
        native = byref(self._resolving.native()) if self._resolving else None
        call(library.stave_index_create, byref(chosen), native, byref(pointer))
        self._handle = Handle(pointer, library.stave_index_free, keeps=self._resolving)

    def options(self):
        """The options in force, as a dictionary."""
        options = IndexOptions()
        library.stave_index_options_init(byref(options))
        call(library.stave_index_options_get, self._handle.pointer, byref(options))
        return _to_dictionary(options)

    # One key.

    def put(self, key, value, hash=None):
        """Stores the value; the one that was replaced, or None."""
        previous, existed = c_uint64(), c_uint8()
        self._call("put", key, hash, [value], [previous, existed])
        return previous.value if existed.value else None

    def insert(self, key, value, hash=None):
        """Stores the value if the key is absent: None, or the value that is there."""
        existing = c_uint64()
        status = self._call("insert", key, hash, [value], [existing], EXISTS)
        return None if status == OK else existing.value

    def compare_and_swap(self, key, expected, desired, hash=None):
        """Stores `desired` if the key's value is `expected`. Raises MismatchError, whose `actual` is
        the value, if it is another one; False if the key is absent."""
        actual = c_uint64()
        return OK == self._conditional(
            "compare_and_swap", key, hash, [expected, desired], actual
        )

    def get(self, key, hash=None):
        """The value, or None if there is no such key."""
        value = c_uint64()
        return value.value if OK == self._call("get", key, hash, [], [value], NOT_FOUND) else None

    def contains(self, key, hash=None):
        """Whether the key exists."""
        return OK == self._call("contains", key, hash, [], [], NOT_FOUND)

    def __contains__(self, key):
        return self.contains(key)

    def remove(self, key, hash=None):
        """Removes the key; the value that it had, or None."""
        previous = c_uint64()
        status = self._call("remove", key, hash, [], [previous], NOT_FOUND)
        return previous.value if status == OK else None

    def remove_if(self, key, expected, hash=None):
        """Removes the key if its value is `expected`, otherwise as compare_and_swap()."""
        return OK == self._conditional("remove_if", key, hash, [expected], c_uint64())

    def hash(self, key):
        """The hash that the calls without one give to the key."""
        hash_of_key = c_uint64()
        self._call("hash", key, None, [], [hash_of_key])
        return hash_of_key.value

    # Many keys in one call.

    def multi_get(self, keys):
        """The values of many keys, None for the absent ones. Each key is read by itself."""
        joined, sizes, count = flat(keys, c_uint32)
        values, found = (c_uint64 * count)(), (c_uint8 * count)()
        self._run(
            library.stave_index_multi_get, self._handle.pointer, joined, sizes, count, values, found
        )
        return [value if is_there else None for value, is_there in zip(values, found)]

    def multi_put(self, items):
        """Stores (key, value) pairs, one after the other; the values that they replaced, None for
        those that were absent. The exception of a pair that fails has `done`, the number of pairs
        before it, which have been stored."""
        items = list(items)
        joined, sizes, count = flat([key for key, _ in items], c_uint32)
        values = (c_uint64 * count)(*(_number(value) for _, value in items))
        previous, existed, done = (c_uint64 * count)(), (c_uint8 * count)(), c_size_t()
        try:
            self._run(
                library.stave_index_multi_put, self._handle.pointer, joined, sizes, count, values,
                previous, existed, byref(done),
            )
        except Exception as error:
            error.done = done.value
            raise
        return [value if was_there else None for value, was_there in zip(previous, existed)]

    # The whole.

    def __len__(self):
        return self._count(library.stave_index_size)

    def is_empty(self):
        """Whether there is no entry."""
        is_empty = c_uint8()
        call(library.stave_index_is_empty, self._handle.pointer, byref(is_empty))
        return bool(is_empty.value)

    def __bool__(self):
        return True  # an empty index is no absent one

    def capacity(self):
        """The entries that the present memory is made for."""
        return self._count(library.stave_index_capacity)

    def clear(self):
        """Removes all entries, at one point in time."""
        self._run(library.stave_index_clear, self._handle.pointer)

    def reserve(self, capacity):
        """Makes room for so many entries in all."""
        self._run(library.stave_index_reserve, self._handle.pointer, _number(capacity))

    def shrink_to_fit(self):
        """Gives back the memory that the entries do not need."""
        self._run(library.stave_index_shrink_to_fit, self._handle.pointer)

    def stats(self):
        """The members of stave_index_stats as a dictionary."""
        stats = IndexStats()
        library.stave_index_stats_init(byref(stats))
        call(library.stave_index_stats_get, self._handle.pointer, byref(stats))
        return _members(stats)

    def shard_stats(self, shard):
        """The members of stave_index_shard_stats; None if there is no shard of that number."""
        stats = IndexShardStats()
        library.stave_index_shard_stats_init(byref(stats))
        status = call(
            library.stave_index_shard_stats_get, self._handle.pointer, shard, byref(stats),
            expected=(NOT_FOUND,),
        )
        return _members(stats) if status == OK else None

    def collect_values(self):
        """All values, in no particular order."""
        buffer, count = Buffer(), c_uint64()
        library.stave_buffer_init(byref(buffer))
        try:
            self._run(
                library.stave_index_collect_values, self._handle.pointer, byref(buffer),
                byref(count),
            )
            return list((c_uint64 * count.value).from_buffer_copy(buffer.content()))
        finally:
            library.stave_buffer_free(byref(buffer))

    def cursor(self):
        """An IndexCursor over all entries, in no particular order."""
        return IndexCursor(self)

    # ---- How the calls are made

    def _call(self, name, key, hash_of_key, numbers, results, *expected):
        """One call on one key, whose name has `_hashed` behind it if it gets a hash."""
        key = to_bytes(key)
        if hash_of_key is not None:
            name, numbers = name + "_hashed", [hash_of_key] + numbers
        return self._run(
            getattr(library, "stave_index_" + name), self._handle.pointer, key, len(key),
            *map(_number, numbers), *map(byref, results), expected=expected,
        )

    def _conditional(self, name, key, hash_of_key, numbers, actual):
        status = self._call(name, key, hash_of_key, numbers, [actual], NOT_FOUND, MISMATCH)
        if status == MISMATCH:
            error = errors.MismatchError("the key has another value")
            error.actual = actual.value
            raise error
        return status

    def _run(self, function, *arguments, expected=()):
        """A call in which the resolver may run: what it raises comes out."""
        if self._resolving is None:
            return call(function, *arguments, expected=expected)
        with self._resolving.listening() as raised:
            try:
                return call(function, *arguments, expected=expected)
            except errors.StaveError:
                if raised:
                    raise raised[0] from None
                raise

    def _count(self, function):
        count = c_uint64()
        call(function, self._handle.pointer, byref(count))
        return count.value


def parse_index_options(text):
    """All index options as a dictionary, after setting those in the text: "name=value ..."."""
    return _to_dictionary(_parse(text))


def describe_index_options():
    """All index options with type, default and meaning, one a line."""
    buffer = Buffer()
    library.stave_buffer_init(byref(buffer))
    try:
        call(library.stave_index_options_describe, byref(buffer))
        return buffer.content().decode()
    finally:
        library.stave_buffer_free(byref(buffer))


def _from_keywords(keywords):
    return _parse(" ".join(f"{name}={value}" for name, value in keywords.items()))


def _parse(text):
    options = IndexOptions()
    library.stave_index_options_init(byref(options))
    call(library.stave_index_options_set, byref(options), text.encode())
    return options


def _to_dictionary(options):
    return {
        "key_mode": _KEY_MODES[options.key_mode],
        "value_bits": options.value_bits,
        "shards": options.shards,
        "capacity": options.capacity,
        "seed": options.seed,
    }


def _members(stats):
    return {
        name: getattr(stats, name)
        for name, _ in stats._fields_
        if name not in ("struct_size", "reserved")
    }


def _number(value):
    """What ctypes would cut to 64 bits is refused."""
    if not 0 <= value < 2**64:
        raise errors.InvalidArgumentError(f"{value} is not a number from 0 to 2**64 - 1")
    return value

"""Options: text, the C struct, dictionaries."""

from ctypes import byref

from . import errors
from ._library import Buffer, Options, WriteOptions, call, library
from .times import to_milliseconds

_DURABILITIES = {"memory": 1, "os": 2, "device": 3}
_DURABILITY_NAMES = {number: name for name, number in _DURABILITIES.items()}
_IO_NAMES = {1: "buffered", 2: "mmap"}
_KEYDIR_NAMES = ("stored", "memory", "disk")


def parse_options(text):
    """All store options as a dictionary, after setting those in the text: "name=value ..."."""
    return to_dictionary(_parse(text))


def describe_options():
    """All store options with type, default and meaning, one a line."""
    buffer = Buffer()
    library.stave_buffer_init(byref(buffer))
    try:
        call(library.stave_store_options_describe, byref(buffer))
        return buffer.content().decode()
    finally:
        library.stave_buffer_free(byref(buffer))


def from_keywords(keywords):
    """The C struct of Store(path, name=value, ...), or None for the defaults."""
    if not keywords:
        return None
    return _parse(
        " ".join(
            f"{name}={int(value) if isinstance(value, bool) else value}"
            for name, value in keywords.items()
        )
    )


def _parse(text):
    options = Options()
    library.stave_store_options_init(byref(options))
    call(library.stave_store_options_set, byref(options), text.encode())
    return options


def to_dictionary(options):
    """The C struct as a dictionary."""
    return {
        "durability": _DURABILITY_NAMES[options.durability],
        "io": _IO_NAMES[options.io],
        "shards": options.shards,
        "segment_size": options.segment_size,
        "read_only": bool(options.read_only),
        "create_if_missing": bool(options.create_if_missing),
        "error_if_exists": bool(options.error_if_exists),
        "background": bool(options.background),
        "keydir": _KEYDIR_NAMES[options.keydir],
        "checkpoint_interval": options.checkpoint_interval,
        "default_ttl": options.default_ttl,
        "shard_prefix_bits": options.shard_prefix_bits,
    }


def for_write(durability, expires_at=None):
    """A reference to stave_write_options, or None for what the store says."""
    if durability is None and expires_at is None:
        return None
    options = WriteOptions()
    library.stave_write_options_init(byref(options))
    if durability is not None:
        if durability not in _DURABILITIES:
            raise errors.InvalidArgumentError(
                f"durability is memory, os or device, not {durability!r}"
            )
        options.durability = _DURABILITIES[durability]
    if expires_at is not None:
        options.expires_at = to_milliseconds(expires_at)
    return byref(options)

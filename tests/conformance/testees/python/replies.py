"""How the Python testee writes what calls answer."""

import re

_PLAIN = re.compile(rb"[ !#-\[\]-~]*")
_SYMBOLS = [
    bytes([byte]) if _PLAIN.fullmatch(bytes([byte])) else b"\\x%02x" % byte for byte in range(256)
]


def quote(data):
    data = bytes(data)
    plain = _PLAIN.fullmatch(data) is not None
    return b'"' + (data if plain else b"".join(map(_SYMBOLS.__getitem__, data))) + b'"'


def unquote(word):
    content = word[1:-1]
    if b"\\" not in content:
        return content
    return content.decode("ascii").encode("latin-1").decode("unicode_escape").encode("latin-1")


class Reply(Exception):
    """Ends a call with data lines and a status that is not "ok"."""

    def __init__(self, status, *data):
        super().__init__(status)
        self.status = status
        self.data = data


def found(condition, otherwise=b"not_found"):
    if not condition:
        raise Reply(otherwise)


def value_or_not_found(value):
    found(value is not None)
    return quote(value)


def number(value):
    return b"%d" % value


def named(dictionary):
    """Lines name=value; booleans as 0 and 1."""
    return [
        f"{name}={int(value) if isinstance(value, bool) else value}".encode()
        for name, value in dictionary.items()
    ]


def records(pairs):
    return [quote(key) + b" = " + quote(value) for key, value in pairs]

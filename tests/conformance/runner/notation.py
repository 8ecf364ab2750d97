"""How scripts write bytes: quoted strings, fill() and concatenation.

Quoting is canonical: printable ASCII other than the quote and the backslash stands for itself, all
else is \\xNN. Equal bytes have equal text, so replies are compared as text, and a quote character
never occurs inside a quoted string.
"""

import re

_PIECE = r'(?:"[^"]*"|fill\(\d+,"[^"]*"\))'
_LITERAL = re.compile(rf"{_PIECE}(?:\+{_PIECE})*")
_PIECES = re.compile(r'"([^"]*)"|fill\((\d+),"([^"]*)"\)')
_UNIT = re.compile(r"\\x[0-9a-f]{2}|[^\\]")
_CANONICAL = re.compile(r"(?:\\x[0-9a-f]{2}|[ !#-\[\]-~])*")

_FILL_MIN = 64  # shorter runs are easier to read as they are
_PERIOD_MAX = _FILL_MIN // 2
_RUN = re.compile(rb"(.)\1{%d,}" % (_FILL_MIN - 1), re.DOTALL)


class NotationError(Exception):
    """A script or a testee writes bytes in a way the format does not know."""


def expand(line):
    """The line with every fill() and concatenation replaced by one quoted string."""
    if '"' not in line:
        return line
    return _LITERAL.sub(lambda match: _expand_literal(match[0]), line)


def _expand_literal(literal):
    if literal.startswith('"') and literal.count('"') == 2:
        return literal
    parts = []
    for text, size, unit in _PIECES.findall(literal):
        parts.append(_repeat(unit, int(size)) if size else text)
    return '"' + "".join(parts) + '"'


def _repeat(unit, size):
    """The first `size` bytes of the endless repetition of `unit`, as quoted text."""
    symbols = _UNIT.findall(unit)
    if not symbols:
        raise NotationError("fill() with an empty unit")
    whole, rest = divmod(size, len(symbols))
    return unit * whole + "".join(symbols[:rest])


def shorten(line):
    """The line with long repetitive strings written as fill(): the inverse of expand()."""
    if len(line) < _FILL_MIN:
        return line
    return re.sub(r'"([^"]*)"', lambda match: _shorten_text(match[1]), line)


def _shorten_text(text):
    data = unquote(f'"{text}"')
    if len(data) < _FILL_MIN:
        return f'"{text}"'
    for period in range(1, _PERIOD_MAX + 1):
        # The first bytes are compared alone, so that most periods cost nothing.
        if data.startswith(data[: _FILL_MIN - period], period) and data[period:] == data[:-period]:
            return f"fill({len(data)},{quote(data[:period])})"
    pieces, end = [], 0
    for run in _RUN.finditer(data):
        if run.start() > end:
            pieces.append(quote(data[end : run.start()]))
        pieces.append(f"fill({len(run[0])},{quote(run[1])})")
        end = run.end()
    if end < len(data):
        pieces.append(quote(data[end:]))
    return "+".join(pieces)


def quote(data):
    """Bytes as a quoted string."""
    return '"' + "".join(_SYMBOLS[byte] for byte in data) + '"'


def unquote(literal):
    """The bytes of an expanded quoted string."""
    if len(literal) < 2 or literal[0] != '"' or literal[-1] != '"':
        raise NotationError(f"expected bytes in quotes, not {literal}")
    text = literal[1:-1]
    if not _CANONICAL.fullmatch(text):
        raise NotationError(f"not in canonical notation: {literal[:100]}")
    return text.encode("ascii").decode("unicode_escape").encode("latin-1")


def check(line):
    """Raises NotationError unless all bytes of an unexpanded line are written canonically."""
    for match in re.finditer(r'"([^"]*)"', line):
        if not _CANONICAL.fullmatch(match[1]):
            raise NotationError(f"not in canonical notation: {match[0][:100]}")
    if line.count('"') % 2:
        raise NotationError(f"a quote is not closed: {line[:100]}")


def split(line):
    """The arguments of an expanded line: quoted strings and bare words."""
    return re.findall(r'"[^"]*"|[^" ]+', line)


_SYMBOLS = [
    chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\' else f"\\x{byte:02x}"
    for byte in range(256)
]

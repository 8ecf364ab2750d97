"""Times of expiry: datetime objects with a time zone, or NEVER; in C milliseconds since 1970."""

from datetime import datetime, timedelta, timezone

from . import errors
from .marks import NEVER

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND = timedelta(milliseconds=1)
_LAST = datetime.max.replace(tzinfo=timezone.utc)
_LAST_MS = (_LAST - _EPOCH) // _MILLISECOND
_NEVER_MS = 2**64 - 1  # STAVE_NEVER_EXPIRES


def to_milliseconds(time):
    """The number for C. It cuts off parts of a millisecond, and has no times before 1970: they have
    passed, as its first one has."""
    if time is NEVER:
        return _NEVER_MS
    if not isinstance(time, datetime):
        raise TypeError(f"a time is a datetime or stave.NEVER, not {type(time).__name__}")
    if time.utcoffset() is None:
        raise errors.InvalidArgumentError("a time needs a time zone: datetime.now(timezone.utc)")
    return max(1, (time - _EPOCH) // _MILLISECOND)


def from_milliseconds(number):
    """The time in UTC, or NEVER. Times after the year 9999 are the last one that datetime has."""
    if number in (0, _NEVER_MS):
        return NEVER
    return _EPOCH + number * _MILLISECOND if number < _LAST_MS else _LAST

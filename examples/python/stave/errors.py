"""The exceptions: StaveError and one subclass for each status of <stave/errors.h>."""


class StaveError(Exception):
    """A call failed. `status` is the number of <stave/errors.h> and `name` its name; `os_errno` is
    the system's error number or 0. The message says what failed, where, and what to do."""

    status = -80  # of a subclass: what it stands for
    name = "internal"

    def __init__(self, message="", os_errno=0):
        super().__init__(message)
        self.os_errno = os_errno


_TABLE = [
    ("NotFoundError", 1, "not_found"),
    ("ExistsError", 2, "exists"),
    ("MismatchError", 3, "mismatch"),
    ("ConflictError", 4, "conflict"),
    ("InvalidArgumentError", -1, "invalid_argument"),
    ("TooLargeError", -2, "too_large"),
    ("BufferTooSmallError", -3, "buffer_too_small"),
    ("ClosedError", -4, "closed"),
    ("BusyError", -5, "busy"),
    ("ReadOnlyError", -6, "read_only"),
    ("ShardMismatchError", -7, "shard_mismatch"),
    ("ForkedError", -8, "forked"),
    ("NoMemoryError", -20, "no_memory"),
    ("InputOutputError", -21, "io"),
    ("NoSpaceError", -22, "no_space"),
    ("LockedError", -23, "locked"),
    ("PermissionDeniedError", -24, "permission_denied"),
    ("CorruptionError", -40, "corruption"),
    ("UnsupportedVersionError", -41, "unsupported_version"),
    ("TooOldError", -42, "too_old"),
    ("WrongFamilyError", -43, "wrong_family"),
    ("HookFailedError", -60, "hook_failed"),
    ("CancelledError", -61, "cancelled"),
    ("InternalError", -80, "internal"),
]

_BY_STATUS = {
    status: type(title, (StaveError,), {"status": status, "name": name, "__module__": "stave"})
    for title, status, name in _TABLE
}
globals().update({exception.__name__: exception for exception in _BY_STATUS.values()})

__all__ = ["StaveError"] + [title for title, _, _ in _TABLE]


def make(status, message, os_errno=0):
    """The exception for a status. One that a newer library knows and this module does not is a
    plain StaveError with that number."""
    if status in _BY_STATUS:
        return _BY_STATUS[status](message, os_errno)
    error = StaveError(message, os_errno)
    error.status = status
    error.name = "unknown"
    return error

"""Marks: what stands for a value or a time that is none."""


class _Mark:
    """A value that equals nothing but itself, and counts as false."""

    __slots__ = ("_name",)

    def __init__(self, name):
        self._name = name

    def __repr__(self):
        return f"stave.{self._name}"

    def __bool__(self):
        return False


DELETED = _Mark("DELETED")  # the key is removed, which is not the same as absent
NEVER = _Mark("NEVER")  # the key does not expire

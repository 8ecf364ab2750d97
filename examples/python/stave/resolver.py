"""Resolver: the keys of an index that keeps none."""

import contextlib
import threading
from ctypes import byref, string_at

from . import errors
from ._library import CANCELLED, MISMATCH, NOT_FOUND, OK, Compare, Hash, IndexResolver, library


class Resolver:
    """Knows the keys that the values of an index lead to. Called by any thread that uses the index.
    What a method raises comes out of the call of the index that made it, which changes nothing."""

    def compare(self, value, key):
        """True if the record at `value` has this key, False if it has another one. Raises
        stave.NotFoundError if there is no record any more."""
        raise NotImplementedError

    def hash(self, value):
        """The hash of the key of the record at `value`, as Index.hash says. Raises
        stave.NotFoundError if there is no record any more."""
        raise NotImplementedError


class Resolving:
    """A resolver as C calls it. Exceptions must not cross the frames of C: they wait here for the
    call of this thread to return."""

    def __init__(self, resolver):
        self._thread = threading.local()

        def compare(_, value, key, size):
            content = string_at(key, size) if size else b""
            return self._ask(lambda: OK if resolver.compare(value, content) else MISMATCH)

        def hash_of(_, value, hash_of_key):
            def ask():
                hash_of_key[0] = resolver.hash(value)
                return OK

            return self._ask(ask)

        self._compare, self._hash = Compare(compare), Hash(hash_of)

    def native(self):
        """The struct for stave_index_create."""
        native = IndexResolver()
        library.stave_index_resolver_init(byref(native))
        native.compare, native.hash = self._compare, self._hash
        return native

    @contextlib.contextmanager
    def listening(self):
        """The list of what the resolver raises in this thread meanwhile."""
        outer, self._thread.raised = getattr(self._thread, "raised", None), []
        try:
            yield self._thread.raised
        finally:
            self._thread.raised = outer

    def _ask(self, ask):
        """The status for C."""
        try:
            return ask()
        except errors.NotFoundError:
            return NOT_FOUND
        except BaseException as error:  # even KeyboardInterrupt must not cross C frames
            self._thread.raised.append(error)
            is_error = isinstance(error, errors.StaveError) and error.status < 0
            return error.status if is_error else CANCELLED

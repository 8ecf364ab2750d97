"""Stave from Python: the C library through ctypes, with nothing to compile.

    import stave

    with stave.Store("/var/lib/app/data", durability="os") as store:
        store.put(b"key", b"value")
        store.get(b"key")                       # b"value"; None if there is no such key
        for key, value in store.cursor(prefix=b"k"):
            ...
        store.put(b"session", b"", expires_at=datetime.now(timezone.utc) + timedelta(hours=1))
        store.update(b"key", lambda value: value + b"!")    # b"value!"
        store.on_write(lambda change: print(change.key, change.value))

    with stave.Index() as index:                # in memory: bytes -> a number
        index.put(b"key", 4096)
        index.get(b"key")                       # 4096

    with stave.Map() as map, map.clone() as copy:   # in memory: a number -> bytes, copied in O(1)
        copy.put(42, b"value")               # map does not see it

    with stave.Memtable() as table:             # in memory, with transactions
        with table.begin() as transaction:
            transaction.put(b"key", b"value")
            transaction.commit()
        with table.snapshot() as snapshot:
            snapshot.get(b"key")                # b"value", whatever is committed meanwhile

Keys and values are any bytes-like objects; an absent value is None and never looks like the empty
b"". A failing call raises StaveError or one of its subclasses, one for each status; what a callback
raises comes out of the call that ran it. Times are datetimes with a time zone, or stave.NEVER.

Everything that is closed is a context manager. A store, an index, a map, a memtable and its snapshots
may be used from any number of threads, also while one of them closes it: every later call raises
ClosedError. Cursors, diffs, transactions and batches belong to one thread at a time. Native memory
is given back when the object is no longer referenced, in any order.

The library is the one that the environment variable STAVE_LIBRARY names, else the system's.
Limits, durability and all else that holds in every language: see <stave/store.h>, <stave/index.h>,
<stave/cow_map.h>.
"""

from . import errors
from ._library import live_handles, status_message, status_name, version, version_number
from .batch import Batch
from .cow_map import Map, MapCursor, MapDiff, describe_map_options, parse_map_options
from .cursor import Cursor
from .disk_index import (
    DiskIndex, DiskIndexCursor, Payload, describe_disk_index_options, parse_disk_index_options,
)
from .errors import *  # noqa: F403, the exceptions are made from a table
from .index import Index, describe_index_options, parse_index_options
from .index_cursor import IndexCursor
from .marks import DELETED, NEVER
from .memtable import Memtable, describe_memtable_options, parse_memtable_options
from .memtable_cursor import MemtableCursor
from .memtable_transaction import MemtableSnapshot, MemtableTransaction
from .options import describe_options, parse_options
from .pin import Pin
from .resolver import Resolver
from .store import Store
from .store_atomic import Atomic
from .store_hooks import Change

__all__ = errors.__all__ + [
    "Store", "Atomic", "Change", "NEVER", "Batch", "Cursor", "Pin", "Index", "IndexCursor", "Resolver", "version",
    "version_number", "status_name", "status_message", "live_handles", "parse_options",
    "describe_options", "parse_index_options", "describe_index_options",
    "DiskIndex", "DiskIndexCursor", "Payload", "parse_disk_index_options",
    "describe_disk_index_options", "Memtable", "MemtableTransaction", "MemtableSnapshot",
    "MemtableCursor", "DELETED", "parse_memtable_options", "describe_memtable_options",
    "Map", "MapCursor", "MapDiff", "parse_map_options", "describe_map_options",
]

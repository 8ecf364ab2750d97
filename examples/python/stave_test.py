"""Tests of what the Python module adds to the C interface: types, lifetimes, threads, exceptions.

What the calls do is tested in every language by tests/conformance.
"""

import gc
import os
import threading
import unittest

import stave
from testing import StoreCase


class StaveTest(StoreCase):
    def test_the_tour_of_the_module(self):
        with self.open() as store:
            store.put(b"key", b"value")
            self.assertEqual(store.get(b"key"), b"value")
            self.assertIsNone(store.get(b"other"))
            self.assertEqual(list(store.cursor(prefix=b"k")), [(b"key", b"value")])

    def test_any_bytes_like_object_and_nothing_else(self):
        with self.open() as store:
            store.put(bytearray(b"k"), memoryview(b"xvaluex")[1:-1])
            self.assertEqual(store.get(memoryview(b"k")), b"value")
            self.assertIn(bytearray(b"k"), store)
            for wrong in ("text", 5, None, ["k"]):
                with self.assertRaises(TypeError):
                    store.put(wrong, b"v")
                with self.assertRaises(TypeError):
                    store.multi_get([wrong])

    def test_get_into_writable_buffers(self):
        with self.open() as store:
            store.put(b"k", b"12345")
            target = bytearray(b"........")
            self.assertEqual(store.get_into(b"k", memoryview(target)[2:]), 5)
            self.assertEqual(target, b"..12345.")
            with self.assertRaises(stave.BufferTooSmallError) as raised:
                store.get_into(b"k", bytearray(4))
            self.assertEqual(raised.exception.needed, 5)
            with self.assertRaises(TypeError):
                store.get_into(b"k", bytes(8))

    def test_exceptions_carry_the_status(self):
        with self.open() as store:
            with self.assertRaises(stave.LockedError) as raised:
                stave.Store(self.path)
            self.assertEqual((raised.exception.status, raised.exception.name), (-23, "locked"))
            self.assertIn(self.path, str(raised.exception))
            self.assertIsInstance(raised.exception, stave.StaveError)
            with self.assertRaises(stave.InvalidArgumentError):
                store.put(b"k", b"v", durability="disk")
        with self.assertRaises(stave.NotFoundError):
            stave.Store(os.path.join(self.path, "x", "y"))

    def test_names_of_exceptions_are_those_of_the_library(self):
        for title in stave.errors.__all__[1:]:
            exception = getattr(stave, title)
            self.assertEqual(exception.name, stave.status_name(exception.status))
        self.assertEqual(stave.errors.make(-79, "new").status, -79)

    def test_options_are_keywords(self):
        with self.open(shards=4, segment_size="8KiB", create_if_missing=True) as store:
            options = store.options()
            self.assertEqual((options["shards"], options["segment_size"]), (4, 8192))
        self.assertEqual(stave.parse_options("read_only=1")["read_only"], True)

    def test_views_of_a_pin_keep_its_memory(self):
        store = self.open()
        store.put(b"k", b"pinned bytes")
        with store.get_pin(b"k") as pin:
            part = pin.data[7:]
            self.assertTrue(part.readonly)
        with self.assertRaises(stave.ClosedError):
            pin.data
        store.remove(b"k")
        store.close()
        del store, pin
        gc.collect()
        self.assertEqual(stave.live_handles(), 1)
        self.assertEqual(part, b"bytes")
        del part

    def test_objects_may_go_in_any_order(self):
        store = self.open()
        store.put(b"k", b"v")
        cursor, pin = store.cursor(), store.get_pin(b"k")
        del store
        gc.collect()
        with self.assertRaises(stave.ClosedError):
            cursor.next()
        self.assertEqual(bytes(pin.data), b"v")

    def test_what_the_progress_callback_raises_comes_out(self):
        class Stop(Exception):
            pass

        def progress(done, total):
            raise Stop("enough")

        with self.open() as store:
            with self.assertRaisesRegex(Stop, "enough"):
                store.verify(progress)
            with self.assertRaises(stave.BusyError):
                store.verify(lambda done, total: store.put(b"k", b"v"))
            seen = []
            store.verify(lambda done, total: seen.append((done, total)))
            self.assertEqual(seen[-1][0], seen[-1][1])

    def test_long_iterations(self):
        with self.open() as store:
            store.multi_put((b"%d" % i, b"v" * (i % 7)) for i in range(1000))
            self.assertEqual(len(store), 1000)
            found = dict(store.cursor())
            self.assertEqual(found, {b"%d" % i: b"v" * (i % 7) for i in range(1000)})

    def test_the_index_is_like_a_dictionary_of_numbers(self):
        with stave.Index(capacity=1000, shards=2) as index:
            self.assertTrue(index)  # though it is empty
            self.assertIsNone(index.put(bytearray(b"k"), 2**64 - 1))
            self.assertEqual(index.put(b"k", 7), 2**64 - 1)
            self.assertIn(memoryview(b"k"), index)
            self.assertEqual((index.get(b"k"), index.get(b"other"), len(index)), (7, None, 1))
            self.assertEqual(list(index.cursor()), [(b"k", 7)])
            self.assertEqual(index.options()["shards"], 2)
            with self.assertRaises(stave.MismatchError) as raised:
                index.compare_and_swap(b"k", 1, 2)
            self.assertEqual(raised.exception.actual, 7)
            self.assertFalse(index.remove_if(b"other", 1))
            for wrong in (-1, 2**64):
                with self.assertRaises(stave.InvalidArgumentError):
                    index.put(b"k", wrong)
            with self.assertRaises(TypeError):
                index.put("text", 1)

    def test_many_entries_of_an_index(self):
        with stave.Index() as index:
            expected = {b"%d" % i: i for i in range(3000)}
            self.assertEqual(set(index.multi_put(expected.items())), {None})
            self.assertEqual(index.multi_get([b"5", b"x", b"2999"]), [5, None, 2999])
            self.assertEqual(dict(index.cursor()), expected)
            self.assertEqual(sorted(index.collect_values()), list(range(3000)))
            with self.assertRaises(stave.TooLargeError) as raised:
                index.multi_put([(b"a", 1), (b"k" * 65536, 2), (b"b", 3)])
            self.assertEqual(raised.exception.done, 1)
            self.assertEqual(index.shard_stats(10**6), None)

    def test_what_a_resolver_raises_comes_out(self):
        class Rows(stave.Resolver):
            def __init__(self):
                self.keys = {}

            def compare(self, value, key):
                if value not in self.keys:
                    raise stave.NotFoundError()
                return self.keys[value] == key

            def hash(self, value):
                return index.hash(self.keys[value])

        rows = Rows()
        index = stave.Index(rows, value_bits=44)
        for row in range(2000):
            rows.keys[row] = b"row %d" % row
            index.put(rows.keys[row], row)
        self.assertEqual([index.get(b"row %d" % row) for row in range(2000)], list(range(2000)))
        del rows.keys[5]
        self.assertIsNone(index.get(b"row 5"))
        rows.keys[6] = None
        rows.compare = lambda value, key: key + rows.keys[value]
        with self.assertRaises(TypeError):
            index.get(b"row 6")
        self.assertEqual(index.options()["key_mode"], "resolved")
        cursor = index.cursor()
        self.assertTrue(cursor.next())
        with self.assertRaises(stave.InvalidArgumentError):
            cursor.key
        rows.keys.clear()
        del index, cursor, rows

    def test_transactions_of_a_memtable(self):
        with stave.Memtable() as table:
            self.assertTrue(table)  # though it is empty
            with table.begin() as transaction:
                transaction.put(bytearray(b"k"), b"")
                self.assertEqual(transaction.multi_write([(b"a", b"1"), (b"b", stave.DELETED)]), 2)
                self.assertEqual(transaction.commit(), 1)
            snapshot = table.snapshot()
            first, second = table.begin(), table.begin()
            first.put(memoryview(b"a"), b"2")
            with self.assertRaises(stave.ConflictError):
                second.remove(b"a")
            with self.assertRaises(stave.ConflictError) as raised:
                second.multi_write([(b"c", b"3"), (b"a", b"4"), (b"d", b"5")])
            self.assertEqual(raised.exception.written, 1)
            second.rollback()
            first.commit()
            with self.assertRaises(stave.ClosedError):
                first.get(b"a")
            self.assertEqual(snapshot.multi_get([b"a", b"b", b"k"]), [b"1", None, b""])
            self.assertEqual(dict(snapshot.cursor()), {b"a": b"1", b"k": b""})
            self.assertEqual(dict(table.snapshot().cursor(prefix=b"a")), {b"a": b"2"})
            self.assertEqual((len(table), table.stats()["transactions"]), (2, 0))
            with self.assertRaises(stave.BusyError):
                table.clear()
            with self.assertRaises(TypeError):
                table.begin().put("text", b"")
            with self.assertRaises(stave.InvalidArgumentError):
                table.read(b"a", 5)

    def test_a_transaction_that_is_dropped_is_rolled_back(self):
        table = stave.Memtable()
        transaction = table.begin()
        transaction.put(b"k", b"v")
        del transaction
        self.assertTrue(table.is_empty())

    def test_timestamps_of_the_callers_own(self):
        table = stave.Memtable(timestamps="explicit", capacity=100)
        table.write(b"k", b"old", 1)
        table.commit(1, 10, [b"k"])
        table.write(b"k", stave.DELETED, 2)
        table.write(b"large", b"x" * 1000, 2)
        self.assertTrue(table.has_write_conflict(b"k", 3))
        self.assertFalse(table.has_write_conflict(b"k", 2))
        self.assertEqual(table.read(b"k", 11), b"old")
        self.assertIs(table.read(b"k", 11, 2), stave.DELETED)
        table.commit(2, 20, [b"k", b"large"])
        self.assertIs(table.read(b"k", 21), stave.DELETED)
        self.assertIsNone(table.read(b"other", 21))
        self.assertEqual(
            table.multi_read([b"k", b"other", b"large"], 21), [stave.DELETED, None, b"x" * 1000]
        )
        self.assertEqual(
            dict(table.cursor(21, tombstones=True, keys_only=True)),
            {b"k": stave.DELETED, b"large": b""},
        )
        pin = table.read_pin(b"large", 21)
        # A reader may use the table, and what it raises comes out.
        self.assertEqual(
            table.read_with(b"k", lambda value: (value, table.read(b"k", 21)), 11),
            (b"old", stave.DELETED),
        )
        with self.assertRaises(ZeroDivisionError):
            table.read_with(b"k", lambda value: 1 // 0, 11)
        with self.assertRaises(stave.BusyError):
            table.read_with(b"k", lambda value: table.close(), 11)
        self.assertEqual(table.prune(21), 1)
        with self.assertRaises(stave.TooOldError):
            table.read(b"k", 11)
        table.close()
        self.assertEqual(bytes(pin.data), b"x" * 1000)

    def test_closing_while_other_threads_are_inside(self):
        store = self.open()
        store.put(b"k", b"v" * 1000)
        started = threading.Barrier(5)
        outcomes = []

        def work(number):
            started.wait()
            try:
                while True:
                    store.put(b"%d" % number, b"x" * 100)
                    assert store.get(b"k") == b"v" * 1000
            except stave.ClosedError:
                outcomes.append("closed")

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        started.wait()
        store.close()
        for thread in threads:
            thread.join()
        self.assertEqual(outcomes, ["closed"] * 4)
        store.close()

    def test_maps_are_copied(self):
        with stave.Map() as map:
            self.assertIsNone(map.put(-(2**63), b"first"))
            with map.clone() as copy:
                self.assertEqual(map.put(-(2**63), b"second"), b"first")
                self.assertEqual(copy.get(-(2**63)), b"first")
                copy.put(7, b"")
                self.assertEqual(
                    sorted(map.diff(copy)), [("added", 7), ("changed", -(2**63))]
                )
            self.assertEqual(dict(map.cursor()), {-(2**63): b"second"})
            for too_large in (2**63, -(2**63) - 1):
                with self.assertRaises(stave.InvalidArgumentError):
                    map.get(too_large)

    def test_what_a_callback_of_a_map_raises_comes_out_of_the_call(self):
        class Stop(Exception):
            pass

        def stop(value):
            raise Stop()

        with stave.Map() as map:
            map.put(1, b"value")
            with self.assertRaises(Stop):
                map.modify(1, stop)
            self.assertEqual(map.get(1), b"value")
            self.assertTrue(map.modify(1, lambda value: value[::-1]))
            self.assertEqual(
                map.update_or_insert(1, lambda value: value * 2, b""), (b"eulav" * 2, True)
            )
            self.assertFalse(map.modify(2, stop))


if __name__ == "__main__":
    unittest.main()

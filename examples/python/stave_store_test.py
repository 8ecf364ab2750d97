"""Tests of expiry, updates, atomic, hooks and migrations: exceptions, lifetimes, threads, types.

What the calls do is tested in every language by tests/conformance.
"""

import gc
import threading
import unittest
import weakref
from datetime import datetime, timedelta, timezone

import stave
from testing import StoreCase

FUTURE = datetime(2100, 1, 1, 12, 0, 0, 1999, timezone.utc)


class Stop(Exception):
    pass


def stop(*_):
    raise Stop()


class ExpiryTest(StoreCase):
    def test_times_have_a_zone_and_milliseconds(self):
        with self.open() as store:
            store.put(b"k", b"v", expires_at=FUTURE)
            self.assertEqual(store.expires_at(b"k"), FUTURE.replace(microsecond=1000))
            elsewhere = FUTURE.astimezone(timezone(timedelta(hours=5)))
            self.assertTrue(store.expire(b"k", elsewhere))
            self.assertEqual(store.expires_at(b"k"), FUTURE.replace(microsecond=1000))
            self.assertIsNone(store.expires_at(b"none"))
            with self.assertRaises(stave.InvalidArgumentError):
                store.put(b"k", b"v", expires_at=datetime(2100, 1, 1))
            for wrong in (60, 1.5, "never", timedelta(1)):
                with self.assertRaises(TypeError):
                    store.expire(b"k", wrong)

    def test_never_and_the_ends_of_time(self):
        with self.open(default_ttl=60000) as store:
            store.put(b"k", b"v")
            left = store.expires_at(b"k") - datetime.now(timezone.utc)
            self.assertTrue(timedelta() < left <= timedelta(minutes=1))
            store.put(b"k", b"v", expires_at=stave.NEVER)
            self.assertIs(store.expires_at(b"k"), stave.NEVER)
            last = datetime.max.replace(tzinfo=timezone.utc)
            store.expire(b"k", last)
            self.assertEqual(store.expires_at(b"k"), last)
            self.assertTrue(store.expire(b"k", datetime(1969, 1, 1, tzinfo=timezone.utc)))
            self.assertNotIn(b"k", store)

    def test_an_exception_of_clear_says_how_many_were_removed(self):
        with self.open() as store:
            store.multi_put((b"%d" % i, b"") for i in range(1000))
            store.on_write(stop)
            with self.assertRaises(stave.HookFailedError) as raised:
                store.clear()
            self.assertEqual(raised.exception.removed, 1000)
            self.assertIsInstance(raised.exception.__cause__, Stop)


class UpdatingTest(StoreCase):
    def test_what_an_edit_raises_comes_out_and_changes_nothing(self):
        error = Stop("enough")

        def fail(value):
            raise error

        with self.open() as store:
            store.put(b"k", b"v")
            for update in (store.update, store.fetch_update):
                with self.assertRaises(Stop) as raised:
                    update(b"k", fail)
                self.assertIs(raised.exception, error)
                with self.assertRaises(TypeError):
                    update(b"k", lambda value: "text")
                with self.assertRaises(stave.BusyError):
                    update(b"k", lambda value: store.put(b"k", b""))
                self.assertIsNone(update(b"none", fail))
            self.assertEqual(store.get(b"k"), b"v")
            self.assertEqual(store.update(b"k", lambda value: value + store.get(b"k")), b"vv")

    def test_no_update_of_several_threads_is_lost(self):
        with self.open() as store:
            store.put(b"count", b"0")

            def count():
                for _ in range(200):
                    store.update(b"count", lambda value: b"%d" % (int(value) + 1))

            threads = [threading.Thread(target=count) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(store.get(b"count"), b"800")

    def test_compare_and_swap_tells_another_value_from_none(self):
        with self.open() as store:
            self.assertFalse(store.compare_and_swap(b"k", b"", b"1"))
            self.assertIsNone(store.exchange(b"k", b""))
            with self.assertRaises(stave.MismatchError):
                store.compare_and_swap(b"k", b"1", b"2")
            self.assertTrue(store.compare_and_swap(b"k", bytearray(), memoryview(b"1")))
            self.assertEqual(store.exchange(b"k", b"2"), b"1")
            self.assertEqual((store.value_size(b"k"), store.value_size(b"none")), (1, None))


class AtomicTest(StoreCase):
    def test_what_the_callback_raises_undoes_everything(self):
        def fail(atomic):
            atomic.put(b"a", b"1")
            raise Stop()

        with self.open(shards=1) as store:
            with self.assertRaises(Stop):
                store.atomic(b"a", fail)
            self.assertEqual(len(store), 0)
            # An exception that the callback catches ends nothing.
            self.assertEqual(store.atomic(b"a", lambda atomic: atomic.insert(b"a", b"2")), 1)
            self.assertEqual(store.get(b"a"), b"2")

    def test_keys_of_other_shards_are_refused(self):
        def write(atomic):
            atomic.put(b"ab1", b"1")
            with self.assertRaises(stave.ShardMismatchError):
                atomic.put(b"zz", b"2")

        with self.open(shards=65536, shard_prefix_bits=16) as store:
            self.assertNotEqual(store.shard_for(b"ab"), store.shard_for(b"zz"))
            store.atomic(b"ab", write)
            self.assertEqual(dict(store.cursor()), {b"ab1": b"1"})

    def test_the_inside_is_refused_outside(self):
        kept = []

        def misuse(atomic):
            kept.append(atomic)
            refused = []

            def elsewhere():
                try:
                    atomic.get(b"k")
                except stave.BusyError as error:
                    refused.append(error.name)

            thread = threading.Thread(target=elsewhere)
            thread.start()
            thread.join()
            self.assertEqual(refused, ["busy"])
            with self.assertRaises(TypeError):
                atomic.put("text", b"")

        with self.open() as store:
            self.assertEqual(store.atomic(b"k", misuse), 0)
            for call in (kept[0].get, kept[0].remove, kept[0].__contains__):
                with self.assertRaises(stave.ClosedError):
                    call(b"k")


class HooksTest(StoreCase):
    def test_an_exception_of_a_hook_is_the_cause_and_the_change_stands(self):
        with self.open() as store:
            store.on_write(stop)
            seen = []
            store.on_write(seen.append, old_value=True)
            for write in (
                lambda: store.put(b"k", b"1"),
                lambda: store.update(b"k", lambda value: b"2"),
                lambda: store.atomic(b"k", lambda atomic: atomic.put(b"k", b"3")),
                lambda: store.migrate(lambda key, value: stave.DELETED),
            ):
                with self.assertRaises(stave.HookFailedError) as raised:
                    write()
                self.assertIsInstance(raised.exception.__cause__, Stop)
            self.assertEqual(raised.exception.changed, 1)
            self.assertEqual([change.value for change in seen], [b"1", b"2", b"3", None])
            self.assertEqual([change.old_value for change in seen], [None, b"1", b"2", b"3"])
            self.assertEqual((seen[0].expires_at, seen[3].removed), (stave.NEVER, True))

    def test_hooks_of_several_threads_come_in_the_order_of_versions(self):
        versions = []
        with self.open() as store:
            store.on_write(lambda change: versions.append(change.version))

            def work(number):
                for i in range(100):
                    store.put(b"%d %d" % (number, i), b"")

            threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(versions, list(range(1, 401)))

    def test_hooks_live_until_the_store_is_closed(self):
        class Index:
            def see(self, change):
                pass

        index = Index()
        alive = weakref.ref(index)
        store = self.open()
        store.on_write(index.see)
        del index
        gc.collect()
        store.put(b"k", b"v")
        self.assertIsNotNone(alive())
        store.close()
        self.assertIsNone(alive())
        with self.assertRaises(stave.ClosedError):
            store.on_write(stop)

    def test_a_store_whose_hook_refers_to_it_is_collected(self):
        store = self.open()
        store.on_write(lambda change: store.get(change.key))
        store.put(b"k", b"v")
        self.assertEqual(stave.live_handles(), 1)
        del store  # and tearDown finds no handle

    def test_what_the_hook_of_on_open_raises_comes_out(self):
        with self.open() as store:
            store.put(b"k", b"v", expires_at=FUTURE)
            with self.assertRaises(Stop):
                store.on_open(stop)
            changes = []
            store.on_open(changes.append)
            self.assertEqual(
                changes, [(b"k", b"v", None, FUTURE.replace(microsecond=1000), 1)]
            )

    def test_an_index_is_kept_and_built_again(self):
        def open_with_index():
            store, index = self.open(), {}

            def see(change):
                if change.old_value is not None:
                    index[change.old_value].remove(change.key)
                if not change.removed:
                    index.setdefault(change.value, set()).add(change.key)

            store.on_open(see)
            store.on_write(see, old_value=True)
            return store, index

        store, index = open_with_index()
        store.multi_put([(b"1", b"red"), (b"2", b"blue"), (b"3", b"red")])
        store.put(b"1", b"blue")
        store.remove(b"3")
        self.assertEqual(index, {b"red": set(), b"blue": {b"1", b"2"}})
        store.close()
        store, index = open_with_index()
        self.assertEqual(index, {b"blue": {b"1", b"2"}})
        store.close()


class MigrateTest(StoreCase):
    def test_it_goes_on_with_its_token(self):
        with self.open() as store:
            store.multi_put((b"%d" % i, b"old") for i in range(3000))
            tokens = []

            def progress(done, total, token):
                self.assertLessEqual(done, total)
                tokens.append(token)
                raise Stop()

            def renew(key, value):
                self.assertEqual(value, b"old")
                return b"new"

            with self.assertRaises(Stop):
                store.migrate(renew, progress)
            first = sum(value == b"new" for _, value in store.cursor())
            self.assertTrue(0 < first < 3000)
            self.assertEqual(store.migrate(renew, token=tokens[0]), 3000 - first)
            self.assertEqual({value for _, value in store.cursor()}, {b"new"})
            with self.assertRaises(stave.InvalidArgumentError) as raised:
                store.migrate(renew, token=b"no token")
            self.assertEqual(raised.exception.changed, 0)

    def test_it_keeps_changes_and_removes(self):
        with self.open() as store:
            store.multi_put([(b"a", b"1"), (b"b", b"2"), (b"c", b"3")])
            decisions = {b"a": None, b"b": b"", b"c": stave.DELETED}
            self.assertEqual(store.migrate(lambda key, value: decisions[key]), 2)
            self.assertEqual(dict(store.cursor()), {b"a": b"1", b"b": b""})
            with self.assertRaises(Stop):
                store.migrate(stop)
            with self.assertRaises(TypeError):
                store.migrate(lambda key, value: 5)

    def test_a_cursor_goes_on_after_the_store_was_closed(self):
        with self.open() as store:
            store.multi_put((b"%d" % i, b"") for i in range(500))
            cursor = store.cursor(keys_only=True)
            keys = [key for key, _ in cursor.next_many(200, 1 << 20)]
            token = cursor.token()
        with self.open() as store:
            keys += [key for key, _ in store.cursor(keys_only=True, token=token)]
        self.assertEqual(sorted(keys), sorted(b"%d" % i for i in range(500)))


if __name__ == "__main__":
    unittest.main()

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading;
using Stave;

// What the conformance scripts cannot say of hooks, migrations and tokens: exceptions of callbacks, several
// threads, and what the collector may take.
internal static class StoreWatchTest
{
    private static readonly byte[] Key = Checks.Text("key");
    private static readonly byte[] One = Checks.Text("one");
    private static readonly byte[] Two = Checks.Text("two");

    private sealed class Own : Exception
    {
    }

    // ---- Hooks

    public static void HooksSeeChangesInTheOrderOfTheVersions(string directory)
    {
        using (Store store = StoreTest.Open(directory))
        {
            // No lock: the calls come one after the other.
            var versions = new List<long>();
            var last = new Dictionary<string, byte[]>();
            store.OnWrite(change =>
            {
                string key = Encoding.ASCII.GetString(change.Key.ToArray());
                versions.Add(change.Version);
                last.TryGetValue(key, out byte[] before);
                Checks.Equal(before != null, change.HasOldValue);
                Checks.Equal(before ?? new byte[0], change.OldValue.ToArray());
                last[key] = change.Removed ? null : change.Value.ToArray();
            }, true);
            Thread[] threads = Enumerable.Range(0, 4).Select(number => new Thread(() =>
            {
                var random = new Random(number);
                for (int i = 0; i < 500; i++)
                {
                    byte[] key = Checks.Text("k" + random.Next(20));
                    if (random.Next(4) == 0)
                    {
                        store.Remove(key);
                    }
                    else
                    {
                        store.Put(key, Checks.Text(number + "-" + i));
                    }
                    if (i % 100 == 0)
                    {
                        GC.Collect();
                    }
                }
            })).ToArray();
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
            Checks.Equal(store.GetStats().Commits, (long)versions.Count);
            Checks.That(versions.Zip(versions.Skip(1), (one, next) => one < next).All(less => less));
            foreach (KeyValuePair<string, byte[]> entry in last)
            {
                store.TryGet(Checks.Text(entry.Key), out byte[] value);
                Checks.Equal(entry.Value, value);
            }
        }
    }

    public static void WhatAHookThrowsIsTheCause(string directory)
    {
        using (Store store = StoreTest.Open(directory))
        {
            var own = new Own();
            int calls = 0;
            store.OnWrite(change => { throw own; });
            store.OnWrite(change => calls++);
            var failed = Checks.Thrown<HookFailedException>(() => store.Put(Key, One));
            Checks.That(ReferenceEquals(own, failed.InnerException));
            Checks.Equal(StaveStatus.HookFailed, failed.Status);
            failed = Checks.Thrown<HookFailedException>(
                () => store.Update(Key, value => Two));
            Checks.That(ReferenceEquals(own, failed.InnerException));
            failed = Checks.Thrown<HookFailedException>(
                () => store.Atomic(Key, atomic => atomic.Put(Key, One)));
            Checks.That(ReferenceEquals(own, failed.InnerException));
            using (var batch = new Batch())
            {
                Checks.Thrown<HookFailedException>(() => store.Write(batch.Put(One, One)));
            }
            Checks.Equal(4, calls);
            Checks.Equal(One, store.Get(Key));
            Checks.Equal(One, store.Get(One));
            Checks.That(ReferenceEquals(own, Checks.Thrown<Own>(
                () => store.OnOpen(change => { throw own; }))));
            Checks.Thrown<BusyException>(() => store.OnOpen(
                change => store.OnWrite(other => { })));
        }
    }

    public static void AnIndexIsKeptInStep(string directory)
    {
        using (Store store = StoreTest.Open(directory))
        {
            store.Put(Key, One, new WriteOptions { ExpiresAt = DateTimeOffset.MaxValue.AddDays(-1) });
            store.Put(Two, One);
            var sizes = new Dictionary<string, int>();
            StoreHook apply = change =>
            {
                string key = Encoding.ASCII.GetString(change.Key.ToArray());
                sizes[key] = change.Value.Length;
                if (change.Removed)
                {
                    sizes.Remove(key);
                }
                Checks.Equal(key == "key" && !change.Removed, change.ExpiresAt.HasValue);
                Checks.That(change.Version > 0 && !change.HasOldValue && change.OldValue.IsEmpty);
            };
            store.OnWrite(apply);
            store.OnOpen(apply);
            Checks.That(sizes.Count == 2 && sizes["key"] == 3 && sizes["two"] == 3);
            store.Remove(Key);
            store.Put(Two, new byte[9]);
            Checks.That(sizes.Count == 1 && sizes["two"] == 9);
            store.Clear();
            Checks.Equal(0, sizes.Count);
        }
    }

    public static void HooksLiveAsLongAsTheirStoreIsOpen(string directory)
    {
        Store store = StoreTest.Open(directory);
        var counts = new int[1];
        WeakReference hooked = Hook(store, counts);
        for (int i = 0; i < 3; i++)
        {
            Checks.CollectGarbage();
            store.Put(Key, One);
        }
        Checks.Equal(3, counts[0]);
        Checks.That(hooked.IsAlive);
        store.Close();
        for (int i = 0; i < 50 && hooked.IsAlive; i++)
        {
            Checks.CollectGarbage();
        }
        Checks.That(!hooked.IsAlive);
        Checks.Thrown<ClosedException>(() => store.OnWrite(change => counts[0]++));
        store.Close();
        GC.KeepAlive(store);
    }

    // A hook that refers to its store, and what it refers to besides.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Hook(Store store, int[] counts)
    {
        var seen = new List<byte[]>();
        store.OnWrite(change =>
        {
            seen.Add(change.Key.ToArray());
            Checks.That(store.Contains(change.Key));
            counts[0] = seen.Count;
        });
        return new WeakReference(seen);
    }

    public static void AStoreWithHooksCanBeGarbage(string directory)
    {
        for (int round = 0; round < 10; round++)
        {
            HookAndForget(Path.Combine(directory, "s" + round));
        }
        Checks.Equal(0L, Checks.CollectGarbage());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void HookAndForget(string path)
    {
        Store store = Store.Open(path, StoreOptions.Parse("durability=memory"));
        var counts = new int[1];
        Hook(store, counts);
        Hook(store, counts);
        // The call's own reference is the last one.
        store.OnWrite(change =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        });
        store.Put(Key, One);
    }

    public static void CloseWaitsForHooks(string directory)
    {
        for (int round = 0; round < 10; round++)
        {
            Store store = Store.Open(Path.Combine(directory, "s" + round),
                StoreOptions.Parse("durability=memory"));
            var started = new CountdownEvent(4);
            Thread[] threads = Enumerable.Range(0, 4).Select(number => new Thread(() =>
            {
                for (int i = 0; ; i++)
                {
                    try
                    {
                        if (i % 50 == 0)
                        {
                            store.OnWrite(change => store.Contains(change.Key));
                        }
                        store.Put(BitConverter.GetBytes(i % 100), One);
                    }
                    catch (ClosedException)
                    {
                        return;
                    }
                    catch (HookFailedException failure)
                    {
                        Checks.That(failure.InnerException is ClosedException);
                    }
                    finally
                    {
                        if (i == 0)
                        {
                            started.Signal();
                        }
                    }
                }
            })).ToArray();
            Array.ForEach(threads, thread => thread.Start());
            started.Wait();
            Thread closer = new Thread(store.Close);
            closer.Start();
            store.Close();
            Checks.CollectGarbage(StaveLibrary.LiveHandles);
            closer.Join();
            Array.ForEach(threads, thread => thread.Join());
        }
    }

    // ---- Migrations and tokens

    public static void AMigrationGoesOnFromItsToken(string directory)
    {
        byte[] token = null;
        var visits = new Dictionary<string, int>();
        long changed = 0;
        int calls = 0;
        Migration migration = (key, value) =>
        {
            string name = Encoding.ASCII.GetString(key.ToArray());
            visits.TryGetValue(name, out int times);
            visits[name] = times + 1;
            int number = int.Parse(name);
            return number % 3 == 0 ? MigrateAction.Keep
                : number % 3 == 1 ? MigrateAction.Remove
                : MigrateAction.Update(value.ToArray().Concat(One).ToArray());
        };
        using (Store store = StoreTest.Open(directory))
        {
            store.MultiPut(Enumerable.Range(0, 1000).Select(
                i => new KeyValuePair<byte[], byte[]>(Checks.Text("" + i), new byte[i])));
        }
        for (bool isDone = false; !isDone; calls++)
        {
            using (Store store = StoreTest.Open(directory))
            {
                try
                {
                    changed += store.Migrate(migration, (done, total, at) =>
                    {
                        Checks.That(done <= total);
                        token = at;
                        return visits.Count == 1000;
                    }, token);
                    isDone = true;
                }
                catch (CancelledException cancelled)
                {
                    changed += cancelled.Written;
                }
            }
        }
        Checks.That(calls > 1 && visits.Count == 1000 && visits.Values.All(times => times == 1));
        Checks.Equal(666L, changed);
        using (Store store = StoreTest.Open(directory))
        {
            Checks.That(store.Get(Checks.Text("999")).Length == 999);
            Checks.That(!store.Contains(Checks.Text("1")));
            Checks.Equal(new byte[2].Concat(One).ToArray(), store.Get(Checks.Text("2")));
        }
    }

    public static void WhatAMigrationThrowsComesOutUnchanged(string directory)
    {
        using (Store store = StoreTest.Open(directory))
        {
            store.Put(Key, One);
            var own = new Own();
            Checks.That(ReferenceEquals(own, Checks.Thrown<Own>(
                () => store.Migrate((key, value) => { throw own; }))));
            Checks.That(ReferenceEquals(own, Checks.Thrown<Own>(() => store.Migrate(
                (key, value) => MigrateAction.Keep, (done, total, token) => { throw own; }))));
            Checks.Thrown<BusyException>(() => store.Migrate((key, value) =>
            {
                store.Put(key, Two);
                return MigrateAction.Keep;
            }));
            Checks.Thrown<ArgumentNullException>(
                () => store.Migrate((key, value) => MigrateAction.Update(null)));
            Checks.Thrown<ArgumentNullException>(
                () => store.Migrate((key, value) => MigrateAction.Keep, null));
            Checks.Thrown<InvalidArgumentException>(() => store.Migrate(
                (key, value) => MigrateAction.Keep, (done, total, token) => true, One));
            Checks.Equal(One, store.Get(Key));
            Checks.Equal(1L, store.Migrate((key, value) => MigrateAction.Update(new byte[100000])));
            Checks.Equal(new byte[100000], store.Get(Key));
            Checks.Equal(1L, store.Migrate((key, value) => MigrateAction.Update(new byte[0])));
            Checks.Equal(0, store.Get(Key).Length);
        }
    }

    public static void CursorsGoOnFromTokens(string directory)
    {
        var seen = new HashSet<string>();
        using (Store store = StoreTest.Open(directory))
        {
            for (int i = 0; i < 300; i++)
            {
                store.Put(Checks.Text("k" + i), One);
            }
        }
        byte[] token = null;
        for (bool isDone = false; !isDone;)
        {
            using (Store store = StoreTest.Open(directory))
            using (Cursor cursor = store.OpenCursor(
                new CursorOptions { Token = token, Prefix = Checks.Text("k") }))
            {
                for (int i = 0; i < 70 && !isDone; i++)
                {
                    isDone = !cursor.Next();
                    Checks.That(isDone || seen.Add(Encoding.ASCII.GetString(cursor.GetKey())));
                }
                token = cursor.GetToken();
            }
        }
        Checks.Equal(300, seen.Count);
        using (Store other = Store.Open(Path.Combine(directory, "other")))
        {
            Checks.Thrown<InvalidArgumentException>(
                () => other.OpenCursor(new CursorOptions { Token = token }));
        }
    }
}

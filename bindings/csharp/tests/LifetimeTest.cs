using System;
using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Threading;
using Stave;

// Batches, cursors, pins, and what outlives what.
internal static class LifetimeTest
{
    private static readonly byte[] Key = Checks.Text("a key of 16 byte");
    private static readonly byte[] Value = Checks.Text("a value that has 24 byte");

    public static void BatchesAreAtomic(string directory)
    {
        using (Store store = StoreTest.Open(directory))
        using (var batch = new Batch())
        {
            store.Write(batch);
            batch.RequireAbsent(Key).Put(Key, Value);
            store.Write(batch);
            var mismatch = Checks.Thrown<MismatchException>(() => store.Write(batch));
            Checks.Equal(0L, mismatch.Position);
            batch.Clear();
            batch.Put(Checks.Text("other"), Value).RequireExists(Key)
                .RequireEqual(Key, Checks.Text("wrong"));
            Checks.Equal(3L, batch.Count);
            Checks.That(!store.TryWrite(batch, out long position));
            Checks.Equal(2L, position);
            Checks.Equal(1L, store.Count);
            batch.Clear();
            batch.Remove(Key).Remove(Checks.Text("absent"));
            Checks.That(store.TryWrite(batch, out position, new WriteOptions()));
            Checks.Equal(-1L, position);
            Checks.Equal(0L, store.Count);
            Checks.Thrown<TooLargeException>(() => batch.Put(new byte[65536], Value));
            Checks.Equal(2L, batch.Count);
        }
    }

    public static void CursorsVisitEachRecordOnce(string directory)
    {
        using (Store store = StoreTest.Open(directory))
        {
            var expected = new HashSet<string>();
            for (int i = 0; i < 1000; i++)
            {
                string key = (i % 2 == 0 ? "even" : "odd") + i;
                store.Put(Checks.Text(key), new byte[i]);
                expected.Add(key);
            }
            var seen = new HashSet<string>();
            foreach (KeyValuePair<byte[], byte[]> record in store)
            {
                string key = System.Text.Encoding.ASCII.GetString(record.Key);
                Checks.That(seen.Add(key));
                Checks.Equal(int.Parse(key.TrimStart('e', 'v', 'n', 'o', 'd')), record.Value.Length);
            }
            Checks.That(expected.SetEquals(seen));
            var odd = new CursorOptions { Prefix = Checks.Text("odd"), KeysOnly = true };
            Checks.Equal(500, store.OpenCursor(odd).Count(record => record.Value.Length == 0));
            using (Cursor cursor = store.OpenCursor())
            {
                Checks.Thrown<InvalidArgumentException>(() => cursor.GetKey());
                Checks.That(cursor.Next());
                Checks.Equal(store.Get(cursor.GetKey()), cursor.GetValue());
                int count = 1;
                for (var some = cursor.NextMany(7, 1000); some.Count > 0;
                    some = cursor.NextMany(7, 1000))
                {
                    Checks.That(some.Count <= 7);
                    count += some.Count;
                }
                Checks.Equal(1000, count);
                Checks.That(!cursor.Next());
                Checks.Thrown<InvalidArgumentException>(() => cursor.GetValue());
                Checks.Thrown<ArgumentOutOfRangeException>(() => cursor.NextMany(-1, 1));
                Checks.Thrown<ArgumentOutOfRangeException>(() => cursor.NextMany(1, -1));
            }
        }
    }

    public static void EveryCallAfterCloseIsClosed(string directory)
    {
        Store store = StoreTest.Open(directory);
        store.Put(Key, Value);
        Checks.That(store.TryGetPin(Key, out Pin pin));
        Cursor cursor = store.OpenCursor();
        IEnumerator<KeyValuePair<byte[], byte[]>> enumerator = store.GetEnumerator();
        store.Close();
        store.Close();
        store.Dispose();
        Checks.Equal(Value, pin.ToArray());
        pin.Dispose();
        pin.Dispose();
        Checks.Thrown<ClosedException>(() => enumerator.MoveNext());
        var batch = new Batch();
        ExpectClosed(cursor, batch); // by the store
        ExpectClosed(store, batch);
        Checks.Thrown<ClosedException>(() => store.Put(default(ReadOnlySpan<byte>), Value));
        cursor.Dispose();
        batch.Dispose();
        batch.Dispose();
        cursor.Dispose();
        ExpectClosed(cursor, batch);
        ExpectClosed(batch, batch);
        ExpectClosed(pin, batch);
        Checks.Thrown<ClosedException>(() => pin.Span.ToArray());
        Checks.Thrown<ClosedException>(() => pin.CopyTo(new byte[9]));
    }

    public static void EveryCallOfAClosedIndexIsClosed(string directory)
    {
        var index = new HashIndex();
        index.Put(Key, 1);
        HashIndexCursor cursor = index.OpenCursor();
        index.Close();
        index.Dispose();
        ExpectClosed(cursor, null); // by the index
        Checks.Thrown<ClosedException>(() => index.Put(default(ReadOnlySpan<byte>), 1));
        Checks.Thrown<ClosedException>(() => index.GetEnumerator().MoveNext());
        cursor.Dispose();
        cursor.Dispose();
        ExpectClosed(cursor, null);
        ExpectClosed(index, null);
    }

    public static void EveryCallOfAClosedDiskIndexIsClosed(string directory)
    {
        DiskIndex index = DiskIndex.Open(Path.Combine(directory, "index"));
        DiskIndexCursor cursor = index.OpenCursor();
        index.Close();
        index.Dispose();
        Checks.Thrown<ClosedException>(() => index.Put(
            default(ReadOnlySpan<byte>), default(ReadOnlySpan<byte>)));
        ExpectClosed(index, null);
        ExpectClosed(cursor, null); // by the index
        cursor.Dispose();
        cursor.Dispose();
        ExpectClosed(cursor, null);
    }

    public static void EveryCallOfAClosedMapIsClosed(string directory)
    {
        var map = new CowMap();
        var other = new CowMap();
        map.Put(1, Value);
        Checks.That(map.TryGetPin(1, out Pin pin));
        CowMapCursor cursor = map.OpenCursor();
        CowMapDiff[] diffs = { map.Diff(other), other.Diff(map), map.Diff(map) };
        IEnumerator<KeyValuePair<long, byte[]>> enumerator = map.GetEnumerator();
        IEnumerable<byte[]> values = map.Values;
        map.Close();
        map.Dispose();
        Checks.Thrown<ClosedException>(() => enumerator.MoveNext());
        Checks.Thrown<ClosedException>(() => values.Any());
        Checks.Thrown<ClosedException>(() => map.TryGetValue(1, default(Span<byte>), out int _));
        Checks.Thrown<ClosedException>(() => map.Put(1, default(ReadOnlySpan<byte>)));
        Checks.Thrown<ClosedException>(() => other.Diff(map));
        ExpectClosed(map, null);
        ExpectClosed(cursor, null); // by the map
        cursor.Dispose();
        cursor.Dispose();
        ExpectClosed(cursor, null);
        foreach (CowMapDiff diff in diffs)
        {
            ExpectClosed(diff, null);
            diff.Dispose();
            diff.Dispose();
            ExpectClosed(diff, null);
        }
        Checks.Equal(Value, pin.ToArray());
        pin.Dispose();
        other.Close();
    }

    // Calls every public method and property, but those that close, with arguments that are fine.
    internal static void ExpectClosed(object target, Batch batch)
    {
        foreach (MethodInfo method in Callable(target.GetType()))
        {
            if (method.Name == "GetEnumerator" && !(target is Store || target is HashIndex ||
                target is CowMap || target is DiskIndex || target is MemtableView))
            {
                continue; // it begins with the first record
            }
            Exception thrown = Invoke(target, method, Arguments(method, batch));
            if (!(thrown is ClosedException))
            {
                throw new InvalidOperationException(method + " threw " + thrown);
            }
        }
    }

    public static void NullIsRefusedEverywhere(string directory)
    {
        using (Store store = StoreTest.Open(directory))
        using (var batch = new Batch())
        using (var index = new HashIndex())
        using (var map = new CowMap())
        using (DiskIndex diskIndex = DiskIndex.Open(Path.Combine(directory, "index")))
        using (var table = new Memtable())
        using (MemtableTransaction transaction = table.Begin())
        using (MemtableSnapshot snapshot = table.OpenSnapshot())
        {
            var targets = new object[]
            {
                store, batch, new StoreOptions(), index, new HashIndexOptions(), map,
                new CowMapOptions(), diskIndex, new DiskIndexOptions(), table, transaction, snapshot,
                new MemtableOptions(),
            };
            foreach (object target in targets)
            {
                foreach (MethodInfo method in Callable(target.GetType()))
                {
                    ExpectNullRefused(target, method, batch);
                }
            }
            Checks.Equal(0L, store.Count + batch.Count + index.Count + map.Count + diskIndex.Count);
        }
        Checks.Thrown<ArgumentNullException>(() => new CowMap(null));
        Checks.Thrown<ArgumentNullException>(() => CowMapOptions.Parse(null));
        Checks.Thrown<ArgumentNullException>(() => new HashIndex(null));
        Checks.Thrown<ArgumentNullException>(() => new HashIndex(new HashIndexOptions(), null));
        Checks.Thrown<ArgumentNullException>(() => new HashIndexResolver(null));
        Checks.Thrown<ArgumentNullException>(() => HashIndexOptions.Parse(null));
        Checks.Thrown<ArgumentNullException>(() => Store.Open(null));
        Checks.Thrown<ArgumentNullException>(() => Store.Open(directory, null));
        Checks.Thrown<ArgumentNullException>(() => StoreOptions.Parse(null));
    }

    private static void ExpectNullRefused(object target, MethodInfo method, Batch batch)
    {
        ParameterInfo[] parameters = method.GetParameters();
        for (int i = 0; i < parameters.Length; i++)
        {
            if (parameters[i].ParameterType.IsValueType || parameters[i].IsOut)
            {
                continue;
            }
            object[] arguments = Arguments(method, batch);
            arguments[i] = null;
            Exception thrown = Invoke(target, method, arguments);
            if (!(thrown is ArgumentNullException))
            {
                throw new InvalidOperationException(
                    method + " of null at " + i + " threw " + thrown);
            }
        }
    }

    // Reflection cannot pass spans: the overloads that take them are called elsewhere.
    private static IEnumerable<MethodInfo> Callable(Type type)
    {
        return type.GetMethods(BindingFlags.Instance | BindingFlags.Public)
            .Where(method => method.DeclaringType.Assembly == type.Assembly &&
                method.Name != "Dispose" && method.Name != "Close" && method.Name != "ToString" &&
                !method.Name.StartsWith("set_") &&
                !method.ReturnType.Name.Contains("Span") &&
                !method.GetParameters().Any(
                    parameter => parameter.ParameterType.Name.Contains("Span")));
    }

    private static object[] Arguments(MethodInfo method, Batch batch)
    {
        return method.GetParameters().Select(parameter =>
        {
            Type type = parameter.ParameterType;
            return type == typeof(byte[]) ? Key
                : type == typeof(int) ? 1
                : type == typeof(ulong) ? 1UL
                : type == typeof(Batch) ? batch
                : type == typeof(string) ? "durability=os"
                : type == typeof(IEnumerable<byte[]>) ? new[] { Key }
                : type == typeof(IEnumerable<long>) ? new[] { 1L }
                : type == typeof(CowMap) ? new CowMap()
                : type == typeof(Func<byte[]>) ? new Func<byte[]>(() => Value)
                : type == typeof(Func<byte[], byte[]>) ? new Func<byte[], byte[]>(value => value)
                : type == typeof(IEnumerable<KeyValuePair<byte[], byte[]>>)
                    ? new[] { new KeyValuePair<byte[], byte[]>(Key, Value) }
                : type == typeof(IEnumerable<KeyValuePair<long, byte[]>>)
                    ? new[] { new KeyValuePair<long, byte[]>(1, Value) }
                : type == typeof(ICollection<bool>) ? new List<bool>()
                : type == typeof(IEnumerable<MemtableRecord>)
                    ? new[] { new MemtableRecord(Key, Value) }
                : type == typeof(IEnumerable<KeyValuePair<byte[], ulong>>)
                    ? new[] { new KeyValuePair<byte[], ulong>(Key, 1) }
                : type == typeof(VerifyProgress) ? new VerifyProgress((done, total) => true)
                : type == typeof(ValueReader) ? new ValueReader(value => { })
                : type == typeof(Action<MemtableTransaction>)
                    ? new Action<MemtableTransaction>(transaction => { })
                : type == typeof(Action<Atomic>) ? new Action<Atomic>(atomic => { })
                : type == typeof(StoreHook) ? new StoreHook(change => { })
                : type == typeof(Migration)
                    ? new Migration((key, value) => MigrateAction.Keep)
                : type == typeof(ValueList) ? new ValueList()
                : type == typeof(IBufferWriter<byte>) ? new NoWriter()
                : type.IsValueType ? Activator.CreateInstance(type) : (object)null;
        }).ToArray();
    }

    // Null when nothing was thrown.
    private static Exception Invoke(object target, MethodInfo method, object[] arguments)
    {
        try
        {
            method.Invoke(target, arguments);
            return null;
        }
        catch (TargetInvocationException exception)
        {
            return exception.InnerException;
        }
    }

    private sealed class NoWriter : IBufferWriter<byte>
    {
        public void Advance(int count) { }

        public Memory<byte> GetMemory(int sizeHint = 0) => new byte[sizeHint + 1];

        public Span<byte> GetSpan(int sizeHint = 0) => new byte[sizeHint + 1];
    }

    public static void PinsOutliveAll(string directory)
    {
        Pin pin;
        using (Store store = StoreTest.Open(directory))
        {
            store.Put(Key, new byte[100000]);
            Checks.That(store.TryGetPin(Key, out pin));
            store.Put(Key, Value);
            store.Remove(Key);
        }
        Checks.CollectGarbage();
        Checks.Equal(new byte[100000], pin.ToArray());
        pin.Dispose();
    }

    public static void CloseWhileOthersAreInside(string directory)
    {
        for (int round = 0; round < 20; round++)
        {
            Store store = Store.Open(Path.Combine(directory, "s" + round),
                StoreOptions.Parse("durability=memory"));
            Cursor cursor = store.OpenCursor();
            var started = new CountdownEvent(4);
            Thread[] threads = Enumerable.Range(0, 4).Select(number => new Thread(() =>
            {
                for (int i = 0; ; i++)
                {
                    try
                    {
                        store.Put(BitConverter.GetBytes(i % 100), Value);
                        store.TryGet(BitConverter.GetBytes(i % 99), out _);
                        cursor.Next();
                    }
                    catch (ClosedException)
                    {
                        return;
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
            if (round % 2 == 0)
            {
                cursor.Dispose();
            }
            store.Dispose();
            Array.ForEach(threads, thread => thread.Join());
            cursor.Dispose();
        }
    }

    public static void GarbageIsFreedInAnyOrder(string directory)
    {
        for (int round = 0; round < 10; round++)
        {
            Drop(Path.Combine(directory, "s" + round));
        }
        Checks.Equal(0L, Checks.CollectGarbage());
        // Closed, therefore unlocked.
        using (Store store = Store.Open(Path.Combine(directory, "s0")))
        {
            Checks.Equal(Value, store.Get(Key));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Drop(string path)
    {
        Store store = Store.Open(path);
        store.Put(Key, Value);
        Cursor cursor = store.OpenCursor();
        cursor.Next();
        store.GetEnumerator().MoveNext();
        store.TryGetPin(Key, out Pin pin);
        new Batch().Put(Key, Value);
        Checks.That(pin.Length > 0 && StaveLibrary.LiveHandles >= 4);
    }

    // The call's own reference is the last one.
    public static void NothingIsFreedUnderARunningCall(string directory)
    {
        for (int i = 0; i < 20; i++)
        {
            VerifyAndForget(Path.Combine(directory, "s" + i));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void VerifyAndForget(string path)
    {
        Store store = Store.Open(path, StoreOptions.Parse("durability=memory"));
        store.Put(Key, Value);
        store.Verify((done, total) =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return true;
        });
    }
}

using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using Stave;

// What the conformance scripts cannot say of memtables: exceptions, enumerators, spans, threads, and what the
// collector may take.
internal static class MemtableTest
{
    internal static readonly byte[] A = Checks.Text("a");
    internal static readonly byte[] B = Checks.Text("b");
    internal static readonly byte[] C = Checks.Text("c");
    internal static readonly byte[] One = Checks.Text("one");
    internal static readonly byte[] Two = Checks.Text("two");

    internal static Memtable NewExplicit()
    {
        return new Memtable(new MemtableOptions { Timestamps = TimestampMode.Explicit });
    }

    public static void TransactionsSeeOneMomentAndTheirWrites(string directory)
    {
        using (var table = new Memtable())
        {
            using (MemtableTransaction transaction = table.Begin())
            {
                transaction.Put(A, One);
                transaction.Put(new ReadOnlySpan<byte>(B), new ReadOnlySpan<byte>(One));
                Checks.Equal(2, transaction.Count());
                Checks.Equal(0L, table.Count);
                Checks.Equal(1UL, transaction.Commit());
                Checks.Thrown<ClosedException>(() => transaction.Put(A, Two));
                Checks.Thrown<ClosedException>(() => transaction.Commit());
            }
            using (MemtableSnapshot snapshot = table.OpenSnapshot())
            using (MemtableTransaction first = table.Begin())
            using (MemtableTransaction second = table.Begin())
            {
                Checks.That(first.Id != second.Id && first.Timestamp == snapshot.Timestamp);
                first.Put(A, Two);
                first.Remove(B);
                Checks.Thrown<ConflictException>(() => second.Put(A, One));
                Checks.Thrown<ConflictException>(() => second.Remove(new ReadOnlySpan<byte>(B)));
                first.Commit();
                Checks.Thrown<ConflictException>(() => second.Remove(A));
                second.Put(C, One);
                Checks.Equal(One, second.Get(A));
                second.Rollback();
                Checks.Equal(2, snapshot.Count());
                Checks.Equal(One, snapshot.Get(A));
                Checks.Equal(2L, table.GetStats().Snapshots + table.Count);
                Checks.Thrown<BusyException>(table.Clear);
            }
            using (MemtableTransaction forgotten = table.Begin())
            {
                forgotten.Put(C, One);
            }
            using (MemtableSnapshot snapshot = table.OpenSnapshot())
            {
                MemtableRecord record = snapshot.Single();
                Checks.Equal(A, record.Key);
                Checks.Equal(Two, record.Value);
            }
            table.Prune();
            table.Clear();
            Checks.That(table.IsEmpty && table.GetStats().Versions == 0);
        }
    }

    public static void TransactCommitsUnlessItsBodyThrows(string directory)
    {
        using (var table = new Memtable())
        {
            Checks.Equal(0UL, table.Transact(transaction => { }));
            Checks.Equal(1UL, table.Transact(transaction => transaction.Put(A, One)));
            MemtableTransaction kept = null;
            Checks.Thrown<OwnException>(() => table.Transact(transaction =>
            {
                kept = transaction;
                transaction.Put(A, Two);
                throw new OwnException();
            }));
            Checks.Thrown<ClosedException>(() => kept.Get(A));
            Checks.Thrown<ConflictException>(() => table.Transact(transaction =>
            {
                transaction.Put(B, Two);
                table.Transact(other => other.Put(A, Two));
                transaction.Put(A, One);
            }));
            Checks.Thrown<ClosedException>(
                () => table.Transact(transaction => transaction.Rollback()));
            using (MemtableSnapshot snapshot = table.OpenSnapshot())
            {
                Checks.Equal(Two, snapshot.Single().Value);
            }
        }
    }

    public static void ManyWritesSayHowManyWereMade(string directory)
    {
        using (var table = new Memtable())
        using (MemtableTransaction first = table.Begin())
        using (MemtableTransaction second = table.Begin())
        {
            var records = new[]
            {
                new MemtableRecord(A, One), MemtableRecord.Tombstone(B), new MemtableRecord(C, new byte[0]),
            };
            Checks.Equal(0L, first.MultiWrite(new MemtableRecord[0]));
            second.Remove(B);
            Checks.Equal(1L, Checks.Thrown<ConflictException>(() => first.MultiWrite(records)).Written);
            Checks.Equal(0L, Checks.Thrown<ConflictException>(() => first.Put(B, One)).Written);
            second.Dispose();
            Checks.Equal(3L, first.MultiWrite(records));
            byte[][] values = first.MultiGet(new[] { A, B, C });
            Checks.Equal(One, values[0]);
            Checks.That(values[1] == null && values[2].Length == 0);
            Checks.Thrown<ArgumentException>(() => first.MultiWrite(new MemtableRecord[1]));
            Checks.Thrown<ArgumentException>(() => first.MultiGet(new[] { A, null }));
            Checks.Thrown<ArgumentNullException>(() => new MemtableRecord(null, A));
            Checks.Thrown<ArgumentNullException>(() => new MemtableRecord(A, null));
            Checks.Thrown<ArgumentNullException>(() => MemtableRecord.Tombstone(null));
            Checks.Thrown<TooLargeException>(() => first.Put(new byte[65536], One));
        }
    }

    public static void EveryWayToRead(string directory)
    {
        using (var table = new Memtable())
        {
            var large = new byte[100000];
            new Random(1).NextBytes(large);
            byte[][] values = { One, new byte[0], large, new byte[57], new byte[513] };
            MemtableTransaction transaction = table.Begin();
            transaction.MultiWrite(
                values.Select((value, i) => new MemtableRecord(new[] { (byte)i }, value)));
            ReadAll(transaction, values);
            transaction.Commit();
            using (MemtableSnapshot snapshot = table.OpenSnapshot())
            {
                ReadAll(snapshot, values);
            }
        }
    }

    private static void ReadAll(MemtableView view, byte[][] values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            byte[] key = { (byte)i };
            Checks.That(view.Contains(key) && view.Contains(new ReadOnlySpan<byte>(key)));
            Checks.Equal(values[i], view.Get(key));
            Checks.Equal(values[i], view.Get(new ReadOnlySpan<byte>(key)));
            var room = new byte[100001];
            Checks.That(view.TryGet(key, room, out int size));
            Checks.Equal(values[i], room.AsSpan(0, size).ToArray());
            Checks.That(view.TryGet(key, room.AsSpan(), out size));
            Checks.Equal(values[i].Length, size);
            var writer = new BytesTest.Writer();
            Checks.That(view.TryGet(key, writer));
            Checks.Equal(values[i], writer.Written);
            Checks.That(view.TryGetPin(key, out Pin pin));
            using (pin)
            {
                Checks.Equal(values[i], pin.ToArray());
            }
        }
        byte[] absent = { 99 };
        Checks.That(!view.TryGet(absent, out byte[] none) && none == null);
        Checks.That(!view.TryGetPin(absent, out Pin noPin) && noPin == null);
        Checks.That(!view.TryGet(absent, new byte[1], out int noSize) && noSize == 0);
        Checks.That(!view.Contains(absent));
        Checks.Thrown<NotFoundException>(() => view.Get(absent));
        var small = Checks.Thrown<BufferTooSmallException>(
            () => view.TryGet(new byte[] { 2 }, new byte[99], out int _));
        Checks.Equal(100000L, small.NeededSize);
        var list = new ValueList();
        view.MultiGet(new List<byte[]> { new byte[] { 0 }, absent }, list);
        Checks.That(list.Count == 2 && list.Exists(0) && !list.Exists(1) && !list.IsDeleted(1));
        Checks.Equal(One, list.Get(0).ToArray());
        Checks.Equal(values.Length, view.Count());
    }

    internal sealed class OwnException : Exception
    {
    }

    public static void Cursors(string directory)
    {
        using (var table = new Memtable())
        {
            MemtableTransaction transaction = table.Begin();
            for (int i = 0; i < 1000; i++)
            {
                transaction.Put(Checks.Text((i % 2 == 0 ? "even" : "odd") + i), BitConverter.GetBytes(i));
            }
            transaction.Commit();
            MemtableSnapshot snapshot = table.OpenSnapshot();
            MemtableCursor cursor = snapshot.OpenCursor();
            using (MemtableTransaction later = table.Begin())
            {
                Checks.That(later.ToArray().Select(record => record.Key).All(key =>
                {
                    later.Remove(key);
                    return !later.Contains(key);
                }));
                later.Commit();
            }
            Checks.Thrown<InvalidArgumentException>(() => cursor.GetKey());
            Checks.That(cursor.Next() && !cursor.IsDeleted);
            var seen = new HashSet<int> { BitConverter.ToInt32(cursor.GetValue(), 0) };
            Checks.That(cursor.GetKey().Length > 3);
            for (var some = cursor.NextMany(7, 1000); some.Count > 0; some = cursor.NextMany(7, 1000))
            {
                Checks.That(some.Count <= 7 &&
                    some.All(record => seen.Add(BitConverter.ToInt32(record.Value, 0))));
            }
            Checks.Equal(1000, seen.Count);
            Checks.That(!cursor.Next());
            Checks.Thrown<ArgumentOutOfRangeException>(() => cursor.NextMany(-1, 1));
            Checks.Thrown<ArgumentOutOfRangeException>(() => cursor.NextMany(1, -1));
            snapshot.Dispose();
            Checks.Thrown<ClosedException>(() => cursor.Next());
            Checks.Equal(1L, table.GetStats().Snapshots); // the cursor's
            cursor.Dispose();
            Checks.Equal(0L, table.GetStats().Snapshots);
        }
        using (Memtable table = NewExplicit())
        {
            table.MultiWrite(
                new[] { new MemtableRecord(A, One), MemtableRecord.Tombstone(B) }, 1);
            Checks.Equal(0, table.OpenCursor(9).Count());
            Checks.Equal(A, table.OpenCursor(9, 1).Single().Key);
            var all = new MemtableCursorOptions { Tombstones = true, KeysOnly = true };
            MemtableRecord[] records =
                table.OpenCursor(9, 1, all).OrderBy(record => record.Key[0]).ToArray();
            Checks.That(!records[0].IsDeleted && records[0].Value.Length == 0);
            Checks.That(records[1].IsDeleted && records.Length == 2);
            all.Prefix = B;
            using (MemtableCursor cursor = table.OpenCursor(9, 1, all))
            {
                Checks.That(cursor.Next() && cursor.IsDeleted && cursor.GetValue().Length == 0);
                Checks.That(!cursor.Next());
            }
        }
    }

    public static void Options(string directory)
    {
        MemtableOptions options = MemtableOptions.Parse("timestamps=explicit, capacity=100");
        options.Background = false;
        Checks.That(options.Timestamps == TimestampMode.Explicit && options.Capacity == 100);
        Checks.Equal("timestamps=explicit capacity=100 background=0", options.ToString());
        Checks.Thrown<InvalidArgumentException>(() => options.Set("timestamps=wall"));
        Checks.That(MemtableOptions.Describe().StartsWith("timestamps="));
        using (var table = new Memtable(options))
        {
            Checks.Equal(options.ToString(), table.Options.ToString());
            Checks.That(table.SizeBytes >= 0);
        }
        Checks.Thrown<InvalidArgumentException>(
            () => new Memtable(new MemtableOptions { Timestamps = (TimestampMode)9 }));
        Checks.Thrown<ArgumentNullException>(() => new Memtable(null));
        Checks.Thrown<ArgumentNullException>(() => MemtableOptions.Parse(null));
    }

    public static void EveryCallAfterTheEndIsClosed(string directory)
    {
        Memtable[] tables = { new Memtable(), NewExplicit() };
        MemtableTransaction[] transactions =
            Enumerable.Range(0, 4).Select(i => tables[0].Begin()).ToArray();
        MemtableSnapshot[] snapshots = { tables[0].OpenSnapshot(), tables[0].OpenSnapshot() };
        var cursors = new List<MemtableCursor> { tables[1].OpenCursor(1) };
        cursors.AddRange(transactions.Select(transaction => transaction.OpenCursor()));
        cursors.AddRange(snapshots.Select(snapshot => snapshot.OpenCursor()));
        transactions[0].Put(A, One);
        Checks.That(transactions[0].TryGetPin(A, out Pin pin));
        transactions[0].Commit();
        transactions[1].Rollback();
        transactions[2].Dispose();
        snapshots[0].Dispose();
        foreach (MemtableTransaction ended in transactions.Take(3))
        {
            LifetimeTest.ExpectClosed(ended, null);
        }
        LifetimeTest.ExpectClosed(snapshots[0], null);
        Checks.Thrown<ClosedException>(() => cursors[1].Next());
        Checks.Thrown<ClosedException>(() => cursors[3].Next());
        Array.ForEach(tables, table => table.Close());
        Array.ForEach(tables, table => table.Dispose());
        // From any thread.
        Exception failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                var all = tables.Concat<object>(transactions).Concat(snapshots).Concat(cursors).ToList();
                all.ForEach(one => LifetimeTest.ExpectClosed(one, null));
                all.ForEach(one => ((IDisposable)one).Dispose());
                all.ForEach(one => ((IDisposable)one).Dispose());
                all.ForEach(one => LifetimeTest.ExpectClosed(one, null));
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        Checks.Equal(null, failure);
        Checks.Thrown<ClosedException>(() => transactions[3].Remove(default(ReadOnlySpan<byte>)));
        Checks.Thrown<ClosedException>(
            () => snapshots[1].TryGet(default(ReadOnlySpan<byte>), default(Span<byte>), out int _));
        Checks.Thrown<ClosedException>(() => tables[1].WriteTombstone(default(ReadOnlySpan<byte>), 1));
        Checks.Equal(One, pin.ToArray());
        pin.Dispose();
    }

    public static void GarbageIsFreedInAnyOrder(string directory)
    {
        for (int i = 0; i < 10; i++)
        {
            UseAndForget();
        }
        Checks.Equal(0L, Checks.CollectGarbage());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void UseAndForget()
    {
        var table = new Memtable();
        table.Begin().Put(A, One);
        MemtableTransaction transaction = table.Begin();
        transaction.Put(B, new byte[100]);
        transaction.TryGetPin(B, out Pin pin);
        transaction.OpenCursor().Next();
        transaction.GetEnumerator().MoveNext();
        table.OpenSnapshot().OpenCursor().Next();
        Checks.That(pin.Length == 100);
        // The call's own reference is the last one.
        NewExplicit().ReadWith(A, 1, value => { });
        Memtable explicitTable = NewExplicit();
        explicitTable.Write(A, One, 1);
        ReadAndForget(explicitTable);
    }

    private static void ReadAndForget(Memtable table)
    {
        table.ReadWith(A, 1, value =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Checks.Equal(One, value.ToArray());
        }, 1);
    }

    // It is rolled back by the collector, and another one may write the key.
    public static void AForgottenTransactionGivesItsKeysBack(string directory)
    {
        using (var table = new Memtable())
        {
            BeginAndForget(table);
            Checks.That(!table.IsEmpty);
            Checks.Equal(1L, Checks.CollectGarbage(1));
            Checks.That(table.IsEmpty);
            using (MemtableTransaction transaction = table.Begin())
            {
                transaction.Put(A, Two);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BeginAndForget(Memtable table)
    {
        table.Begin().Put(A, One);
    }
}

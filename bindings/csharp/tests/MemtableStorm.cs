using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Stave;

// The storm of memtables: transactions, snapshots and cursors that several threads use at the same time, that
// are ended under each other or dropped, and tables that are closed or dropped under all of them. Keys come
// in pairs, which a transaction gives the same value: whoever sees two values has seen half a commit.
internal sealed class MemtableStorm
{
    private const int Pairs = 50;

    private readonly StormThreads threads = new StormThreads();
    private Memtable managed = new Memtable();
    private Memtable timed = NewExplicit();
    private MemtableTransaction transaction;
    private MemtableSnapshot snapshot;
    private MemtableCursor cursor;
    private long clock;
    private long conflicts;
    private long commits;

    internal static bool Run()
    {
        return StormThreads.NothingLeft(new MemtableStorm().RunAll());
    }

    private bool RunAll()
    {
        threads.Run(Work);
        managed = null;
        timed = null;
        transaction = null;
        snapshot = null;
        cursor = null;
        bool passed = threads.Passed(conflicts + " conflicts, " + commits + " commits");
        return passed && conflicts > 0 && commits > 0;
    }

    private static Memtable NewExplicit()
    {
        return new Memtable(new MemtableOptions { Timestamps = TimestampMode.Explicit });
    }

    private void Work(Random random)
    {
        try
        {
            Call(random);
        }
        catch (ConflictException)
        {
            Interlocked.Increment(ref conflicts);
        }
    }

    private void Call(Random random)
    {
        int choice = random.Next(1000);
        if (choice < 5)
        {
            Replace(random);
        }
        else if (choice < 300)
        {
            Commit(random, Volatile.Read(ref managed));
        }
        else if (choice < 350)
        {
            Share(random, Volatile.Read(ref managed));
        }
        else if (choice < 550)
        {
            UseShared(random);
        }
        else if (choice < 560)
        {
            Sweep(random);
        }
        else
        {
            UseTimed(random, Volatile.Read(ref timed));
        }
    }

    // Puts another table in one's place; the old one is closed, or the collector's.
    private void Replace(Random random)
    {
        Memtable old = random.Next(2) == 0
            ? Interlocked.Exchange(ref managed, new Memtable())
            : Interlocked.Exchange(ref timed, NewExplicit());
        switch (random.Next(4))
        {
            case 0:
            case 1: old.Close(); break;
            case 2: GC.Collect(); break;
        }
    }

    private void Commit(Random random, Memtable table)
    {
        using (MemtableTransaction own = table.Begin())
        {
            WritePair(random, own);
            if (random.Next(4) > 0)
            {
                own.Commit();
                Interlocked.Increment(ref commits);
            }
        }
    }

    private static void WritePair(Random random, MemtableTransaction own)
    {
        int pair = random.Next(Pairs);
        byte[] value = NewValue(random, pair);
        switch (random.Next(4))
        {
            case 0:
                own.Remove(Key(pair, 0));
                own.Remove(Key(pair, 1));
                break;
            case 1:
                own.Put(Key(pair, 0), value);
                own.Put(Key(pair, 1), value);
                break;
            default:
                own.MultiWrite(new[]
                {
                    new MemtableRecord(Key(pair, 0), value), new MemtableRecord(Key(pair, 1), value),
                });
                break;
        }
    }

    // Opens what others will use; what was there is ended, also while they use it, or the collector's.
    private void Share(Random random, Memtable table)
    {
        IDisposable old;
        switch (random.Next(3))
        {
            case 0:
                old = Interlocked.Exchange(ref transaction, table.Begin());
                break;
            case 1:
                old = Interlocked.Exchange(ref snapshot, table.OpenSnapshot());
                break;
            default:
                MemtableTransaction owner = Volatile.Read(ref transaction);
                old = Interlocked.Exchange(ref cursor, owner != null && random.Next(2) == 0
                    ? owner.OpenCursor() : table.OpenSnapshot().OpenCursor());
                break;
        }
        if (random.Next(3) > 0)
        {
            old?.Dispose();
        }
    }

    private void UseShared(Random random)
    {
        MemtableTransaction shared = Volatile.Read(ref transaction);
        MemtableSnapshot moment = Volatile.Read(ref snapshot);
        switch (random.Next(8))
        {
            case 0:
                // Its writes are never committed: several threads write halves of pairs.
                shared?.Put(Key(random.Next(Pairs), 0), new byte[8]);
                break;
            case 1:
                shared?.TryGet(Key(random.Next(Pairs), random.Next(2)), out byte[] _);
                break;
            case 2:
                if (random.Next(20) == 0)
                {
                    shared?.Rollback();
                }
                break;
            case 3:
                foreach (MemtableRecord record in Volatile.Read(ref cursor)?.NextMany(20, 1000) ??
                    new MemtableRecord[0])
                {
                    Checks.Equal(8, record.Value.Length);
                }
                break;
            case 4:
                if (moment != null)
                {
                    CheckAll(moment);
                }
                break;
            case 5:
                if (moment != null && moment.TryGetPin(Key(random.Next(Pairs), 0), out Pin pin))
                {
                    Checks.Equal(8, pin.ToArray().Length); // and leaves it to the collector
                }
                break;
            default:
                if (moment != null)
                {
                    CheckPair(moment, random.Next(Pairs));
                }
                break;
        }
    }

    private static void CheckPair(MemtableView view, int pair)
    {
        byte[][] values = view.MultiGet(new[] { Key(pair, 0), Key(pair, 1) });
        Checks.Equal(values[0], values[1]);
        Checks.That(values[0] == null || values[0][0] == pair);
    }

    private static void CheckAll(MemtableView view)
    {
        Dictionary<int, byte[]> all = view.ToDictionary(
            record => record.Key[0] * 2 + record.Key[1], record => record.Value);
        foreach (KeyValuePair<int, byte[]> one in all)
        {
            Checks.Equal(one.Value, all[one.Key ^ 1]);
        }
    }

    // What concerns a whole table.
    private void Sweep(Random random)
    {
        Memtable table = Volatile.Read(ref managed);
        switch (random.Next(4))
        {
            case 0: table.Prune(); break;
            case 1: Checks.That(table.GetStats().Rows >= 0); break;
            case 2: Volatile.Read(ref timed).Prune((ulong)Volatile.Read(ref clock)); break;
            default:
                try
                {
                    table.Clear();
                }
                catch (BusyException)
                {
                    // Somebody reads at some moment.
                }
                break;
        }
    }

    // Every number is a transaction and its commit timestamp. Moments may change: a commit with a lower
    // timestamp may still be on its way.
    private void UseTimed(Random random, Memtable table)
    {
        var now = (ulong)Interlocked.Increment(ref clock);
        int pair = random.Next(Pairs);
        byte[][] keys = { Key(pair, 0), Key(pair, 1) };
        switch (random.Next(6))
        {
            case 0:
            case 1:
                try
                {
                    byte[] value = NewValue(random, pair);
                    table.MultiWrite(keys.Select(key => new MemtableRecord(key, value)), now);
                    table.Commit(now, now, keys);
                }
                catch (ConflictException)
                {
                    table.Abort(now, keys);
                    throw;
                }
                break;
            case 2:
                if (table.Read(keys[0], ulong.MaxValue, out byte[] got) == ReadOutcome.Found)
                {
                    Checks.Equal(pair, (int)got[0]);
                }
                break;
            case 3:
                table.ReadWith(keys[0], ulong.MaxValue, value =>
                {
                    byte first = value[0];
                    table.ReadWith(keys[1], ulong.MaxValue, inner => Checks.That(inner[0] == first));
                    Checks.That(value[0] == first && first == pair);
                });
                break;
            case 4:
                ReadOutcome[] outcomes = table.MultiRead(keys, ulong.MaxValue, out byte[][] values);
                Checks.That((outcomes[0] == ReadOutcome.Found) == (values[0] != null));
                break;
            default:
                using (MemtableCursor own = table.OpenCursor(ulong.MaxValue))
                {
                    Checks.That(own.NextMany(30, 1000).All(
                        record => record.Key[0] == record.Value[0]));
                }
                break;
        }
    }

    private static byte[] Key(int pair, int half)
    {
        return new[] { (byte)pair, (byte)half };
    }

    // Begins with the number of its pair.
    private static byte[] NewValue(Random random, int pair)
    {
        var value = new byte[8];
        random.NextBytes(value);
        value[0] = (byte)pair;
        return value;
    }
}

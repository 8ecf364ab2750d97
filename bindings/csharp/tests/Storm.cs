using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using Stave;

// A million calls from several threads, in which stores, indexes, cursors, batches and pins are closed while
// others are inside calls, or dropped and left to the collector. Nothing may happen but what the
// documentation says: the right value, or CLOSED. In the end nothing may be left.
internal sealed class Storm
{
    private const int Keys = 64;

    private readonly StormThreads threads = new StormThreads();
    private readonly string root;
    private int opened;
    private volatile Shared shared;

    // What all threads use at the same time.
    private sealed class Shared
    {
        internal readonly Store Store;
        internal readonly Cursor Cursor;
        internal readonly Batch Batch = new Batch();
        internal readonly Pin Pin;
        internal readonly HashIndex Index;
        internal readonly HashIndexCursor IndexCursor;

        internal Shared(Store store)
        {
            Store = store;
            store.Put(Key(0), Value(0, 0));
            Cursor = store.OpenCursor();
            Checks.That(store.TryGetPin(Key(0), out Pin));
            // A resolver that refers to the index does not keep it from the collector. Values are the
            // key's number, with noise above.
            Index = new HashIndex(new HashIndexOptions(), new HashIndexResolver((value, key) =>
                (byte)value == key[1] ? RecordAnswer.Equal
                    : Index.IsEmpty ? RecordAnswer.Gone : RecordAnswer.Different));
            IndexCursor = Index.OpenCursor();
        }
    }

    private Storm(string root)
    {
        this.root = root;
    }

    internal static bool Run()
    {
        string root = Checks.NewDirectory();
        try
        {
            return StormThreads.NothingLeft(new Storm(root).RunAll());
        }
        finally
        {
            Directory.Delete(root, true);
        }
    }

    private bool RunAll()
    {
        shared = OpenShared();
        threads.Run(Work);
        shared = null;
        return threads.Passed(opened + " stores");
    }

    private Shared OpenShared()
    {
        string path = Path.Combine(root, "store" + Interlocked.Increment(ref opened));
        return new Shared(Store.Open(
            path, StoreOptions.Parse("durability=memory segment_size=64KiB shards=2")));
    }

    private void Work(Random random)
    {
        try
        {
            Call(shared, random);
        }
        catch (ClosedException)
        {
            lock (this)
            {
                // Not again and again while someone opens a new store.
            }
            throw;
        }
    }

    private void Call(Shared now, Random random)
    {
        int number = 1 + random.Next(Keys - 1);
        switch (random.Next(24))
        {
            case 20:
            case 21:
                now.Index.Put(Key(number), (ulong)(number + 256 * random.Next(1000)));
                break;
            case 22:
                if (now.Index.TryGet(Key(number), out ulong found))
                {
                    Checks.Equal(number, (int)(byte)found);
                }
                now.Index.Remove(Key(random.Next(Keys)), out _);
                break;
            case 23:
                now.IndexCursor.NextValues(7);
                Drop(now.Index.OpenCursor());
                break;
            case 0:
                Check(number, now.Store.MultiGet(new[] { Key(number) })[0]);
                break;
            case 1:
                now.Store.Remove(Key(number));
                break;
            case 2:
                now.Batch.Put(Key(number), Value(number, random.Next(3000)));
                if (now.Batch.Count > 8)
                {
                    now.Store.Write(now.Batch);
                    now.Batch.Clear();
                }
                break;
            case 3:
                foreach (KeyValuePair<byte[], byte[]> record in now.Cursor.NextMany(3, 1000))
                {
                    Check(record.Key[1], record.Value);
                }
                break;
            case 4:
                if (now.Cursor.Next())
                {
                    Drop(now.Store.OpenCursor());
                }
                break;
            case 5:
                UsePin(now, number, random);
                break;
            case 6:
                Verify(now.Store, random);
                break;
            case 7:
                CloseSomething(now, random);
                break;
            case 8:
                Span<byte> room = stackalloc byte[8192];
                if (now.Store.TryGet(Key(number), room, out int size))
                {
                    Check(number, room.Slice(0, size).ToArray());
                }
                break;
            case 9:
            case 10:
            case 11:
            case 12:
                now.Store.Put(Key(number), Value(number, random.Next(6000)));
                break;
            default:
                now.Store.TryGet(Key(number), out byte[] value);
                Check(number, value);
                break;
        }
    }

    private static void Verify(Store store, Random random)
    {
        try
        {
            store.Verify((done, total) => random.Next(2) == 0);
        }
        catch (CancelledException)
        {
            // As it asked for.
        }
    }

    private static void UsePin(Shared now, int number, Random random)
    {
        Check(0, now.Pin.ToArray());
        if (!now.Store.TryGetPin(Key(number), out Pin pin))
        {
            return;
        }
        if (random.Next(2) == 0)
        {
            Check(number, pin.ToArray()); // and leaves it to the collector
            return;
        }
        using (pin)
        {
            Check(number, pin.Span.ToArray());
        }
    }

    // Ends what the others are using: by closing it, or by letting go of it without a word. Who meets
    // CLOSED waits for this lock, so that it is not told so again and again.
    private void CloseSomething(Shared now, Random random)
    {
        int choice = random.Next(60);
        if (choice > 7)
        {
            Drop(new Batch().Put(Key(1), Value(1, 100)));
            return;
        }
        if (choice == 5)
        {
            GC.Collect();
            return;
        }
        lock (this)
        {
            if (shared != now)
            {
                return;
            }
            if (choice < 2)
            {
                if (choice == 0)
                {
                    now.Store.Dispose();
                }
                shared = OpenShared();
                return;
            }
            IDisposable[] parts =
                { now.Batch, now.Cursor, now.Pin, null, now.Index, now.IndexCursor };
            parts[choice - 2].Dispose();
            shared = new Shared(now.Store);
        }
    }

    // For the collector to find.
    private static void Drop(IDisposable garbage)
    {
        GC.KeepAlive(garbage);
    }

    // ---- Values say whose they are

    private static byte[] Key(int number)
    {
        return new[] { (byte)'k', (byte)number };
    }

    private static byte[] Value(int number, int size)
    {
        var value = new byte[size + 1];
        for (int i = 0; i < value.Length; i++)
        {
            value[i] = (byte)number;
        }
        return value;
    }

    private static void Check(int number, byte[] value)
    {
        if (value != null && Array.Exists(value, one => one != (byte)number))
        {
            throw new InvalidOperationException("the value of " + number + " is another's");
        }
    }
}

using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Stave;

// The storm of maps: clones, callbacks inside of callbacks, cursors and diffs, and maps that are closed or
// dropped under them. A value begins with its key.
internal sealed class MapStorm
{
    private const int Keys = 500;

    private readonly StormThreads threads = new StormThreads();
    private readonly CowMap[] maps = { new CowMap(), new CowMap() };
    private CowMapCursor cursor;
    private CowMapDiff diff;
    private long made;

    private sealed class StoppedException : Exception
    {
    }

    internal static bool Run()
    {
        return StormThreads.NothingLeft(new MapStorm().RunAll());
    }

    private bool RunAll()
    {
        threads.Run(Work);
        Array.Clear(maps, 0, maps.Length);
        cursor = null;
        diff = null;
        return threads.Passed(made + " maps");
    }

    private void Work(Random random)
    {
        try
        {
            Call(random);
        }
        catch (StoppedException)
        {
            // As a callback wished.
        }
    }

    private CowMap Take(int place)
    {
        return Volatile.Read(ref maps[place]);
    }

    private void Call(Random random)
    {
        CowMap map = Take(random.Next(2));
        long key = random.Next(Keys);
        byte[] value = BitConverter.GetBytes(key).Concat(new byte[random.Next(100)]).ToArray();
        int choice = random.Next(1000);
        if (choice < 6)
        {
            Replace(random);
        }
        else if (choice < 30)
        {
            Walk(random, map);
        }
        else if (choice < 50)
        {
            Compare(random, map);
        }
        else if (choice < 400)
        {
            Edit(random, map, key, value);
        }
        else
        {
            CallOnKey(random, map, key, value);
        }
    }

    // Puts a map in one's place, a clone or an empty one; the old one is closed, or the collector's.
    private void Replace(Random random)
    {
        CowMap fresh = random.Next(2) == 0 ? new CowMap() : Take(random.Next(2)).Clone();
        Interlocked.Increment(ref made);
        CowMap old = Interlocked.Exchange(ref maps[random.Next(2)], fresh);
        switch (random.Next(4))
        {
            case 0:
            case 1: old.Close(); break;
            case 2: GC.Collect(); break;
        }
    }

    private static void CallOnKey(Random random, CowMap map, long key, byte[] value)
    {
        byte[] got = null;
        switch (random.Next(7))
        {
            case 0: map.Put(key, value); break;
            case 1: map.Put(key, value, out got); break;
            case 2: map.Remove(key, out got); break;
            case 3: map.GetOrInsert(key, value, out got); break;
            case 4: got = map.MultiGet(new[] { -1, key })[1]; break;
            case 5:
                if (map.TryGetPin(key, out Pin pin))
                {
                    using (pin)
                    {
                        got = pin.ToArray();
                    }
                }
                break;
            default: map.TryGetValue(key, out got); break;
        }
        Check(key, got);
    }

    // A callback of one map reads it, and writes to the other by a call with a callback: from the first
    // into the second, so that nobody waits in a circle.
    private void Edit(Random random, CowMap map, long key, byte[] value)
    {
        CowMap other = Take(1);
        int choice = random.Next(6);
        Func<byte[], byte[]> edit = old =>
        {
            Check(key, old);
            try
            {
                map.TryGetValue(key, out byte[] got);
                Check(key, got);
                if (map != other && map == Take(0))
                {
                    other.Modify(key, inner =>
                    {
                        Check(key, inner);
                        return value;
                    });
                }
            }
            catch (ClosedException)
            {
                // The other one, or this one: a close waits for this call, and nothing begins any more.
            }
            Checks.Thrown<BusyException>(map.Clear);
            if (choice == 0)
            {
                throw new StoppedException();
            }
            return value;
        };
        byte[] current = null;
        switch (random.Next(3))
        {
            case 0: map.Modify(key, edit); break;
            case 1: map.GetOrInsert(key, () => edit(null), out current); break;
            default: map.UpdateOrInsert(key, edit, value, out current); break;
        }
        Check(key, current);
    }

    // What is put in the cursor's place is closed by whoever comes next, also while it is used.
    private void Walk(Random random, CowMap map)
    {
        CowMapCursor own = map.OpenCursor();
        CowMapCursor old = Interlocked.Exchange(ref cursor, own);
        if (random.Next(2) == 0)
        {
            old?.Dispose();
        }
        foreach (KeyValuePair<long, byte[]> entry in own.NextMany(20, 1000))
        {
            Check(entry.Key, entry.Value);
        }
        own.NextKeys(10);
    }

    private void Compare(Random random, CowMap map)
    {
        CowMapDiff own = map.Diff(Take(random.Next(2)));
        CowMapDiff old = Interlocked.Exchange(ref diff, own);
        if (random.Next(2) == 0)
        {
            old?.Dispose();
        }
        foreach (CowMapChange change in own.Take(20))
        {
            Check(change.Key, change.Before);
            Check(change.Key, change.After);
        }
    }

    private static void Check(long key, byte[] value)
    {
        if (value != null && value.Length > 0 && BitConverter.ToInt64(value, 0) != key)
        {
            throw new InvalidOperationException("the value of " + key + " is another's");
        }
    }
}

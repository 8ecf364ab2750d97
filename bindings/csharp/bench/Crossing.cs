using System;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Stave;

// The calls of tests/bench/crossing/crossing.c in C#.
internal static class Crossing
{
    private const int Keys = 1000;
    private const int ValueSize = 100;
    private const int Calls = 50000;
    private const int Rounds = 16;
    private const int WarmUpMilliseconds = 500; // .NET compiles again what has run for a while
    private const int Many = 100;
    private const int ThreadCpuClock = 3; // CLOCK_THREAD_CPUTIME_ID

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        internal long Seconds;
        internal long Nanoseconds;
    }

    [DllImport("libc")]
    private static extern int clock_gettime(int clock, out TimeSpec time);

    private static void Main(string[] arguments)
    {
        var keys = new byte[Keys][];
        for (int i = 0; i < Keys; i++)
        {
            keys[i] = Encoding.ASCII.GetBytes("key-" + i.ToString("D12"));
        }
        var many = new byte[Keys][][];
        for (int i = 0; i < Keys; i++)
        {
            many[i] = new byte[Many][];
            for (int j = 0; j < Many; j++)
            {
                many[i][j] = keys[(i + j) % Keys];
            }
        }
        var value = new byte[ValueSize];
        var target = new byte[ValueSize];
        var options = StoreOptions.Parse("durability=memory io=mmap");
        using (Store store = Store.Open(arguments[0], options))
        {
            foreach (byte[] key in keys)
            {
                store.Put(key, value);
            }
            Measure("empty", Calls, 1, i => Check(StaveLibrary.VersionNumber > 0 ? ValueSize : 0));
            Measure("get_into_buffer", Calls, 1, i =>
            {
                store.TryGet(keys[i % Keys], target, out int size);
                Check(size);
            });
            Measure("get_fresh", Calls, 1, i => Check(store.Get(keys[i % Keys]).Length));
            var values = new ValueList();
            Measure("into_multi_get_100_per_key", Calls / Many, Many, i =>
            {
                store.MultiGet(many[i % Keys], values);
                Check(values.Get(Many - 1).Length);
            });
            Measure("multi_get_100_per_key", Calls / Many, Many, i =>
                Check(store.MultiGet(many[i % Keys])[Many - 1].Length));
            Measure("put", Calls, 1, i => store.Put(keys[i % Keys], value));
            Measure("insert_refused", Calls, 1,
                i => Check(store.Insert(keys[i % Keys], value) ? 0 : ValueSize));
        }
        MeasureIndex(keys, many);
        MeasureCowMap(value, target);
        MeasureMemtable(keys, many, value, target);
    }

    private static void MeasureIndex(byte[][] keys, byte[][][] many)
    {
        using (var index = new HashIndex())
        {
            foreach (byte[] key in keys)
            {
                index.Put(key, ValueSize);
            }
            Measure("index_put", Calls, 1, i =>
            {
                index.Put(keys[i % Keys], ValueSize, out ulong previous);
                Check((int)previous);
            });
            Measure("index_get", Calls, 1, i =>
            {
                index.TryGet(keys[i % Keys], out ulong found);
                Check((int)found);
            });
            Measure("fresh_index_many_100_per_key", Calls / Many, Many, i =>
                Check((int)index.MultiGet(many[i % Keys])[Many - 1].Value));
        }
    }

    private static void MeasureCowMap(byte[] value, byte[] target)
    {
        var many = new long[Keys][];
        for (int i = 0; i < Keys; i++)
        {
            many[i] = new long[Many];
            for (int j = 0; j < Many; j++)
            {
                many[i][j] = (i + j) % Keys;
            }
        }
        using (var map = new CowMap())
        {
            Measure("cow_map_put", Calls, 1, i => map.Put(i % Keys, value));
            Measure("cow_map_get", Calls, 1, i =>
            {
                map.TryGetValue(i % Keys, target, out int size);
                Check(size);
            });
            var values = new ValueList();
            Measure("into_cow_map_many_100_per_key", Calls / Many, Many, i =>
            {
                map.MultiGet(many[i % Keys], values);
                Check(values.Get(Many - 1).Length);
            });
        }
    }

    private static void MeasureMemtable(
        byte[][] keys, byte[][][] many, byte[] value, byte[] target)
    {
        using (var table = new Memtable())
        {
            table.Transact(transaction => Measure(
                "memtable_put", Calls, 1, i => transaction.Put(keys[i % Keys], value)));
            using (MemtableSnapshot snapshot = table.OpenSnapshot())
            {
                Measure("memtable_get", Calls, 1, i =>
                {
                    snapshot.TryGet(keys[i % Keys], target, out int size);
                    Check(size);
                });
                var values = new ValueList();
                Measure("into_memtable_many_100_per_key", Calls / Many, Many, i =>
                {
                    snapshot.MultiGet(many[i % Keys], values);
                    Check(values.Get(Many - 1).Length);
                });
            }
        }
    }

    private static void Check(int size)
    {
        if (size != ValueSize)
        {
            throw new InvalidOperationException("size " + size);
        }
    }

    private static double Now()
    {
        clock_gettime(ThreadCpuClock, out TimeSpec time);
        return time.Seconds * 1e9 + time.Nanoseconds;
    }

    private static void Measure(string name, int calls, int keysPerCall, Action<int> call)
    {
        for (Stopwatch watch = Stopwatch.StartNew(); watch.ElapsedMilliseconds < WarmUpMilliseconds;)
        {
            for (int i = 0; i < calls; i++)
            {
                call(i);
            }
        }
        double best = double.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            double start = Now();
            for (int i = 0; i < calls; i++)
            {
                call(i);
            }
            best = Math.Min(best, (Now() - start) / calls / keysPerCall);
        }
        Console.WriteLine(name + " " + best.ToString("F1", CultureInfo.InvariantCulture));
    }
}

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Stave;

// Stores: opening, writing, reading, options, statistics, verification, errors.
internal static class StoreTest
{
    private static readonly byte[] Key = Checks.Text("key");
    private static readonly byte[] Value = Checks.Text("value");

    internal static Store Open(string directory)
    {
        return Store.Open(
            Path.Combine(directory, "store"), new StoreOptions { Durability = Durability.OS });
    }

    public static void WritesSayWhatWasThere(string directory)
    {
        using (Store store = Open(directory))
        {
            Checks.That(!store.Replace(Key, Value));
            Checks.That(store.Insert(Key, Value));
            Checks.That(!store.Insert(Key, Key));
            Checks.Equal(Value, store.Get(Key));
            Checks.That(store.Replace(Key, Key));
            store.Put(Key, Value, new WriteOptions { Durability = Durability.Memory });
            Checks.Equal(Value, store.Get(Key));
            Checks.Equal(1L, store.Count);
            Checks.That(store.Contains(Key));
            Checks.That(store.Remove(Key));
            Checks.That(!store.Remove(Key));
            Checks.That(!store.Contains(Key));
            Checks.Thrown<NotFoundException>(() => store.Get(Key));
            Checks.Equal(0L, store.Count);
        }
    }

    public static void ManyKeysInOneCall(string directory)
    {
        using (Store store = Open(directory))
        {
            byte[][] keys = Enumerable.Range(0, 300).Select(i => Checks.Text("k" + i)).ToArray();
            store.MultiPut(keys.Select(
                (key, i) => new KeyValuePair<byte[], byte[]>(key, new byte[i])));
            byte[] absent = Checks.Text("absent");
            byte[][] values = store.MultiGet(keys.Concat(new[] { absent }));
            Checks.Equal(301, values.Length);
            for (int i = 0; i < keys.Length; i++)
            {
                Checks.Equal(i, values[i].Length);
            }
            Checks.That(values[300] == null);
            var list = new ValueList();
            store.MultiGet(new[] { absent }.Concat(keys).Concat(new[] { absent, keys[5] }), list);
            Checks.Equal(303, list.Count);
            Checks.That(!list.Exists(0) && list.Get(0).Length == 0);
            Checks.That(list.Exists(1) && list.Get(1).Length == 0);
            Checks.That(list.Exists(300) && list.Get(300).Length == 299);
            Checks.That(!list.Exists(301) && list.Get(301).Length == 0);
            Checks.That(list.Exists(302) && list.Get(302).Length == 5);
            Checks.Thrown<ArgumentOutOfRangeException>(() => list.Exists(303));
            Checks.Thrown<ArgumentException>(() => store.MultiGet(new byte[][] { null }, list));
            Checks.Equal(0, list.Count);
            Checks.Equal(300L, store.MultiRemove(keys.Concat(new[] { absent }).ToList()));
            Checks.Equal(0L, store.Count);
            Checks.Equal(0, store.MultiGet(new byte[0][]).Length);
            store.MultiPut(new KeyValuePair<byte[], byte[]>[0]);
            Checks.Thrown<ArgumentException>(() => store.MultiGet(new byte[][] { Key, null }));
            Checks.Thrown<ArgumentException>(() => store.MultiRemove(new byte[][] { null }));
            Checks.Thrown<ArgumentException>(() => store.MultiPut(
                new[] { new KeyValuePair<byte[], byte[]>(Key, null) }));
        }
    }

    public static void OptionsAreCheckedAndKept(string directory)
    {
        StoreOptions options = StoreOptions.Parse("durability=os segment_size=64KiB,io=mmap");
        options.Shards = 4;
        Checks.Equal(Durability.OS, options.Durability);
        Checks.Equal(65536L, options.SegmentSize);
        string text = "durability=os io=mmap shards=4 segment_size=65536 read_only=0 " +
            "create_if_missing=1 error_if_exists=0 background=1 keydir=memory " +
            "checkpoint_interval=268435456 default_ttl=0 shard_prefix_bits=0";
        options.KeyDirectory = KeyDirectory.Memory;
        Checks.Equal(text, options.ToString());
        Checks.Equal(text, StoreOptions.Parse(text).ToString());
        var unknown = Checks.Thrown<InvalidArgumentException>(() => options.Set("colour=red"));
        Checks.That(unknown.Message.Contains("colour"));
        Checks.Equal(text, options.ToString());
        foreach (string line in StoreOptions.Describe().Trim().Split('\n'))
        {
            string name = line.Split('=')[0];
            Checks.That(text.Contains(name + "="));
        }
        string path = Path.Combine(directory, "store");
        using (Store store = Store.Open(path, options))
        {
            Checks.Equal(text, store.Options.ToString());
        }
        options.ErrorIfExists = true;
        Checks.That(options.ErrorIfExists);
        Checks.Thrown<ExistsException>(() => Store.Open(path, options));
        using (Store store = Store.Open(path, new StoreOptions { ReadOnly = true }))
        {
            Checks.That(store.Options.ReadOnly);
            Checks.Equal(4, store.Options.Shards);
            Checks.Thrown<ReadOnlyException>(() => store.Put(Key, Value));
        }
        var missing = new StoreOptions { CreateIfMissing = false };
        Checks.That(!missing.CreateIfMissing);
        var notFound = Checks.Thrown<NotFoundException>(
            () => Store.Open(Path.Combine(directory, "nothing"), missing));
        Checks.That(notFound.Message.Contains("nothing"));
        var shards = Checks.Thrown<InvalidArgumentException>(
            () => Store.Open(path, new StoreOptions { Shards = 3 }));
        Checks.That(shards.Message.Contains("shards"));
    }

    public static void ErrorsCarryWhatTheLibrarySays(string directory)
    {
        string path = Path.Combine(directory, "store");
        using (Store.Open(path))
        {
            var locked = Checks.Thrown<LockedException>(() => Store.Open(path));
            Checks.Equal(StaveStatus.Locked, locked.Status);
            Checks.That(locked.Message.Contains(path));
        }
        File.WriteAllText(Path.Combine(directory, "file"), "");
        var notDirectory = Checks.Thrown<StaveException>(
            () => Store.Open(Path.Combine(directory, "file/store")));
        Checks.That(notDirectory.OSErrno != 0);
        using (Store store = Open(directory + "/"))
        {
            var large = Checks.Thrown<TooLargeException>(
                () => store.Put(new byte[65536], Value));
            Checks.That(large.Message.Length > 0);
        }
    }

    public static void EveryStatusHasItsNameAndItsException(string directory)
    {
        Type[] types = typeof(StaveException).Assembly.GetExportedTypes();
        foreach (StaveStatus status in Enum.GetValues(typeof(StaveStatus)))
        {
            string name = StaveLibrary.StatusName((int)status).Replace("_", "");
            string expected = status == StaveStatus.InputOutput ? "io" : status.ToString();
            Checks.Equal(expected.ToLowerInvariant(), name);
            Checks.That(StaveLibrary.StatusMessage((int)status).Length > 0);
            bool isException = types.Any(type => type.Name == status + "Exception" &&
                type.BaseType == typeof(StaveException));
            Checks.Equal(status != StaveStatus.Ok && status != StaveStatus.Done, isException);
        }
        Checks.Equal("unknown", StaveLibrary.StatusName(-999));
        Checks.Equal(StaveLibrary.VersionNumber,
            Version.Parse(StaveLibrary.Version).Minor * 1000 +
            Version.Parse(StaveLibrary.Version).Build);
    }

    public static void StatisticsAndVerification(string directory)
    {
        using (Store store = Open(directory))
        {
            for (int i = 0; i < 100; i++)
            {
                store.Put(Checks.Text("k" + i), new byte[1000]);
            }
            store.Contains(Checks.Text("k1"));
            store.Flush();
            store.Sync();
            StoreStats stats = store.GetStats();
            Checks.Equal(100L, stats.Keys);
            Checks.Equal(100L, stats.Commits);
            Checks.Equal(1L, stats.Reads);
            Checks.Equal(1L, stats.Segments);
            Checks.Equal(stats.LogBytes, stats.BytesWritten);
            Checks.That(stats.Syncs > 0 && stats.DiskBytes >= stats.LogBytes);
            Checks.That(stats.LiveBytes > 100000 && stats.LiveBytes <= stats.LogBytes);
            Checks.That(stats.Version > 0 && stats.DurableVersion == stats.Version);
            Checks.That(!stats.Recovered && !stats.WritesRefused);
            Checks.Equal(0L, stats.RecoveredCommits + stats.RecoveredCutBytes);

            store.Verify();
            long last = 0, total = -1;
            store.Verify((done, all) =>
            {
                Checks.That(done >= last);
                last = done;
                total = all;
                return true;
            });
            Checks.Equal(total, last);
        }
    }

    private sealed class Own : Exception
    {
    }

    public static void WhatACallbackThrowsComesOutUnchanged(string directory)
    {
        using (Store store = Open(directory))
        {
            store.Put(Key, Value);
            Checks.Thrown<CancelledException>(() => store.Verify((done, total) => false));
            var own = new Own();
            Own thrown = Checks.Thrown<Own>(() => store.Verify((done, total) =>
            {
                throw own;
            }));
            Checks.That(ReferenceEquals(own, thrown));
            Checks.That(thrown.StackTrace.Contains("Verify"));
            store.Verify((done, total) => store.Count > 0);
            Checks.Thrown<BusyException>(() => store.Verify((done, total) => store.Remove(Key)));
            Checks.Thrown<BusyException>(() => store.Verify((done, total) =>
            {
                store.Close();
                return true;
            }));
            Checks.That(store.Contains(Key));
            // Garbage collected in the midst of it.
            store.Verify((done, total) =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return true;
            });
        }
    }

    public static void DamageIsAnException(string directory)
    {
        using (Store store = Open(directory))
        {
            store.Put(Key, Checks.Text("a value to be found on disk"));
        }
        string file = Directory.GetFiles(Path.Combine(directory, "store"), "*",
            SearchOption.AllDirectories).Single(name => Find(name) >= 0);
        byte[] bytes = File.ReadAllBytes(file);
        bytes[Find(file)] ^= 1;
        File.WriteAllBytes(file, bytes);
        var damaged = Checks.Thrown<CorruptionException>(() =>
        {
            using (Store store = Open(directory))
            {
                store.Verify();
            }
        });
        Checks.That(damaged.Message.Contains(Path.GetFileName(file)));
    }

    private static int Find(string file)
    {
        string text = System.Text.Encoding.GetEncoding("iso-8859-1")
            .GetString(File.ReadAllBytes(file));
        return text.IndexOf("a value to be found on disk", StringComparison.Ordinal);
    }

    public static void ThreadsShareAStore(string directory)
    {
        using (Store store = Open(directory))
        {
            Thread[] threads = Enumerable.Range(0, 4).Select(number => new Thread(() =>
            {
                for (int i = 0; i < 1000; i++)
                {
                    byte[] key = Checks.Text(number + "-" + i);
                    store.Put(key, key);
                    Checks.Equal(key, store.Get(key));
                }
            })).ToArray();
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
            Checks.Equal(4000L, store.Count);
        }
    }

    public static void PathsAreUtf8(string directory)
    {
        string path = Path.Combine(directory, "Stäbe-楽");
        using (Store store = Store.Open(path))
        {
            store.Put(Key, Value);
        }
        Checks.That(Directory.Exists(path));
        Checks.Thrown<ArgumentException>(() => Store.Open(path + "\0x"));
        Checks.Thrown<ArgumentException>(() => Store.Open(path + "\uD800"));
    }
}

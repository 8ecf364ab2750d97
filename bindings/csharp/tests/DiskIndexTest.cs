using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using Stave;

// What the conformance scripts cannot say of disk indexes: exceptions of sources, enumerators, spans, calls
// from several threads, and what the collector may take.
internal static class DiskIndexTest
{
    private sealed class OwnException : Exception
    {
    }

    private static byte[] Key(long counter)
    {
        return BitConverter.GetBytes(counter).Concat(BitConverter.GetBytes(~counter)).ToArray();
    }

    private static KeyValuePair<byte[], byte[]> Record(long counter)
    {
        return new KeyValuePair<byte[], byte[]>(Key(counter), BitConverter.GetBytes(counter));
    }

    private static IEnumerable<KeyValuePair<byte[], byte[]>> Records(long count, bool fails = false)
    {
        for (long counter = 0; counter < count; counter++)
        {
            yield return Record(counter);
        }
        if (fails)
        {
            throw new OwnException();
        }
    }

    private static DiskIndex Open(string directory, string options = "record_size=8")
    {
        return DiskIndex.Open(Path.Combine(directory, "index"), DiskIndexOptions.Parse(options));
    }

    public static void OneKey(string directory)
    {
        using (DiskIndex index = Open(directory))
        {
            KeyValuePair<byte[], byte[]> one = Record(1);
            KeyValuePair<byte[], byte[]> two = Record(2);
            Checks.That(!index.TryGet(one.Key, out byte[] record) && record == null);
            index.Put(one.Key, two.Value);
            index.Put(one.Key.AsSpan(), one.Value.AsSpan());
            Checks.That(!index.Insert(one.Key, two.Value));
            Checks.That(index.TryGet(one.Key, out record) && index.Contains(one.Key));
            Checks.Equal(one.Value, record);
            var room = new byte[8];
            Checks.That(index.TryGet(one.Key.AsSpan(), room.AsSpan()));
            Checks.Equal(one.Value, room);
            Checks.Equal(1L, index.Count);
            Checks.That(index.Remove(one.Key) && !index.Remove(one.Key));
            Checks.That(index.Insert(one.Key, two.Value));
            Checks.Thrown<InvalidArgumentException>(() => index.Put(new byte[15], one.Value));
            Checks.Thrown<InvalidArgumentException>(() => index.Put(one.Key, new byte[7]));
            Checks.Thrown<InvalidArgumentException>(() => index.TryGet(one.Key, new byte[7].AsSpan()));
        }
    }

    public static void Payloads(string directory)
    {
        using (DiskIndex index = Open(directory, ""))
        {
            var payload = new Payload(1UL << 40, 700, uint.MaxValue, Codec.LZ4);
            index.Put(Key(1), payload.ToRecord());
            Checks.That(index.TryGet(Key(1), out byte[] record));
            Payload read = Payload.FromRecord(record);
            Checks.That(read.Offset == 1UL << 40 && read.Length == 700 &&
                read.UncompressedLength == uint.MaxValue && read.Codec == Codec.LZ4);
            Checks.Thrown<InvalidArgumentException>(() => index.Put(
                Key(1), new Payload(0, 0, 0, (Codec)9).ToRecord()));
            Checks.Thrown<ArgumentException>(() => Payload.FromRecord(new byte[23]));
            Checks.Equal(24, index.Options.RecordSize);
        }
    }

    public static void ManyRecords(string directory)
    {
        using (DiskIndex index = Open(directory))
        {
            index.MultiPut(Records(100));
            byte[][] records = index.MultiGet(new[] { Key(5), Key(100), Key(99) });
            Checks.That(records[1] == null);
            Checks.Equal(Record(5).Value, records[0]);
            Checks.Equal(Record(99).Value, records[2]);
            Checks.Equal(0, index.MultiGet(new byte[0][]).Length);
            index.MultiPut(new KeyValuePair<byte[], byte[]>[0]);
            Checks.Thrown<InvalidArgumentException>(() => index.MultiGet(new[] { new byte[1] }));
            Checks.Thrown<ArgumentException>(() => index.MultiGet(new byte[][] { null }));
            Checks.Equal(100L, index.Select(one => BitConverter.ToInt64(one.Value, 0)).Distinct()
                .LongCount());
        }
    }

    public static void LoadsAndRebuilds(string directory)
    {
        string path = Path.Combine(directory, "index");
        DiskIndex index = Open(directory);
        Checks.Thrown<OwnException>(() => index.BulkLoad(Records(100, true)));
        Checks.Thrown<BusyException>(() => index.BulkLoad(
            Records(3).Where(one => index.Contains(one.Key))));
        Checks.Thrown<InvalidArgumentException>(() => index.BulkLoad(
            new[] { new KeyValuePair<byte[], byte[]>(Key(1), null) }));
        Checks.Equal(0L, index.Count);
        index.BulkLoad(Records(20000));
        index.Put(Key(20000), Record(20000).Value);
        index.Save(41);
        index.Checkpoint(42);
        index.ShrinkToFit();
        index.Reserve(30000);
        Checks.Thrown<ArgumentOutOfRangeException>(() => index.Reserve(-1));
        DiskIndexStats stats = index.GetStats();
        Checks.That(stats.Entries == 20001 && stats.Lsn == 42 && stats.DeltaEntries == 0 &&
            stats.FileBytes > 24 * 20000 && stats.Segments > 0 && !stats.WritesRefused);
        Checks.That(index.All(one => one.Key.SequenceEqual(
            Key(BitConverter.ToInt64(one.Value, 0)))));
        using (DiskIndexCursor cursor = index.OpenCursor())
        {
            Checks.Thrown<InvalidArgumentException>(() => cursor.GetKey());
            Checks.That(cursor.Next() && cursor.GetKey().Take(8).SequenceEqual(cursor.GetRecord()));
            int count = 1;
            for (var some = cursor.NextMany(999); some.Count > 0; some = cursor.NextMany(999))
            {
                count += some.Count;
            }
            Checks.Equal(20001, count);
            Checks.Thrown<ArgumentOutOfRangeException>(() => cursor.NextMany(-1));
        }
        DiskIndexOptions options = DiskIndexOptions.Parse("record_size=8");
        Checks.Thrown<LockedException>(() => DiskIndex.Rebuild(path, options, Records(1)));
        index.Close();
        Checks.Thrown<OwnException>(() => DiskIndex.Rebuild(path, options, Records(1, true)));
        DiskIndex.Rebuild(path, options, Records(5));
        using (DiskIndex again = Open(directory, "read_only=yes"))
        {
            Checks.Equal(5L, again.Count);
            Checks.Thrown<ReadOnlyException>(() => again.Remove(Key(1)));
        }
        Checks.Thrown<NotFoundException>(() => DiskIndex.Open(Path.Combine(directory, "no", "index")));
    }

    public static void Verification(string directory)
    {
        using (DiskIndex index = Open(directory))
        {
            index.BulkLoad(Records(100));
            index.Verify();
            bool isComplete = false;
            index.Verify((done, total) =>
            {
                isComplete = done == total;
                return true;
            });
            Checks.That(isComplete);
            Checks.Thrown<CancelledException>(() => index.Verify((done, total) => false));
            Checks.Thrown<BusyException>(() => index.Verify((done, total) => index.Count > 0));
        }
    }

    public static void Options(string directory)
    {
        DiskIndexOptions options = DiskIndexOptions.Parse("record_size=8, delta_memory=1MiB");
        options.Background = false;
        Checks.Equal("record_size=8 delta_memory=1048576 bulk_memory=268435456 read_only=0 " +
            "create_if_missing=1 create_parents=0 error_if_exists=0 background=0",
            options.ToString());
        Checks.Thrown<InvalidArgumentException>(() => options.Set("record_size=257"));
        Checks.That(DiskIndexOptions.Describe().StartsWith("record_size="));
        Checks.Thrown<ArgumentNullException>(() => DiskIndex.Open(directory, null));
        Checks.Thrown<ArgumentNullException>(() => DiskIndex.Rebuild(directory, options, null));
        Checks.Thrown<ArgumentNullException>(() => DiskIndex.Rebuild(null, options, Records(1)));
    }

    // Calls, loads whose sources use other indexes, and closes under them: what comes too late is CLOSED.
    public static void CloseWhileOthersAreInside(string directory)
    {
        for (int round = 0; round < 10; round++)
        {
            DiskIndex index = Open(Directory.CreateDirectory(
                Path.Combine(directory, "d" + round)).FullName, "record_size=8 delta_memory=64KiB");
            DiskIndexCursor cursor = index.OpenCursor();
            var started = new CountdownEvent(4);
            Thread[] threads = Enumerable.Range(0, 4).Select(number => new Thread(() =>
            {
                for (long i = 0; ; i++)
                {
                    try
                    {
                        Use(index, cursor, number, i);
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
            index.Dispose();
            Array.ForEach(threads, thread => thread.Join());
            cursor.Dispose();
        }
    }

    private static void Use(DiskIndex index, DiskIndexCursor cursor, int number, long i)
    {
        index.Put(Key(i % 1000), Record(i % 1000).Value);
        if (index.TryGet(Key(i % 999), out byte[] record))
        {
            Checks.Equal(Record(i % 999).Value, record);
        }
        if (i % 50 == number)
        {
            cursor.NextMany(3);
            index.BulkLoad(Records(20).Select(one => one));
        }
    }

    public static void GarbageIsFreedAndUnlocked(string directory)
    {
        UseAndForget(directory);
        Checks.Equal(0L, Checks.CollectGarbage());
        using (DiskIndex index = Open(directory))
        {
            Checks.Equal(100L, index.Count);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void UseAndForget(string directory)
    {
        DiskIndex index = Open(directory);
        index.OpenCursor().Next();
        // The call's own reference is the last one.
        index.BulkLoad(Records(100).Select(one =>
        {
            GC.Collect();
            return one;
        }));
    }
}

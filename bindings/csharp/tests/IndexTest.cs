using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using Stave;

// What the conformance scripts cannot say of indexes: exceptions of resolvers, enumerators, spans, and
// what the collector may take.
internal static class IndexTest
{
    public static void KeysAndValues(string directory)
    {
        using (var index = new HashIndex(new HashIndexOptions { Capacity = 100 }))
        {
            for (ulong i = 0; i < 1000; i++)
            {
                index.Put(Checks.Text("key " + i), i);
            }
            Checks.Equal(1000L, index.Count);
            Checks.That(index.Capacity >= 1000 && !index.IsEmpty);
            Checks.That(index.TryGet(Checks.Text("key 7").AsSpan(), out ulong value));
            Checks.Equal(7UL, value);
            Checks.Equal(1000, index.Count(entry =>
                entry.Key.SequenceEqual(Checks.Text("key " + entry.Value))));
            Checks.Equal(499500UL, index.Values().Aggregate((sum, one) => sum + one));
            var byCursor = new List<ulong>();
            using (HashIndexCursor cursor = index.OpenCursor())
            {
                for (ulong[] some = cursor.NextValues(7); some.Length > 0; some = cursor.NextValues(7))
                {
                    byCursor.AddRange(some);
                }
                Checks.Thrown<ArgumentOutOfRangeException>(() => cursor.NextValues(-1));
                Checks.Thrown<ArgumentOutOfRangeException>(() => cursor.NextMany(1, -1));
            }
            Checks.Equal(1000, byCursor.Distinct().Count());
            HashIndexStats stats = index.GetStats();
            Checks.Equal(1000L, stats.Entries);
            Checks.Equal(1000L, Enumerable.Range(0, stats.Shards)
                .Sum(shard => index.GetShardStats(shard).Entries));
            Checks.Thrown<ArgumentOutOfRangeException>(() => index.GetShardStats(-1));
            Checks.Thrown<ArgumentOutOfRangeException>(() => index.Reserve(-1));
            index.Clear();
            Checks.That(index.IsEmpty);
        }
    }

    public static void MultiGetTellsAbsentFromZero(string directory)
    {
        using (var index = new HashIndex())
        {
            var entries = new[]
            {
                new KeyValuePair<byte[], ulong>(Checks.Text("zero"), 0),
                new KeyValuePair<byte[], ulong>(Checks.Text("most"), ulong.MaxValue),
            };
            Checks.That(index.MultiPut(entries).All(previous => previous == null));
            Checks.That(index.MultiPut(entries).SequenceEqual(new ulong?[] { 0, ulong.MaxValue }));
            byte[][] keys = { Checks.Text("most"), Checks.Text("none"), Checks.Text("zero") };
            Checks.That(index.MultiGet(keys).SequenceEqual(new ulong?[] { ulong.MaxValue, null, 0 }));
            Checks.Equal(0, index.MultiGet(new byte[0][]).Length);
            Checks.Thrown<ArgumentException>(() => index.MultiGet(new byte[][] { null }));
        }
    }

    private sealed class OwnException : Exception
    {
    }

    public static void AnExceptionOfTheResolverComesOutUnchanged(string directory)
    {
        bool fails = false;
        var resolver = new HashIndexResolver((value, key) =>
            fails ? throw new OwnException()
            : key.SequenceEqual(BitConverter.GetBytes(value)) ? RecordAnswer.Equal
            : RecordAnswer.Different);
        using (var index = new HashIndex(new HashIndexOptions(), resolver))
        {
            Checks.Equal(KeyMode.Resolved, index.Options.KeyMode);
            byte[] key = BitConverter.GetBytes(5UL);
            index.Put(key, 5);
            fails = true;
            Checks.Thrown<OwnException>(() => index.TryGet(key, out _));
            Checks.Thrown<OwnException>(() => index.Put(key, 6));
            Checks.Thrown<OwnException>(() => index.Remove(key, out _));
            Checks.Thrown<OwnException>(() => index.MultiGet(new[] { key }));
            Checks.That(!index.TryGet(BitConverter.GetBytes(7UL), out _));
            fails = false;
            Checks.That(index.TryGet(key, out ulong value));
            Checks.Equal(5UL, value);
            Checks.Thrown<InvalidArgumentException>(() => index.ToArray());
        }
        Checks.Thrown<InvalidArgumentException>(() => new HashIndex(
            new HashIndexOptions { KeyMode = KeyMode.Resolved }));
        Checks.Thrown<InvalidArgumentException>(() => new HashIndex(
            new HashIndexOptions { ValueBits = 44 }, resolver));
        Checks.Thrown<InvalidArgumentException>(() => new HashIndex(
            new HashIndexOptions { ValueBits = 45 }));
    }

    // The native side must not keep the delegates alive, which keep the index alive.
    public static void AnIndexThatItsResolverKnowsIsGarbageAllTheSame(string directory)
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
        HashIndex index = null;
        index = new HashIndex(new HashIndexOptions(), new HashIndexResolver((value, key) =>
            index.IsEmpty ? RecordAnswer.Gone : RecordAnswer.Equal));
        index.Put(Checks.Text("key"), 1);
        HashIndexCursor cursor = index.OpenCursor();
        Checks.That(cursor.Next());
        GC.Collect();
        Checks.That(index.Contains(Checks.Text("key")));
    }
}

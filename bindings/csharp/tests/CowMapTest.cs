using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using Stave;

// What the conformance scripts cannot say of maps: exceptions of callbacks, enumerators, spans, and what
// the collector may take.
internal static class CowMapTest
{
    private static readonly byte[] One = Checks.Text("one");
    private static readonly byte[] Two = Checks.Text("two");

    public static void ADictionaryToItsReaders(string directory)
    {
        using (var map = new CowMap(new CowMapOptions { Capacity = 100 }))
        {
            var expected = new Dictionary<long, byte[]>();
            for (long key = -500; key < 500; key++)
            {
                expected[key * key * key] = BitConverter.GetBytes(key);
                Checks.That(!map.Put(key * key * key, BitConverter.GetBytes(key)));
            }
            IReadOnlyDictionary<long, byte[]> view = map;
            Checks.Equal(1000, view.Count);
            Checks.That(view.ContainsKey(-8) && !view.ContainsKey(-9));
            Checks.Equal(BitConverter.GetBytes(-2L), view[-8]);
            Checks.Thrown<NotFoundException>(() => view[-9].ToString());
            Checks.That(view.All(entry => entry.Value.SequenceEqual(expected[entry.Key])));
            Checks.Equal(1000, view.Count());
            Checks.That(expected.Keys.OrderBy(key => key).SequenceEqual(
                view.Keys.OrderBy(key => key)));
            Checks.Equal(-500L, view.Values.Sum(value => BitConverter.ToInt64(value, 0)));
            IEnumerable<long> keys = map.Keys;
            map.Clear();
            Checks.That(map.IsEmpty && !keys.Any() && !view.Any());
            map.ShrinkToFit();
        }
    }

    public static void EveryWayToRead(string directory)
    {
        using (var map = new CowMap())
        {
            var large = new byte[100000];
            new Random(1).NextBytes(large);
            byte[][] values = { One, new byte[0], large, new byte[513] };
            for (int key = 0; key < values.Length; key++)
            {
                map.Put(key, values[key]);
                Checks.That(map.TryGetValue(key, out byte[] fresh));
                Checks.Equal(values[key], fresh);
                Checks.That(map.TryGetPin(key, out Pin pin));
                map.Put(key, new ReadOnlySpan<byte>(Two));
                using (pin)
                {
                    Checks.Equal(values[key], pin.ToArray());
                }
                Checks.That(map.Put(key, values[key], out byte[] previous));
                Checks.Equal(Two, previous);
                var room = new byte[100001];
                Checks.That(map.TryGetValue(key, room, out int size));
                Checks.Equal(values[key], room.AsSpan(0, size).ToArray());
                Checks.That(map.TryGetValue(key, room.AsSpan(), out size));
                Checks.Equal(values[key].Length, size);
                var writer = new BytesTest.Writer();
                Checks.That(map.TryGetValue(key, writer));
                Checks.Equal(values[key], writer.Written);
            }
            var small = Checks.Thrown<BufferTooSmallException>(
                () => map.TryGetValue(2, new byte[99], out int _));
            Checks.Equal(100000L, small.NeededSize);
            Checks.That(!map.TryGetValue(9, out byte[] none) && none == null);
            Checks.That(!map.TryGetPin(9, out Pin noPin) && noPin == null);
            Checks.That(!map.TryGetValue(9, new byte[1], out int noSize) && noSize == 0);
            byte[][] many = map.MultiGet(new long[] { 1, 9, 0 });
            Checks.That(many[0].Length == 0 && many[1] == null);
            Checks.Equal(One, many[2]);
            var list = new ValueList();
            map.MultiGet(new List<long> { 0, 9 }, list);
            Checks.That(list.Count == 2 && list.Exists(0) && !list.Exists(1));
            Checks.Equal(One, list.Get(0).ToArray());
            Checks.Equal(0, map.MultiGet(new long[0]).Length);
        }
    }

    public static void ClonesAndDiffs(string directory)
    {
        using (var before = new CowMap())
        {
            for (long key = 0; key < 1000; key++)
            {
                before.Put(key, One);
            }
            CowMap after = before.Clone();
            after.Put(5, Two);
            Checks.That(after.Remove(6, out byte[] removed) && !after.Remove(6));
            Checks.Equal(One, removed);
            Checks.That(!after.Put(-1, new byte[0], out byte[] previous) && previous == null);
            CowMapStats stats = after.GetStats();
            Checks.That(stats.Entries == 1000 && stats.SharedBytes > stats.OwnBytes &&
                stats.OwnBytes > 0);
            CowMapDiff diff = before.Diff(after);
            CowMapDiff again = before.Diff(after);
            after.Clear(); // disturbs neither
            Dictionary<long, CowMapChange> changes = diff.ToDictionary(change => change.Key);
            Checks.Thrown<ClosedException>(() => diff.Next());
            Checks.Equal(3, changes.Count);
            Checks.That(changes[5].Kind == ChangeKind.Changed &&
                changes[5].Before.SequenceEqual(One) && changes[5].After.SequenceEqual(Two));
            Checks.That(changes[6].Kind == ChangeKind.Removed &&
                changes[6].Before.SequenceEqual(One) && changes[6].After == null);
            Checks.That(changes[-1].Kind == ChangeKind.Added &&
                changes[-1].Before == null && changes[-1].After.Length == 0);
            Checks.Thrown<InvalidArgumentException>(() => again.GetChange());
            Checks.That(again.Next() && changes.ContainsKey(again.GetChange().Key));
            after.Dispose();
            Checks.Thrown<ClosedException>(() => again.Next());
            Checks.Equal(1000L, before.Count);
        }
    }

    public static void Cursors(string directory)
    {
        using (var map = new CowMap())
        {
            for (long key = 0; key < 1000; key++)
            {
                map.Put(key, BitConverter.GetBytes(key));
            }
            using (CowMapCursor cursor = map.OpenCursor())
            {
                map.Clear();
                Checks.Thrown<InvalidArgumentException>(() => cursor.GetKey());
                Checks.That(cursor.Next());
                Checks.Equal(BitConverter.GetBytes(cursor.GetKey()), cursor.GetValue());
                var seen = new HashSet<long> { cursor.GetKey() };
                for (var some = cursor.NextMany(7, 1000); some.Count > 0;
                    some = cursor.NextMany(7, 1000))
                {
                    Checks.That(some.All(entry => seen.Add(entry.Key) &&
                        BitConverter.ToInt64(entry.Value, 0) == entry.Key));
                    Checks.That(cursor.NextKeys(3).All(seen.Add));
                    Checks.That(cursor.NextValues(3, 1000).All(
                        value => seen.Add(BitConverter.ToInt64(value, 0))));
                }
                Checks.Equal(1000, seen.Count);
                Checks.That(!cursor.Next());
                Checks.Thrown<ArgumentOutOfRangeException>(() => cursor.NextMany(-1, 1));
                Checks.Thrown<ArgumentOutOfRangeException>(() => cursor.NextKeys(-1));
                Checks.Thrown<ArgumentOutOfRangeException>(() => cursor.NextValues(1, -1));
            }
        }
    }

    private sealed class OwnException : Exception
    {
    }

    private static byte[] Fail(byte[] value)
    {
        throw new OwnException();
    }

    public static void CallbacksMakeValues(string directory)
    {
        using (var map = new CowMap())
        {
            Func<byte[], byte[]> more = value => value.Concat(One).ToArray();
            Checks.That(!map.Modify(1, more));
            Checks.That(map.GetOrInsert(1, () => Two, out byte[] current));
            Checks.That(!map.GetOrInsert(1, () => Fail(null), out current));
            Checks.Equal(Two, current);
            Checks.That(map.Modify(1, more));
            Checks.That(!map.UpdateOrInsert(1, more, One, out current));
            Checks.Equal(Checks.Text("twooneone"), current);
            Checks.That(map.UpdateOrInsert(2, more, One, out current));
            Checks.That(!map.GetOrInsert(2, Two, out current));
            Checks.Equal(One, current);
            Checks.That(map.Modify(2, value => new byte[0]) && map[2].Length == 0);
        }
    }

    public static void AnExceptionOfACallbackComesOutUnchanged(string directory)
    {
        using (var map = new CowMap())
        using (var other = new CowMap())
        {
            map.Put(1, One);
            other.Put(1, One);
            Func<byte[], byte[]> fail = Fail;
            Checks.Thrown<OwnException>(() => map.Modify(1, fail));
            Checks.Thrown<OwnException>(() => map.UpdateOrInsert(1, fail, Two, out _));
            Checks.Thrown<OwnException>(() => map.GetOrInsert(2, () => fail(null), out _));
            Checks.Thrown<InvalidOperationException>(() => map.Modify(1, value => null));
            Checks.Thrown<BusyException>(() => map.Modify(1, value => Put(map, value)));
            Checks.Thrown<BusyException>(() => map.Modify(1, value => map.Clone()[1]));
            map.Modify(1, value =>
            {
                Checks.Thrown<BusyException>(map.Close);
                Checks.Thrown<BusyException>(() => map.OpenCursor());
                Checks.Thrown<BusyException>(() => map.Diff(other));
                // A callback inside of a callback, whose exception this one catches.
                Checks.Thrown<OwnException>(() => other.Modify(1, fail));
                other.Modify(1, inner => inner.Concat(map[1]).ToArray());
                return Two;
            });
            Checks.Equal(Two, map[1]);
            Checks.Equal(Checks.Text("oneone"), other[1]);
            Checks.Equal(1L, map.Count);
        }
    }

    private static byte[] Put(CowMap map, byte[] value)
    {
        map.Put(2, value);
        return value;
    }

    public static void Options(string directory)
    {
        CowMapOptions options = CowMapOptions.Parse("values=fixed, value_size=3");
        Checks.That(options.Values == ValueMode.Fixed && options.ValueSize == 3);
        Checks.Equal("values=fixed value_size=3 capacity=0", options.ToString());
        Checks.Thrown<InvalidArgumentException>(() => options.Set("values=none"));
        Checks.That(CowMapOptions.Describe().StartsWith("values="));
        using (var map = new CowMap(options))
        {
            Checks.Equal(options.ToString(), map.Options.ToString());
            Checks.Thrown<InvalidArgumentException>(() => map.Put(1, new byte[4]));
            Checks.Thrown<InvalidArgumentException>(() => map.GetOrInsert(1, new byte[2], out _));
            map.Put(1, One);
            Checks.Thrown<InvalidArgumentException>(() => map.Modify(1, value => new byte[4]));
        }
        Checks.Thrown<InvalidArgumentException>(() => new CowMap(
            new CowMapOptions { ValueSize = -1, Values = ValueMode.Fixed }));
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
        var map = new CowMap();
        map.Put(1, One);
        CowMap clone = map.Clone();
        clone.Put(1, new byte[100]);
        map.OpenCursor().Next();
        map.Diff(clone).Next();
        map.GetEnumerator().MoveNext();
        map.Keys.GetEnumerator().MoveNext();
        clone.TryGetPin(1, out Pin pin);
        // The call's own reference is the last one.
        new CowMap().GetOrInsert(1, () =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return One;
        }, out byte[] current);
        Checks.Equal(One, current);
        Checks.That(pin.Length == 100);
    }
}

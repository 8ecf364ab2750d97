using System;
using System.IO;
using System.Linq;
using System.Threading;
using Stave;

// What the conformance scripts cannot say of updates, atomic and expiry: exceptions of callbacks, what is
// used after its end or by another thread, times of .NET, spans.
internal static class StoreModifyTest
{
    private static readonly byte[] Key = Checks.Text("key");
    private static readonly byte[] One = Checks.Text("one");
    private static readonly byte[] Two = Checks.Text("two");
    private static readonly DateTimeOffset Later = new DateTimeOffset(2100, 1, 1, 2, 0, 0, 1,
        TimeSpan.FromHours(2));

    private sealed class Own : Exception
    {
    }

    // ---- One key

    public static void UpdatesCountInAllThreads(string directory)
    {
        using (Store store = StoreTest.Open(directory))
        {
            store.Put(Key, BitConverter.GetBytes(0));
            Thread[] threads = Enumerable.Range(0, 4).Select(number => new Thread(() =>
            {
                for (int i = 0; i < 500; i++)
                {
                    store.Update(Key, Increment);
                }
            })).ToArray();
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
            Checks.That(store.Update(Key, Increment, out byte[] updated));
            Checks.Equal(2001, BitConverter.ToInt32(updated, 0));
            Checks.That(store.FetchUpdate(Key, Increment, out byte[] previous));
            Checks.Equal(updated, previous);
            Checks.That(!store.Update(One, Increment, out byte[] none) && none == null);
        }
    }

    private static byte[] Increment(byte[] value)
    {
        return BitConverter.GetBytes(BitConverter.ToInt32(value, 0) + 1);
    }

    public static void WhatAnEditThrowsComesOutUnchanged(string directory)
    {
        using (Store store = StoreTest.Open(directory))
        {
            store.Put(Key, One);
            var own = new Own();
            Own thrown = Checks.Thrown<Own>(() => store.Update(Key, value => { throw own; }));
            Checks.That(ReferenceEquals(own, thrown));
            Checks.That(thrown.StackTrace.Contains("Update"));
            Checks.Thrown<Own>(() => store.FetchUpdate(Key, value => { throw own; }, out _));
            Checks.Thrown<InvalidOperationException>(() => store.Update(Key, value => null));
            Checks.Thrown<BusyException>(() => store.Update(Key, value =>
            {
                store.Put(Key, Two);
                return Two;
            }));
            Checks.Equal(One, store.Get(Key));
            // Another call with a callback inside, on another store, and reads of this one.
            using (Store other = Store.Open(Path.Combine(directory, "other")))
            {
                other.Put(Key, Two);
                store.Update(Key, value =>
                {
                    Checks.Thrown<Own>(() => other.Update(Key, inner => { throw own; }));
                    other.Update(Key, inner => inner.Concat(store.Get(Key)).ToArray(),
                        out byte[] both);
                    return both;
                });
            }
            Checks.Equal(Checks.Text("twoone"), store.Get(Key));
        }
    }

    public static void SpansSayWhatArraysSay(string directory)
    {
        using (Store store = StoreTest.Open(directory))
        {
            ReadOnlySpan<byte> key = Key, one = One, two = Two;
            Checks.Equal(SwapOutcome.Absent, store.CompareAndSwap(key, one, two));
            Checks.That(!store.Exchange(key, one, out byte[] previous) && previous == null);
            Checks.Equal(SwapOutcome.Mismatch, store.CompareAndSwap(key, two, one));
            Checks.Equal(SwapOutcome.Done, store.CompareAndSwap(key, one, two));
            Checks.That(store.Exchange(key, default(ReadOnlySpan<byte>), out previous));
            Checks.Equal(Two, previous);
            Checks.That(store.TryGetValueSize(key, out long size) && size == 0);
            Checks.That(store.Update(key, value => One, out byte[] updated));
            Checks.Equal(One, updated);
            Checks.That(store.FetchUpdate(key, value => Two, out previous));
            Checks.Equal(One, previous);
            Checks.Equal(store.ShardFor(Key), store.ShardFor(key));
            Checks.That(store.ShardFor(key) < store.Options.Shards);
            Checks.That(!store.TryGetValueSize(one, out size) && size == 0);
        }
    }

    public static void TheVersionOfABatchGrows(string directory)
    {
        using (Store store = StoreTest.Open(directory))
        using (var batch = new Batch())
        {
            Checks.Equal(0L, store.Write(batch));
            batch.RequireAbsent(Key).Put(Key, One);
            Checks.That(store.TryWrite(batch, out _, out long version) && version > 0);
            Checks.That(!store.TryWrite(batch, out long position, out long none));
            Checks.That(position == 0 && none == 0);
            batch.Clear();
            batch.Put(Key, Two);
            Checks.Equal(version + 1, store.Write(batch));
        }
    }

    // ---- Several keys

    public static void WhatIsThrownInsideOfAtomicUndoesIt(string directory)
    {
        using (Store store = Store.Open(Path.Combine(directory, "store"),
            StoreOptions.Parse("durability=os shards=1")))
        {
            store.Put(Key, One);
            var own = new Own();
            Checks.That(ReferenceEquals(own, Checks.Thrown<Own>(() => store.Atomic(Key, atomic =>
            {
                atomic.Put(Key, Two);
                atomic.Put(Two, Two);
                Checks.Equal(Two, atomic.Get(Key));
                Checks.Equal(One, store.Get(Key));
                throw own;
            }))));
            Checks.Equal(One, store.Get(Key));
            Checks.That(!store.Contains(Two));
            Checks.Thrown<BusyException>(() => store.Atomic(Key, atomic => store.Put(Key, Two)));
            Checks.Thrown<BusyException>(() => store.Atomic(Key,
                atomic => store.Atomic(Key, inner => { })));
            Checks.Thrown<NotFoundException>(() => store.Atomic(Key, atomic => atomic.Get(Two)));
            // What the callback catches ends nothing.
            Checks.That(store.Atomic(Key, atomic =>
            {
                ReadOnlySpan<byte> key = Key, two = Two;
                Checks.Thrown<TooLargeException>(() => atomic.Put(new byte[65536], One));
                Checks.That(!atomic.Insert(key, two) && atomic.Replace(key, two));
                Checks.That(!atomic.TryGet(two, out byte[] none) && none == null);
                Checks.That(!atomic.Contains(two) && !atomic.Remove(two));
                atomic.Put(two, two);
                Checks.Equal(Two, atomic.Get(two));
            }) > 0);
            Checks.Equal(Two, store.Get(Key));
            Checks.Equal(Two, store.Get(Two));
        }
    }

    public static void AtomicEndsWithItsCallback(string directory)
    {
        using (Store store = StoreTest.Open(directory))
        {
            Atomic kept = null;
            store.Atomic(Key, atomic =>
            {
                kept = atomic;
                Exception other = null;
                var thread = new Thread(() =>
                {
                    other = Checks.Thrown<InvalidOperationException>(() => atomic.Put(Key, One));
                });
                thread.Start();
                thread.Join();
                Checks.That(other != null);
                Checks.Thrown<ArgumentNullException>(() => atomic.Put(Key, null));
            });
            LifetimeTest.ExpectClosed(kept, null);
            Checks.Thrown<ClosedException>(() => kept.Put(default(ReadOnlySpan<byte>), One));
            Checks.That(!store.Contains(Key));
        }
    }

    // ---- Expiry

    public static void TimesOfExpiry(string directory)
    {
        using (Store store = StoreTest.Open(directory))
        {
            Checks.That(new WriteOptions().ExpiresAt == null);
            store.Put(Key, One, new WriteOptions { ExpiresAt = Later });
            Checks.Equal((DateTimeOffset?)Later, ExpiresAt(store, Key));
            store.Put(Key, One, new WriteOptions { Durability = Durability.Memory });
            Checks.That(ExpiresAt(store, Key) == null);
            // What is finer than a millisecond is cut off.
            store.Expire(Key, Later.AddTicks(9999));
            Checks.Equal((DateTimeOffset?)Later, ExpiresAt(store, Key));
            foreach (DateTimeOffset? never in new DateTimeOffset?[] { null, WriteOptions.NeverExpires })
            {
                Checks.That(store.Expire(Key, Later));
                Checks.That(store.Expire(Key, never));
                Checks.That(ExpiresAt(store, Key) == null);
            }
            // Long ago, also before what C can say.
            foreach (DateTimeOffset past in new[]
                { DateTimeOffset.MinValue, DateTimeOffset.FromUnixTimeSeconds(0) })
            {
                store.Put(Key, One, new WriteOptions { ExpiresAt = past });
                Checks.That(!store.Contains(Key));
                Checks.That(!store.TryGetExpiresAt(Key, out DateTimeOffset? none) && none == null);
                store.Put(Key, One);
                Checks.That(store.Expire(Key, past) && !store.Contains(Key));
            }
            ReadOnlySpan<byte> key = Key;
            Checks.That(!store.Expire(key, Later));
            var options = new WriteOptions { ExpiresAt = WriteOptions.NeverExpires };
            Checks.Equal((DateTimeOffset?)WriteOptions.NeverExpires, options.ExpiresAt);
            options.ExpiresAt = null;
            Checks.That(options.ExpiresAt == null);
        }
    }

    public static void ADefaultLifetime(string directory)
    {
        using (Store store = Store.Open(Path.Combine(directory, "store"),
            new StoreOptions { DefaultTtl = 3600 * 1000, Durability = Durability.OS }))
        {
            DateTimeOffset before = DateTimeOffset.UtcNow.AddHours(1).AddSeconds(-1);
            store.Put(Key, One);
            DateTimeOffset after = DateTimeOffset.UtcNow.AddHours(1).AddSeconds(1);
            DateTimeOffset? expiresAt = ExpiresAt(store, Key);
            Checks.That(before < expiresAt && expiresAt < after);
            store.Put(Key, One, new WriteOptions { ExpiresAt = WriteOptions.NeverExpires });
            Checks.That(ExpiresAt(store, Key) == null);
            store.Update(Key, value => Two, new WriteOptions { ExpiresAt = Later });
            Checks.Equal((DateTimeOffset?)Later, ExpiresAt(store, Key));
            Checks.Equal(1L, store.Clear());
            Checks.Equal(0L, store.RemoveExpired());
        }
    }

    private static DateTimeOffset? ExpiresAt(Store store, byte[] key)
    {
        Checks.That(store.TryGetExpiresAt(key, out DateTimeOffset? expiresAt));
        return expiresAt;
    }
}

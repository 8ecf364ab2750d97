using System;
using System.Buffers;
using System.IO;
using System.Linq;
using Stave;

// Every way bytes go in and come out, at sizes where something changes.
internal static class BytesTest
{
    private static readonly int[] Sizes =
        { 0, 1, 2, 255, 511, 512, 513, 4095, 4096, 65536, 1 << 20, (1 << 20) + 1 };

    private static byte[] Pattern(int size)
    {
        var bytes = new byte[size];
        for (int i = 0; i < size; i++)
        {
            bytes[i] = (byte)(i * 31 + size);
        }
        return bytes;
    }

    private static void CheckAllWays(Store store, byte[] key, byte[] value)
    {
        Checks.Equal(value, store.Get(key));
        Checks.Equal(value, store.Get(new ReadOnlySpan<byte>(key)));
        Checks.That(store.TryGet(key, out byte[] found));
        Checks.Equal(value, found);

        var room = new byte[value.Length + 3];
        Checks.That(store.TryGet(key, room, out int size));
        Checks.Equal(value, room.Take(size).ToArray());
        Checks.That(store.TryGet(key, new Span<byte>(room, 0, value.Length), out size));
        Checks.Equal(value.Length, size);
        if (value.Length > 0)
        {
            var small = Checks.Thrown<BufferTooSmallException>(
                () => store.TryGet(key, new byte[value.Length - 1], out _));
            Checks.Equal((long)value.Length, small.NeededSize);
        }

        var writer = new Writer();
        writer.Write(new byte[] { 1, 2, 3 });
        Checks.That(store.TryGet(key, writer));
        Checks.Equal(new byte[] { 1, 2, 3 }.Concat(value).ToArray(), writer.Written);

        Checks.That(store.TryGetPin(key, out Pin pin));
        using (pin)
        {
            Checks.Equal(value.Length, pin.Length);
            Checks.That(pin.Span.SequenceEqual(value));
            Checks.Equal(value, pin.ToArray());
            pin.CopyTo(room);
            Checks.Equal(value, room.Take(value.Length).ToArray());
            if (value.Length > 0)
            {
                Checks.Thrown<ArgumentException>(() => pin.CopyTo(new byte[value.Length - 1]));
            }
        }
        Checks.Equal(value, store.MultiGet(new[] { key })[0]);
    }

    public static void AllSizesAllWays(string directory)
    {
        foreach (string io in new[] { "buffered", "mmap" })
        {
            string path = Path.Combine(directory, io);
            using (Store store = Store.Open(path, StoreOptions.Parse("durability=os io=" + io)))
            {
                foreach (int size in Sizes)
                {
                    byte[] key = Pattern(size % 65536);
                    store.Put(key, Pattern(size));
                    CheckAllWays(store, key, Pattern(size));
                    store.Put(new ReadOnlySpan<byte>(key), Pattern(size));
                    CheckAllWays(store, key, Pattern(size));
                }
            }
        }
    }

    public static void SixtyFourMebibytes(string directory)
    {
        using (Store store = StoreTest.Open(directory))
        {
            byte[] value = Pattern(64 << 20);
            store.Put(Checks.Text("large"), value);
            Checks.That(store.Get(Checks.Text("large")).AsSpan().SequenceEqual(value));
            Checks.That(store.TryGetPin(Checks.Text("large"), out Pin pin));
            using (pin)
            {
                Checks.That(pin.Span.SequenceEqual(value));
            }
        }
    }

    public static void ZeroBytesAndEmptyKeys(string directory)
    {
        using (Store store = StoreTest.Open(directory))
        {
            byte[] empty = new byte[0];
            byte[] zeros = new byte[3];
            store.Put(empty, Checks.Text("empty"));
            store.Put(new byte[1], Checks.Text("one"));
            store.Put(zeros, zeros);
            Checks.Equal(3L, store.Count);
            CheckAllWays(store, empty, Checks.Text("empty"));
            CheckAllWays(store, new byte[1], Checks.Text("one"));
            CheckAllWays(store, zeros, zeros);
            store.Put(default(ReadOnlySpan<byte>), default(ReadOnlySpan<byte>));
            CheckAllWays(store, empty, empty);
        }
    }

    public static void AbsentLooksLikeNothingElse(string directory)
    {
        using (Store store = StoreTest.Open(directory))
        {
            byte[] key = Checks.Text("key");
            var room = new byte[] { 7 };
            Checks.That(!store.TryGet(key, out byte[] value) && value == null);
            Checks.That(!store.TryGet(key, room, out int size) && size == 0 && room[0] == 7);
            Checks.That(!store.TryGetPin(key, out Pin pin) && pin == null);
            var writer = new Writer();
            Checks.That(!store.TryGet(key, writer));
            Checks.Equal(0, writer.Written.Length);
            Checks.That(store.MultiGet(new[] { key })[0] == null);
            store.Put(key, new byte[0]);
            Checks.That(store.TryGet(key, out value) && value.Length == 0);
            Checks.Equal(0, store.MultiGet(new[] { key })[0].Length);
        }
    }

    public static void PartsOfArraysAndStackMemory(string directory)
    {
        using (Store store = StoreTest.Open(directory))
        {
            byte[] all = Pattern(100);
            store.Put(new ReadOnlySpan<byte>(all, 10, 5), new ReadOnlySpan<byte>(all, 50, 20));
            Span<byte> key = stackalloc byte[5];
            new Span<byte>(all, 10, 5).CopyTo(key);
            Span<byte> room = stackalloc byte[32];
            Checks.That(store.TryGet(key, room, out int size));
            Checks.That(room.Slice(0, size).SequenceEqual(new ReadOnlySpan<byte>(all, 50, 20)));
            Checks.That(store.Contains(key) && store.Remove(key) && !store.Contains(key));
        }
    }

    // Hands out no more than it is asked for, so that growing is seen.
    internal sealed class Writer : IBufferWriter<byte>
    {
        private byte[] content = new byte[0];
        private int size;

        internal byte[] Written => content.Take(size).ToArray();

        internal void Write(byte[] bytes)
        {
            new ReadOnlySpan<byte>(bytes).CopyTo(GetSpan(bytes.Length));
            Advance(bytes.Length);
        }

        public void Advance(int count)
        {
            Checks.That(count <= content.Length - size);
            size += count;
        }

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            Array.Resize(ref content, size + Math.Max(sizeHint, 1));
            return new Memory<byte>(content, size, content.Length - size);
        }

        public Span<byte> GetSpan(int sizeHint = 0)
        {
            return GetMemory(sizeHint).Span;
        }
    }
}

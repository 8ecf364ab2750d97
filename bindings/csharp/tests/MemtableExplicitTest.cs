using System;
using System.Collections.Generic;
using System.Linq;
using Stave;

// Memtables with timestamps of the caller's own, in all that the conformance scripts cannot say of them.
internal static class MemtableExplicitTest
{
    private static readonly byte[] A = MemtableTest.A;
    private static readonly byte[] B = MemtableTest.B;
    private static readonly byte[] C = MemtableTest.C;
    private static readonly byte[] One = MemtableTest.One;
    private static readonly byte[] Two = MemtableTest.Two;

    public static void ReadsTellRemovedFromAbsent(string directory)
    {
        using (Memtable table = MemtableTest.NewExplicit())
        {
            table.Write(A, One, 1);
            table.WriteTombstone(B, 1);
            Checks.That(table.HasWriteConflict(A, 2) && !table.HasWriteConflict(A, 1));
            Checks.Thrown<ConflictException>(() => table.Write(A, Two, 2));
            Checks.Thrown<ConflictException>(() => table.WriteTombstone(B, 2));
            var records = new[] { new MemtableRecord(C, One), new MemtableRecord(B, One) };
            Checks.Equal(1L, Checks.Thrown<ConflictException>(
                () => table.MultiWrite(records, 2)).Written);
            table.Abort(2, new[] { C });
            Checks.Thrown<InvalidArgumentException>(() => table.Commit(1, 5, new[] { A }));
            Checks.Equal(ReadOutcome.Absent, table.Read(A, 9, out byte[] value));
            Checks.Equal(ReadOutcome.Found, table.Read(A, 9, out value, 1));
            table.Commit(1, 5, new[] { A, B });
            Checks.Equal(ReadOutcome.Absent, table.Read(A, 5, out value));
            ReadAtSix(table, A, ReadOutcome.Found, One);
            ReadAtSix(table, B, ReadOutcome.Deleted, null);
            ReadAtSix(table, C, ReadOutcome.Absent, null);
            ReadOutcome[] outcomes = table.MultiRead(new[] { C, A, B }, 6, out byte[][] values);
            Checks.That(outcomes.SequenceEqual(
                new[] { ReadOutcome.Absent, ReadOutcome.Found, ReadOutcome.Deleted }));
            Checks.That(values[0] == null && values[2] == null);
            Checks.Equal(One, values[1]);
            var list = new ValueList();
            table.MultiRead(new[] { B, A, C }, 6, list);
            Checks.That(list.IsDeleted(0) && !list.IsDeleted(1) && !list.IsDeleted(2));
            Checks.That(!list.Exists(0) && list.Exists(1) && !list.Exists(2));
            Checks.Equal(One, list.Get(1).ToArray());
            table.MultiRead(new[] { A }, 6, list);
            Checks.That(list.Count == 1 && !list.IsDeleted(0));
            Checks.Thrown<ArgumentOutOfRangeException>(() => list.IsDeleted(1));
            table.Prune(6);
            Checks.Thrown<TooOldException>(() => table.Read(A, 5, out value));
            Checks.Thrown<TooOldException>(() => table.OpenCursor(5).Next());
            Checks.Thrown<InvalidArgumentException>(() => table.Begin());
            Checks.Thrown<InvalidArgumentException>(() => table.OpenSnapshot());
        }
    }

    // In each way.
    private static void ReadAtSix(Memtable table, byte[] key, ReadOutcome expected, byte[] value)
    {
        Checks.Equal(expected, table.Read(key, 6, out byte[] fresh));
        Checks.Equal(value, fresh);
        Checks.Equal(expected, table.Read(new ReadOnlySpan<byte>(key), 6, out fresh, 7));
        Checks.Equal(value, fresh);
        var room = new byte[9];
        Checks.Equal(expected, table.Read(key, 6, room, out int size));
        Checks.Equal(expected, table.Read(key, 6, room.AsSpan(), out size));
        Checks.Equal(value ?? new byte[0], room.AsSpan(0, size).ToArray());
        var writer = new BytesTest.Writer();
        Checks.Equal(expected, table.Read(key, 6, writer));
        Checks.Equal(value ?? new byte[0], writer.Written);
        Checks.Equal(expected, table.ReadPin(key, 6, out Pin pin));
        using (pin)
        {
            Checks.Equal(value, pin?.ToArray());
        }
        byte[] read = null;
        Checks.Equal(expected, table.ReadWith(key, 6, span => read = span.ToArray()));
        Checks.Equal(value, read);
    }

    public static void CallbacksUseTheTableAndThrowWhatTheyLike(string directory)
    {
        using (Memtable table = MemtableTest.NewExplicit())
        {
            table.Write(A, new byte[1000], 1);
            table.Commit(1, 5, new[] { A });
            Checks.Thrown<MemtableTest.OwnException>(
                () => table.ReadWith(A, 6, value => throw new MemtableTest.OwnException()));
            Checks.Thrown<BusyException>(() => table.ReadWith(A, 6, value => table.Close()));
            table.ReadWith(A, 6, value =>
            {
                Checks.Thrown<MemtableTest.OwnException>(
                    () => table.ReadWith(A, 6, inner => throw new MemtableTest.OwnException()));
                // Frees the version that the value lies in, which is readable until this returns.
                table.Write(A, Two, 2);
                table.Commit(2, 7, new[] { A });
                Checks.Equal(1L, table.Prune(9));
                Checks.Thrown<TooOldException>(() => table.ReadWith(A, 6, inner => { }));
                Checks.Equal(new byte[1000], value.ToArray());
            });
            Checks.Equal(ReadOutcome.Absent, table.ReadWith(B, 9, value => throw new MemtableTest.OwnException()));
        }
    }
}

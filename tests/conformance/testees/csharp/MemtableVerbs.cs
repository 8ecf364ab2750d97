using System;
using System.Collections.Generic;
using System.Linq;
using Stave;

// The verbs of memtables, their transactions, snapshots and cursors.
internal static class MemtableVerbs
{
    internal static IEnumerable<KeyValuePair<string, Func<object, List<object>, object>>> Makers()
    {
        yield return Maker("memtable.create", (_, words) =>
            new Memtable(MemtableOptions.Parse(string.Join(" ", words))));
        yield return Maker("memtable.begin", (table, words) => ((Memtable)table).Begin());
        yield return Maker("memtable.snapshot", (table, words) => ((Memtable)table).OpenSnapshot());
        yield return Maker("memtable.cursor", (table, words) => Open((Memtable)table, words));
        yield return Maker("memtable.read_pin", (table, words) =>
        {
            ReadOutcome outcome = ((Memtable)table).ReadPin(
                Key(words), Number(words, 1), out Pin pin, Number(words, 2));
            return pin ?? (object)None(outcome);
        });
        foreach (string kind in new[] { "memtable_transaction", "memtable_snapshot" })
        {
            yield return Maker(kind + ".cursor", (view, words) =>
                ((MemtableView)view).OpenCursor(Which(words)));
            yield return Maker(kind + ".get_pin", (view, words) =>
                ((MemtableView)view).TryGetPin(Key(words), out Pin pin) ? pin : null);
        }
    }

    internal static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> Whole()
    {
        yield return Verbs.Verb("memtable_options", (_, words) => Show(MemtableOptions.Parse(
            Verbs.Text(words[0]))));
        yield return Verbs.Verb("memtable_options_describe", (_, words) =>
            Verbs.Names(MemtableOptions.Describe()));
        yield return Verb("options", (table, words) => Show(table.Options));
        yield return Verb("close", (table, words) => Reply.Done(table.Close));
        yield return Verb("size", (table, words) => Reply.Ok(table.Count));
        yield return Verb("size_bytes", (table, words) => Reply.Ok(table.SizeBytes));
        yield return Verb("is_empty", (table, words) => Reply.Ok(table.IsEmpty ? 1 : 0));
        yield return Verb("prune", (table, words) => Reply.Ok(table.Prune(Number(words, 0))));
        yield return Verb("clear", (table, words) => Reply.Done(table.Clear));
        yield return Verb("stats", (table, words) => Verbs.Members(table.GetStats(), words));
    }

    internal static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> Explicit()
    {
        yield return Verb("read", (table, words) => Value(table.Read(
            Key(words), Number(words, 1), out byte[] value, Number(words, 2)), value));
        yield return Verb("read_into", (table, words) =>
        {
            var room = new byte[Number(words, 3)];
            ReadOutcome outcome = table.Read(
                Key(words), Number(words, 1), room, out int size, Number(words, 2));
            return Value(outcome, room.Take(size).ToArray());
        });
        yield return Verb("read_with", (table, words) =>
        {
            byte[] read = null;
            ReadOutcome outcome = table.ReadWith(
                Key(words), Number(words, 1), value => read = React(table, words, value.ToArray()),
                Number(words, 2));
            return Value(outcome, read);
        });
        yield return Verb("multi_read", (table, words) =>
        {
            ReadOutcome[] outcomes = table.MultiRead(
                words.OfType<byte[]>(), Number(words, 0), out byte[][] values, Number(words, 1));
            return new Reply(outcomes.Select((outcome, i) => outcome == ReadOutcome.Found
                ? Notation.Quote(values[i]) : outcome.ToString().ToLowerInvariant()), "ok");
        });
        yield return Verb("write", (table, words) => Reply.Done(() => table.Write(
            (byte[])words[1], (byte[])words[2], Number(words, 0))));
        yield return Verb("write_tombstone", (table, words) => Reply.Done(() =>
            table.WriteTombstone((byte[])words[1], Number(words, 0))));
        yield return Verb("multi_write", (table, words) =>
            Written(() => table.MultiWrite(Records(words.Skip(1)), Number(words, 0))));
        yield return Verb("commit", (table, words) => Reply.Done(() => table.Commit(
            Number(words, 0), Number(words, 1), words.OfType<byte[]>())));
        yield return Verb("abort", (table, words) => Reply.Done(() => table.Abort(
            Number(words, 0), words.OfType<byte[]>())));
        yield return Verb("has_write_conflict", (table, words) => Reply.Ok(
            table.HasWriteConflict((byte[])words[1], Number(words, 0)) ? 1 : 0));
        yield return Verb("scan", (table, words) => Reply.Counted(Open(table, words).Select(Line)));
    }

    internal static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>>
        Transactions()
    {
        const string prefix = "memtable_transaction.";
        yield return Verbs.Verb<MemtableTransaction>(prefix + "id", (transaction, words) =>
            Reply.Ok(transaction.Id));
        yield return Verbs.Verb<MemtableTransaction>(prefix + "snapshot", (transaction, words) =>
            Reply.Ok(transaction.Timestamp));
        yield return Verbs.Verb<MemtableTransaction>(prefix + "put", (transaction, words) =>
            transaction.Put(Key(words), (byte[])words[1]));
        yield return Verbs.Verb<MemtableTransaction>(prefix + "remove", (transaction, words) =>
            transaction.Remove(Key(words)));
        yield return Verbs.Verb<MemtableTransaction>(prefix + "multi_write", (transaction, words) =>
            Written(() => transaction.MultiWrite(Records(words))));
        yield return Verbs.Verb<MemtableTransaction>(prefix + "commit", (transaction, words) =>
            Reply.Ok(transaction.Commit()));
        yield return Verbs.Verb<MemtableTransaction>(prefix + "rollback", (transaction, words) =>
            transaction.Rollback());
    }

    // What transactions and snapshots have in common.
    internal static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> Views()
    {
        yield return Verbs.Verb<MemtableView>("memtable_snapshot.timestamp", (view, words) =>
            Reply.Ok(view.Timestamp));
        foreach (string kind in new[] { "memtable_transaction", "memtable_snapshot" })
        {
            yield return Verbs.Verb<MemtableView>(kind + ".get", (view, words) =>
                view.TryGet(Key(words), out byte[] value) ? Verbs.Quoted(value)
                    : new Reply("not_found"));
            yield return Verbs.Verb<MemtableView>(kind + ".get_into", (view, words) =>
            {
                var room = new byte[Number(words, 1)];
                return view.TryGet(Key(words), room, out int size)
                    ? Verbs.Quoted(room.Take(size).ToArray()) : new Reply("not_found");
            });
            yield return Verbs.Verb<MemtableView>(kind + ".contains", (view, words) =>
                Reply.Found(view.Contains(Key(words)), "not_found"));
            yield return Verbs.Verb<MemtableView>(kind + ".multi_get", (view, words) => new Reply(
                view.MultiGet(words.Cast<byte[]>()).Select(
                    value => value == null ? "absent" : Notation.Quote(value)), "ok"));
            yield return Verbs.Verb<MemtableView>(kind + ".scan", (view, words) =>
                Reply.Counted(view.OpenCursor(Which(words)).Select(Line)));
            yield return Verbs.Verb<MemtableView>(kind + ".close", (view, words) => view.Dispose());
        }
    }

    internal static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> Cursors()
    {
        yield return Verbs.Verb<MemtableCursor>("memtable_cursor.next", (cursor, words) =>
            Reply.Found(cursor.Next(), "done"));
        yield return Verbs.Verb<MemtableCursor>("memtable_cursor.key", (cursor, words) =>
            Verbs.Quoted(cursor.GetKey()));
        yield return Verbs.Verb<MemtableCursor>("memtable_cursor.value", (cursor, words) =>
            Verbs.Quoted(cursor.GetValue()));
        yield return Verbs.Verb<MemtableCursor>("memtable_cursor.deleted", (cursor, words) =>
            Reply.Ok(cursor.IsDeleted ? 1 : 0));
        yield return Verbs.Verb<MemtableCursor>("memtable_cursor.next_many", (cursor, words) =>
            Reply.CountedOrDone(cursor.NextMany(
                (int)Number(words, 0), (int)Number(words, 1)).Select(Line)));
        yield return Verbs.Verb<MemtableCursor>("memtable_cursor.close", (cursor, words) =>
            cursor.Dispose());
    }

    // ---- Arguments

    private static KeyValuePair<string, Func<object, List<object>, object>> Maker(
        string name, Func<object, List<object>, object> make)
    {
        return new KeyValuePair<string, Func<object, List<object>, object>>(name, make);
    }

    private static KeyValuePair<string, Func<object, List<object>, Reply>> Verb(
        string name, Func<Memtable, List<object>, Reply> run)
    {
        return Verbs.Verb("memtable." + name, run);
    }

    private static byte[] Key(List<object> words)
    {
        return (byte[])words[0];
    }

    // 0 where the line ends before it.
    private static ulong Number(List<object> words, int position)
    {
        return position < words.Count ? ulong.Parse((string)words[position]) : 0;
    }

    // [P] [keys_only] [tombstones]
    private static MemtableCursorOptions Which(List<object> words)
    {
        return new MemtableCursorOptions
        {
            Prefix = words.OfType<byte[]>().FirstOrDefault(),
            KeysOnly = words.Contains("keys_only"),
            Tombstones = words.Contains("tombstones"),
        };
    }

    private static MemtableCursor Open(Memtable table, List<object> words)
    {
        return table.OpenCursor(Number(words, 0), Number(words, 1), Which(words));
    }

    // KEY VALUE KEY VALUE ...; a value without quotes is a tombstone.
    private static IEnumerable<MemtableRecord> Records(IEnumerable<object> words)
    {
        object[] all = words.ToArray();
        for (int i = 0; i < all.Length; i += 2)
        {
            yield return all[i + 1] is byte[] value ? new MemtableRecord((byte[])all[i], value)
                : MemtableRecord.Tombstone((byte[])all[i]);
        }
    }

    // What the callback of a read does: nothing, or what the last word says. Returns what it was given.
    private static byte[] React(Memtable table, List<object> words, byte[] value)
    {
        switch (words.Count > 3 ? (string)words[3] : "")
        {
            case "cancel": throw new ScriptedFailure("cancelled");
            case "close": table.Close(); break;
            case "write": table.Write(Key(words), value, Number(words, 2)); break;
            case "nested":
                byte[] inner = null;
                table.ReadWith(Key(words), Number(words, 1), again => inner = again.ToArray(),
                    Number(words, 2));
                return inner;
        }
        return value;
    }

    // ---- Replies

    private static Reply None(ReadOutcome outcome)
    {
        return new Reply(
            outcome == ReadOutcome.Deleted ? new[] { "deleted" } : new string[0], "not_found");
    }

    private static Reply Value(ReadOutcome outcome, byte[] value)
    {
        return outcome == ReadOutcome.Found ? Verbs.Quoted(value) : None(outcome);
    }

    private static Reply Written(Func<long> write)
    {
        try
        {
            return Reply.Ok(write());
        }
        catch (StaveException failure)
        {
            return Reply.Failed(failure, "written " + failure.Written);
        }
    }

    private static string Line(MemtableRecord record)
    {
        return Notation.Quote(record.Key) +
            (record.IsDeleted ? " deleted" : " = " + Notation.Quote(record.Value));
    }

    private static Reply Show(MemtableOptions options)
    {
        return new Reply(options.ToString().Split(' '), "ok");
    }
}

using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Stave;

// The table of verbs: each maps a line to one call. Arguments are byte[] where the line has quotes, else
// string.
internal sealed class Verbs
{
    private readonly Dictionary<string, object> handles;
    private readonly StoreWatchVerbs storeWatch = new StoreWatchVerbs();
    private readonly Dictionary<string, Func<object, List<object>, object>> makers;
    private readonly Dictionary<string, Func<object, List<object>, Reply>> verbs;

    internal Verbs(Dictionary<string, object> handles)
    {
        this.handles = handles;
        makers = new Dictionary<string, Func<object, List<object>, object>>
        {
            { "store.open", (_, words) => Store.Open(
                Text(words[0]), StoreOptions.Parse(string.Join(" ", words.Skip(1)))) },
            { "store.get_pin", (store, words) =>
                ((Store)store).TryGetPin((byte[])words[0], out Pin pin) ? pin : null },
            { "store.cursor", (store, words) => ((Store)store).OpenCursor(Options(words)) },
            { "store.cursor_on", (store, words) =>
                ((Store)store).OpenCursor(Options(words, storeWatch.Token)) },
            { "batch.create", (_, words) => new Batch() },
            { "index.create", IndexVerbs.Create },
            { "index.cursor", (index, words) => ((HashIndex)index).OpenCursor() },
            { "cow_map.create", CowMapVerbs.Create },
            { "disk_index.open", DiskIndexVerbs.Open },
            { "disk_index.cursor", (index, words) => ((DiskIndex)index).OpenCursor() },
            { "cow_map.clone", (map, words) => ((CowMap)map).Clone() },
            { "cow_map.get_pin", (map, words) => ((CowMap)map).TryGetPin(
                long.Parse((string)words[0]), out Pin pin) ? pin : null },
            { "cow_map.cursor", (map, words) => ((CowMap)map).OpenCursor() },
            { "cow_map.diff", (map, words) =>
                ((CowMap)map).Diff((CowMap)handles[(string)words[0]]) },
        }.Concat(MemtableVerbs.Makers()).ToDictionary(maker => maker.Key, maker => maker.Value);
        verbs = General().Concat(Writes()).Concat(Reads()).Concat(PinsAndBatches()).Concat(Cursors())
            .Concat(StoreModifyVerbs.OneKey()).Concat(StoreModifyVerbs.Expiry())
            .Concat(storeWatch.Atomic()).Concat(storeWatch.Hooks()).Concat(storeWatch.Migrations())
            .Concat(IndexVerbs.OneKey()).Concat(IndexVerbs.Ranges()).Concat(IndexVerbs.Whole())
            .Concat(IndexVerbs.Cursors()).Concat(CowMapVerbs.OneKey()).Concat(CowMapVerbs.Whole())
            .Concat(CowMapVerbs.Cursors()).Concat(CowMapVerbs.Diffs(handles))
            .Concat(DiskIndexVerbs.Records()).Concat(DiskIndexVerbs.Whole())
            .Concat(DiskIndexVerbs.Cursors()).Concat(MemtableVerbs.Whole())
            .Concat(MemtableVerbs.Explicit()).Concat(MemtableVerbs.Transactions())
            .Concat(MemtableVerbs.Views()).Concat(MemtableVerbs.Cursors())
            .ToDictionary(verb => verb.Key, verb => verb.Value);
    }

    // Null, or a reply that says more, when there is none to make.
    internal object Make(string verb, object handle, List<object> words)
    {
        return makers[verb](handle, words);
    }

    internal Reply Run(string verb, object handle, List<object> words)
    {
        return verbs[verb](handle, words);
    }

    internal static KeyValuePair<string, Func<object, List<object>, Reply>> Verb(
        string name, Func<object, List<object>, Reply> run)
    {
        return new KeyValuePair<string, Func<object, List<object>, Reply>>(name, run);
    }

    internal static KeyValuePair<string, Func<object, List<object>, Reply>> Verb<T>(
        string name, Func<T, List<object>, Reply> run)
    {
        return Verb(name, (handle, words) => run((T)handle, words));
    }

    // For calls without a result.
    internal static KeyValuePair<string, Func<object, List<object>, Reply>> Verb<T>(
        string name, Action<T, List<object>> run)
    {
        return Verb(name, (handle, words) =>
        {
            run((T)handle, words);
            return Reply.Ok();
        });
    }

    private static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> General()
    {
        yield return Verb("version", (_, words) =>
            Reply.Ok(StaveLibrary.Version + " " + StaveLibrary.VersionNumber));
        yield return Verb("status", (_, words) =>
        {
            int number = int.Parse((string)words[0]);
            bool hasMessage = StaveLibrary.StatusMessage(number).Length > 0;
            return Reply.Ok(StaveLibrary.StatusName(number) + (hasMessage ? "" : " no_message"));
        });
        yield return Verb("options", (_, words) => Show(StoreOptions.Parse(Text(words[0]))));
        yield return Verb("options_describe", (_, words) =>
            Names(StoreOptions.Describe()));
    }

    private IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> Writes()
    {
        yield return Verb<Store>("store.put", (store, words) =>
            store.Put(Bytes(words, 0), Bytes(words, 1), How(words)));
        yield return Verb<Store>("store.insert", (store, words) => Reply.Found(
            store.Insert(Bytes(words, 0), Bytes(words, 1), How(words)), "exists"));
        yield return Verb<Store>("store.replace", (store, words) => Reply.Found(
            store.Replace(Bytes(words, 0), Bytes(words, 1), How(words)), "not_found"));
        yield return Verb<Store>("store.remove", (store, words) => Reply.Found(
            store.Remove(Bytes(words, 0), How(words)), "not_found"));
        yield return Verb<Store>("store.multi_put", (store, words) =>
        {
            byte[][] all = words.OfType<byte[]>().ToArray();
            store.MultiPut(Enumerable.Range(0, all.Length / 2).Select(
                i => new KeyValuePair<byte[], byte[]>(all[2 * i], all[2 * i + 1])), How(words));
        });
        yield return Verb<Store>("store.multi_remove", (store, words) =>
            Reply.Ok(store.MultiRemove(words.OfType<byte[]>(), How(words))));
        yield return Verb<Store>("store.write", (store, words) =>
        {
            store.Write((Batch)handles[(string)words[0]], How(words));
        });
        yield return Verb<Store>("store.write_version", (store, words) =>
            Reply.Ok(store.Write((Batch)handles[(string)words[0]], How(words))));
    }

    private static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> Reads()
    {
        yield return Verb<Store>("store.options", (store, words) => Show(store.Options));
        yield return Verb<Store>("store.close", (store, words) => store.Close());
        yield return Verb<Store>("store.get", (store, words) =>
            store.TryGet(Bytes(words, 0), out byte[] value) ? Quoted(value)
                : new Reply("not_found"));
        yield return Verb<Store>("store.get_into", (store, words) =>
        {
            var room = new byte[int.Parse((string)words[1])];
            return store.TryGet(Bytes(words, 0), room, out int size)
                ? Quoted(room.Take(size).ToArray()) : new Reply("not_found");
        });
        yield return Verb<Store>("store.contains", (store, words) =>
            Reply.Found(store.Contains(Bytes(words, 0)), "not_found"));
        yield return Verb<Store>("store.size", (store, words) => Reply.Ok(store.Count));
        yield return Verb<Store>("store.multi_get", (store, words) => new Reply(
            store.MultiGet(words.Cast<byte[]>()).Select(
                value => value == null ? "absent" : Notation.Quote(value)), "ok"));
        yield return Verb<Store>("store.scan", (store, words) =>
        {
            return Reply.Counted(store.OpenCursor(Options(words)).Select(Line));
        });
        yield return Verb<Store>("store.flush", (store, words) => store.Flush());
        yield return Verb<Store>("store.sync", (store, words) => store.Sync());
        yield return Verb<Store>("store.checkpoint", (store, words) => store.Checkpoint());
        yield return Verb<Store>("store.stats", (store, words) => Members(store.GetStats(), words));
        yield return Verb<Store>("store.verify", (store, words) => Verify(
            words, store.Verify, () => store.Count, store.Close));
    }

    // Verifies with a callback that does what the first word says.
    internal static Reply Verify(
        List<object> words, Action<VerifyProgress> verify, Func<long> size, Action close)
    {
        var call = words.Count > 0 ? (string)words[0] : "";
        bool isComplete = false;
        verify((done, total) =>
        {
            isComplete = done == total;
            if (call == "size")
            {
                return size() >= 0;
            }
            if (call == "close")
            {
                close();
            }
            return call != "cancel";
        });
        return Reply.Ok(isComplete ? 1 : 0);
    }

    private static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>>
        PinsAndBatches()
    {
        yield return Verb<Pin>("pin.data", (pin, words) => Quoted(pin.Span.ToArray()));
        yield return Verb<Pin>("pin.size", (pin, words) => Reply.Ok(pin.Length));
        yield return Verb<Batch>("batch.put", (batch, words) =>
        {
            batch.Put(Bytes(words, 0), Bytes(words, 1));
        });
        yield return Verb<Batch>("batch.remove", (batch, words) =>
        {
            batch.Remove(Bytes(words, 0));
        });
        yield return Verb<Batch>("batch.require_absent", (batch, words) =>
        {
            batch.RequireAbsent(Bytes(words, 0));
        });
        yield return Verb<Batch>("batch.require_exists", (batch, words) =>
        {
            batch.RequireExists(Bytes(words, 0));
        });
        yield return Verb<Batch>("batch.require_equal", (batch, words) =>
        {
            batch.RequireEqual(Bytes(words, 0), Bytes(words, 1));
        });
        yield return Verb<Batch>("batch.count", (batch, words) => Reply.Ok(batch.Count));
        yield return Verb<Batch>("batch.clear", (batch, words) => batch.Clear());
        yield return Verb<Batch>("batch.close", (batch, words) => batch.Dispose());
    }

    private IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> Cursors()
    {
        yield return Verb<Cursor>("cursor.next", (cursor, words) =>
            Reply.Found(cursor.Next(), "done"));
        yield return Verb<Cursor>("cursor.key", (cursor, words) => Quoted(cursor.GetKey()));
        yield return Verb<Cursor>("cursor.value", (cursor, words) => Quoted(cursor.GetValue()));
        yield return Verb<Cursor>("cursor.next_many", (cursor, words) =>
        {
            return Reply.CountedOrDone(cursor.NextMany(
                int.Parse((string)words[0]), int.Parse((string)words[1])).Select(Line));
        });
        yield return Verb<Cursor>("cursor.token", (cursor, words) =>
        {
            storeWatch.Token = cursor.GetToken();
        });
        yield return Verb<Cursor>("cursor.close", (cursor, words) => cursor.Dispose());
    }

    // ---- Arguments and results

    internal static string Text(object word)
    {
        return Encoding.UTF8.GetString((byte[])word);
    }

    internal static byte[] Bytes(List<object> words, int position)
    {
        return (byte[])words[position];
    }

    // Takes the last arguments if they say how to write.
    internal static WriteOptions How(List<object> words)
    {
        var options = new WriteOptions();
        string expiry = TakeOption(words, "expires_at=");
        string durability = TakeOption(words, "durability=");
        if (expiry != null)
        {
            options.ExpiresAt = expiry == "never" ? WriteOptions.NeverExpires : Time(expiry);
        }
        if (durability != null)
        {
            options.Durability = (Durability)Enum.Parse(typeof(Durability), durability, true);
        }
        return options;
    }

    internal static DateTimeOffset Time(object milliseconds)
    {
        return DateTimeOffset.FromUnixTimeMilliseconds(long.Parse((string)milliseconds));
    }

    // What stands behind the name, if it is the last argument, which is taken away then; else null.
    private static string TakeOption(List<object> words, string name)
    {
        if (words.LastOrDefault() is string last && last.StartsWith(name))
        {
            words.RemoveAt(words.Count - 1);
            return last.Substring(name.Length);
        }
        return null;
    }

    private static CursorOptions Options(List<object> words, byte[] token = null)
    {
        return new CursorOptions
        {
            Prefix = words.OfType<byte[]>().FirstOrDefault(),
            KeysOnly = words.Contains("keys_only"),
            Token = token,
        };
    }

    internal static Reply Quoted(byte[] bytes)
    {
        return Reply.Ok(Notation.Quote(bytes));
    }

    internal static string Line(KeyValuePair<byte[], byte[]> record)
    {
        return Notation.Quote(record.Key) + " = " + Notation.Quote(record.Value);
    }

    private static Reply Show(StoreOptions options)
    {
        return new Reply(options.ToString().Split(' '), "ok");
    }

    // What stands before "=" in each line.
    internal static Reply Names(string description)
    {
        return new Reply(
            description.Trim().Split('\n').Select(line => line.Split('=')[0]), "ok");
    }

    // A member's name is the statistic's in the style of C#.
    internal static Reply Members(object stats, IEnumerable<object> names)
    {
        return new Reply(names.Select(name =>
        {
            string member = string.Concat(((string)name).Split('_').Select(
                part => char.ToUpperInvariant(part[0]) + part.Substring(1)));
            object value = stats.GetType().GetProperty(member).GetValue(stats);
            return name + "=" + (value is bool flag ? (flag ? 1 : 0) : value);
        }), "ok");
    }
}

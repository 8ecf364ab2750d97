using System;
using System.Collections.Generic;
using System.Linq;
using Stave;

// The verbs of maps, their cursors and their diffs.
internal static class CowMapVerbs
{
    internal static object Create(object handle, List<object> words)
    {
        return new CowMap(CowMapOptions.Parse(string.Join(" ", words)));
    }

    internal static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> OneKey()
    {
        yield return Verb("get", (map, words) =>
            map.TryGetValue(Key(words), out byte[] value) ? Verbs.Quoted(value)
                : new Reply("not_found"));
        yield return Verb("get_into", (map, words) =>
        {
            var room = new byte[int.Parse((string)words[1])];
            return map.TryGetValue(Key(words), room, out int size)
                ? Verbs.Quoted(room.Take(size).ToArray()) : new Reply("not_found");
        });
        yield return Verb("contains", (map, words) =>
            Reply.Found(map.ContainsKey(Key(words)), "not_found"));
        yield return Verb("put", (map, words) =>
            map.Put(Key(words), (byte[])words[1], out byte[] previous) ? Verbs.Quoted(previous)
                : Reply.Ok());
        yield return Verb("insert", (map, words) =>
            Reply.Found(map.Insert(Key(words), (byte[])words[1]), "exists"));
        yield return Verb("replace", (map, words) =>
            map.Replace(Key(words), (byte[])words[1], out byte[] previous) ? Verbs.Quoted(previous)
                : new Reply("not_found"));
        yield return Verb("multi_put", MultiPut);
        yield return Verb("remove", (map, words) =>
            map.Remove(Key(words), out byte[] removed) ? Verbs.Quoted(removed)
                : new Reply("not_found"));
        yield return Verb("modify", (map, words) =>
            Reply.Found(map.Modify(Key(words), Edit(map, words, 1)), "not_found"));
        yield return Verb("get_or_insert", (map, words) => Current(
            map.GetOrInsert(Key(words), (byte[])words[1], out byte[] current), current));
        yield return Verb("get_or_insert_with", (map, words) => Current(
            map.GetOrInsert(Key(words), () => Edit(map, words, 1)(new byte[0]), out byte[] current),
            current));
        yield return Verb("update_or_insert", (map, words) => Current(
            map.UpdateOrInsert(Key(words), Edit(map, words, 2), (byte[])words[1],
                out byte[] current), current));
    }

    internal static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> Whole()
    {
        yield return Verbs.Verb("cow_map_options", (_, words) => Show(CowMapOptions.Parse(
            Verbs.Text(words[0]))));
        yield return Verbs.Verb("cow_map_options_describe", (_, words) =>
            Verbs.Names(CowMapOptions.Describe()));
        yield return Verb("options", (map, words) => Show(map.Options));
        yield return Verb("close", (map, words) => Reply.Done(map.Close));
        yield return Verb("size", (map, words) => Reply.Ok(map.Count));
        yield return Verb("is_empty", (map, words) => Reply.Ok(map.IsEmpty ? 1 : 0));
        yield return Verb("multi_get", (map, words) => new Reply(
            map.MultiGet(words.Select(word => long.Parse((string)word))).Select(
                value => value == null ? "absent" : Notation.Quote(value)), "ok"));
        yield return Verb("clear", (map, words) => Reply.Done(map.Clear));
        yield return Verb("shrink_to_fit", (map, words) => Reply.Done(map.ShrinkToFit));
        yield return Verb("stats", (map, words) =>
        {
            CowMapStats stats = map.GetStats();
            return Verbs.Members(new
            {
                stats.Entries,
                HasSharedBytes = stats.SharedBytes != 0,
                HasOwnBytes = stats.OwnBytes != 0,
            }, words);
        });
        yield return Verb("scan", (map, words) => Reply.Counted(map.Select(Line)));
    }

    internal static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> Cursors()
    {
        yield return Verbs.Verb<CowMapCursor>("cow_map_cursor.next", (cursor, words) =>
            Reply.Found(cursor.Next(), "done"));
        yield return Verbs.Verb<CowMapCursor>("cow_map_cursor.key", (cursor, words) =>
            Reply.Ok(cursor.GetKey()));
        yield return Verbs.Verb<CowMapCursor>("cow_map_cursor.value", (cursor, words) =>
            Verbs.Quoted(cursor.GetValue()));
        yield return Verbs.Verb<CowMapCursor>("cow_map_cursor.next_many", NextMany);
        yield return Verbs.Verb<CowMapCursor>("cow_map_cursor.close", (cursor, words) =>
            cursor.Dispose());
    }

    internal static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> Diffs(
        Dictionary<string, object> handles)
    {
        yield return Verb("changes", (map, words) => Reply.Counted(
            map.Diff((CowMap)handles[(string)words[0]]).Select(change =>
                Name(change) + " = " + Notation.Quote(change.After ?? change.Before))));
        yield return Verbs.Verb<CowMapDiff>("cow_map_diff.next", (diff, words) =>
            diff.Next() ? Reply.Ok(Name(diff.GetChange())) : new Reply("done"));
        yield return Verbs.Verb<CowMapDiff>("cow_map_diff.before", (diff, words) =>
            QuotedOrNotFound(diff.GetChange().Before));
        yield return Verbs.Verb<CowMapDiff>("cow_map_diff.after", (diff, words) =>
            QuotedOrNotFound(diff.GetChange().After));
        yield return Verbs.Verb<CowMapDiff>("cow_map_diff.close", (diff, words) => diff.Dispose());
    }

    private static KeyValuePair<string, Func<object, List<object>, Reply>> Verb(
        string name, Func<CowMap, List<object>, Reply> run)
    {
        return Verbs.Verb("cow_map." + name, run);
    }

    private static long Key(List<object> words)
    {
        return long.Parse((string)words[0]);
    }

    // What the callback does that begins at a position: "append V", "set V", "cancel", or a call on its
    // map.
    private static Func<byte[], byte[]> Edit(CowMap map, List<object> words, int position)
    {
        return value =>
        {
            switch ((string)words[position])
            {
                case "append": return value.Concat((byte[])words[position + 1]).ToArray();
                case "set": return (byte[])words[position + 1];
                case "cancel": throw new ScriptedFailure("cancelled");
                case "size": Reply.Ok(map.Count); return value;
                case "put": map.Put(1, value); return value;
                default: map.Close(); return value;
            }
        };
    }

    private static Reply Current(bool inserted, byte[] current)
    {
        return new Reply(new[] { Notation.Quote(current) }, inserted ? "ok" : "exists");
    }

    private static Reply QuotedOrNotFound(byte[] value)
    {
        return value == null ? new Reply("not_found") : Verbs.Quoted(value);
    }

    private static string Name(CowMapChange change)
    {
        return change.Kind.ToString().ToLowerInvariant() + " " + change.Key;
    }

    private static string Line(KeyValuePair<long, byte[]> entry)
    {
        return entry.Key + " = " + Notation.Quote(entry.Value);
    }

    private static Reply NextMany(CowMapCursor cursor, List<object> words)
    {
        int countMax = int.Parse((string)words[0]);
        int bytesMax = int.Parse((string)words[1]);
        string what = words.Count > 2 ? (string)words[2] : "";
        return Reply.CountedOrDone(
            what == "keys" ? cursor.NextKeys(countMax).Select(key => key.ToString())
            : what == "values" ? cursor.NextValues(countMax, bytesMax).Select(Notation.Quote)
            : cursor.NextMany(countMax, bytesMax).Select(Line));
    }

    private static Reply MultiPut(CowMap map, List<object> words)
    {
        var replaced = new List<bool>();
        Reply last = Reply.Ok();
        try
        {
            map.MultiPut(Enumerable.Range(0, words.Count / 2).Select(
                i => new KeyValuePair<long, byte[]>(
                    long.Parse((string)words[2 * i]), (byte[])words[2 * i + 1])), replaced);
        }
        catch (StaveException failure)
        {
            last = Reply.Failed(failure);
        }
        return last.After(replaced.Select(one => one ? "1" : "0"));
    }

    private static Reply Show(CowMapOptions options)
    {
        return new Reply(options.ToString().Split(' '), "ok");
    }
}

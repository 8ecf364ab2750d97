using System;
using System.Collections.Generic;
using System.Linq;
using Stave;

// Answers what the script has said of a value; of any other, that its record's key is the value as a
// counter.
internal sealed class ScriptedResolver
{
    private sealed class Record
    {
        internal byte[] Key;
        internal string Word; // gone, fails, or null
        internal ulong? Hash;
        internal string Call; // made first, or null
    }

    private readonly Dictionary<ulong, Record> records = new Dictionary<ulong, Record>();
    internal HashIndex Index;
    internal string Rule; // of the last range

    internal void Add(ulong value, List<object> words)
    {
        var how = words.Count > 1 ? (string)words[1] : null;
        bool isHash = ulong.TryParse(how, out ulong hash);
        records[value] = new Record
        {
            Key = words[0] as byte[],
            Word = words[0] as string,
            Hash = isHash ? hash : (ulong?)null,
            Call = isHash ? null : how,
        };
    }

    internal RecordAnswer Compare(ulong value, ReadOnlySpan<byte> key)
    {
        if (!records.TryGetValue(value, out Record record))
        {
            return Answer(IndexVerbs.CounterKey(value), key);
        }
        Call(record.Call);
        Fail(record);
        return record.Word == "gone" ? RecordAnswer.Gone : Answer(record.Key, key);
    }

    internal bool Hash(ulong value, out ulong hash)
    {
        bool isKnown = records.TryGetValue(value, out Record record);
        if (isKnown)
        {
            Fail(record);
        }
        hash = !isKnown && Rule != null ? IndexVerbs.HashByRule(Rule, value)
            : isKnown && record.Hash.HasValue ? record.Hash.Value
            : Index.Hash(isKnown ? record.Key ?? new byte[0] : IndexVerbs.CounterKey(value));
        return !isKnown || record.Word != "gone";
    }

    private static RecordAnswer Answer(byte[] own, ReadOnlySpan<byte> key)
    {
        return key.SequenceEqual(own) ? RecordAnswer.Equal : RecordAnswer.Different;
    }

    private void Call(string call)
    {
        var other = new byte[] { (byte)'o', (byte)'t', (byte)'h', (byte)'e', (byte)'r' };
        switch (call)
        {
            case "get": Index.TryGet(other, out _); break;
            case "put": Index.Put(other, 1); break;
            case "close": Index.Close(); break;
        }
    }

    private static void Fail(Record record)
    {
        if (record.Word == "fails")
        {
            throw new ScriptedFailure("io");
        }
    }
}

// The verbs of indexes and their cursors.
internal static class IndexVerbs
{
    // By the index: a resolver belongs to one.
    private static readonly System.Runtime.CompilerServices.ConditionalWeakTable<
        HashIndex, ScriptedResolver> Resolvers =
        new System.Runtime.CompilerServices.ConditionalWeakTable<HashIndex, ScriptedResolver>();

    internal static byte[] CounterKey(ulong counter)
    {
        byte[] key = BitConverter.GetBytes(counter);
        Array.Reverse(key);
        return key;
    }

    internal static ulong HashByRule(string rule, ulong counter)
    {
        return rule == "equal" ? 7 : rule == "low" ? counter : counter << 48;
    }

    internal static object Create(object handle, List<object> words)
    {
        HashIndexOptions options = HashIndexOptions.Parse(string.Join(" ", words));
        if (options.KeyMode != KeyMode.Resolved)
        {
            return new HashIndex(options);
        }
        var scripted = new ScriptedResolver();
        var index = new HashIndex(
            options, new HashIndexResolver(scripted.Compare, scripted.Hash));
        scripted.Index = index;
        Resolvers.Add(index, scripted);
        return index;
    }

    internal static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> OneKey()
    {
        yield return Verb("put", (index, words) => Previous(
            index.Put(Key(words), Number(words, 1), out ulong previous), previous));
        yield return Verb("put_hashed", (index, words) => Previous(
            index.PutHashed(Key(words), Number(words, 1), Number(words, 2), out ulong previous),
            previous));
        yield return Verb("insert", (index, words) => Inserted(
            index.Insert(Key(words), Number(words, 1), out ulong existing), existing));
        yield return Verb("insert_hashed", (index, words) => Inserted(
            index.InsertHashed(Key(words), Number(words, 1), Number(words, 2), out ulong existing),
            existing));
        yield return Verb("compare_and_swap", (index, words) => Swapped(index.CompareAndSwap(
            Key(words), Number(words, 1), Number(words, 2), out ulong actual), actual));
        yield return Verb("compare_and_swap_hashed", (index, words) => Swapped(
            index.CompareAndSwapHashed(Key(words), Number(words, 1), Number(words, 2),
                Number(words, 3), out ulong actual), actual));
        yield return Verb("get", (index, words) => Found(
            index.TryGet(Key(words), out ulong value), value));
        yield return Verb("get_hashed", (index, words) => Found(
            index.TryGetHashed(Key(words), Number(words, 1), out ulong value), value));
        yield return Verb("contains", (index, words) =>
            Reply.Found(index.Contains(Key(words)), "not_found"));
        yield return Verb("contains_hashed", (index, words) =>
            Reply.Found(index.ContainsHashed(Key(words), Number(words, 1)), "not_found"));
        yield return Verb("remove", (index, words) => Found(
            index.Remove(Key(words), out ulong previous), previous));
        yield return Verb("remove_hashed", (index, words) => Found(
            index.RemoveHashed(Key(words), Number(words, 1), out ulong previous), previous));
        yield return Verb("remove_if", (index, words) => Swapped(
            index.RemoveIf(Key(words), Number(words, 1), out ulong actual), actual));
        yield return Verb("remove_if_hashed", (index, words) => Swapped(index.RemoveIfHashed(
            Key(words), Number(words, 1), Number(words, 2), out ulong actual), actual));
        yield return Verb("hash", (index, words) => Reply.Ok(index.Hash(Key(words))));
    }

    internal static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> Ranges()
    {
        yield return Verb("put_range", (index, words) => Range(index, words, (key, counter, hash) =>
            (hash == null ? index.Put(key, counter, out ulong previous)
                : index.PutHashed(key, hash.Value, counter, out previous))
                ? previous : (ulong?)null, false));
        yield return Verb("get_range", (index, words) => Range(index, words, (key, counter, hash) =>
            (hash == null ? index.TryGet(key, out ulong value)
                : index.TryGetHashed(key, hash.Value, out value)) ? value : (ulong?)null, true));
        yield return Verb("remove_range", (index, words) => Range(index, words,
            (key, counter, hash) => (hash == null ? index.Remove(key, out ulong previous)
                : index.RemoveHashed(key, hash.Value, out previous))
                ? previous : (ulong?)null, true));
    }

    internal static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> Whole()
    {
        yield return Verbs.Verb("index_options", (_, words) => Show(HashIndexOptions.Parse(
            Verbs.Text(words[0]))));
        yield return Verbs.Verb("index_options_describe", (_, words) =>
            Verbs.Names(HashIndexOptions.Describe()));
        yield return Verb("record", (index, words) =>
        {
            Resolvers.TryGetValue(index, out ScriptedResolver resolver);
            resolver.Add(Number(words, 0), words.Skip(1).ToList());
            return Reply.Ok();
        });
        yield return Verb("options", (index, words) => Show(index.Options));
        yield return Verb("close", (index, words) => Reply.Done(index.Close));
        yield return Verb("multi_get", (index, words) => new Reply(
            index.MultiGet(words.Cast<byte[]>()).Select(NumberOrAbsent), "ok"));
        yield return Verb("multi_put", (index, words) => new Reply(
            index.MultiPut(Enumerable.Range(0, words.Count / 2).Select(
                i => new KeyValuePair<byte[], ulong>(
                    (byte[])words[2 * i], Number(words, 2 * i + 1)))).Select(NumberOrAbsent), "ok"));
        yield return Verb("size", (index, words) => Reply.Ok(index.Count));
        yield return Verb("is_empty", (index, words) => Reply.Ok(index.IsEmpty ? 1 : 0));
        yield return Verb("capacity", (index, words) =>
            Reply.Ok((ulong)index.Capacity >= Number(words, 0) ? 1 : 0));
        yield return Verb("clear", (index, words) => Reply.Done(index.Clear));
        yield return Verb("reserve", (index, words) =>
            Reply.Done(() => index.Reserve((long)Math.Min(Number(words, 0), long.MaxValue))));
        yield return Verb("shrink_to_fit", (index, words) => Reply.Done(index.ShrinkToFit));
        yield return Verb("stats", (index, words) => Verbs.Members(index.GetStats(), words));
        yield return Verb("shard_stats", (index, words) =>
        {
            HashIndexShardStats stats = index.GetShardStats((int)Number(words, 0));
            return stats == null ? new Reply("not_found") : Verbs.Members(stats, words.Skip(1));
        });
        yield return Verb("collect_values", (index, words) => Values(index.Values()));
        yield return Verb("scan", (index, words) =>
        {
            return Reply.Counted(Scan(index, words.Count > 0));
        });
    }

    internal static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> Cursors()
    {
        yield return OfCursor("next", (cursor, words) => Reply.Found(cursor.Next(), "done"));
        yield return OfCursor("value", (cursor, words) => Reply.Ok(cursor.GetValue()));
        yield return OfCursor("key", (cursor, words) =>
            Reply.Ok(Notation.Quote(cursor.GetKey())));
        yield return OfCursor("next_many", (cursor, words) =>
        {
            var countMax = (int)Number(words, 0);
            return Reply.CountedOrDone(words.Count > 2
                ? cursor.NextValues(countMax).Select(value => value.ToString())
                : cursor.NextMany(countMax, (int)Number(words, 1)).Select(Line));
        });
        yield return OfCursor("close", (cursor, words) => Reply.Done(cursor.Dispose));
    }

    // ---- Arguments and results

    private static Reply Range(HashIndex index, List<object> words,
        Func<byte[], ulong, ulong?, ulong?> call, bool countsFound)
    {
        var rule = words.Count > 2 ? (string)words[2] : null;
        if (Resolvers.TryGetValue(index, out ScriptedResolver resolver))
        {
            resolver.Rule = rule;
        }
        long counted = 0;
        var lines = new List<string>();
        ulong first = Number(words, 0);
        for (ulong counter = first; counter < first + Number(words, 1); counter++)
        {
            ulong? hash = rule == null ? (ulong?)null : HashByRule(rule, counter);
            ulong? value = call(CounterKey(counter), counter, hash);
            counted += value.HasValue == countsFound ? 1 : 0;
            if (value.HasValue && value != counter)
            {
                lines.Add(counter + " = " + value);
            }
        }
        return new Reply(lines, "ok " + counted);
    }

    private static IEnumerable<string> Scan(HashIndex index, bool valuesOnly)
    {
        using (HashIndexCursor cursor = index.OpenCursor())
        {
            while (cursor.Next())
            {
                string key = valuesOnly ? "" : Notation.Quote(cursor.GetKey()) + " = ";
                yield return key + cursor.GetValue();
            }
        }
    }

    private static KeyValuePair<string, Func<object, List<object>, Reply>> Verb(
        string name, Func<HashIndex, List<object>, Reply> run)
    {
        return Verbs.Verb("index." + name, run);
    }

    private static KeyValuePair<string, Func<object, List<object>, Reply>> OfCursor(
        string name, Func<HashIndexCursor, List<object>, Reply> run)
    {
        return Verbs.Verb("index_cursor." + name, run);
    }

    private static byte[] Key(List<object> words)
    {
        return (byte[])words[0];
    }

    private static ulong Number(List<object> words, int position)
    {
        return ulong.Parse((string)words[position]);
    }

    private static Reply Previous(bool existed, ulong previous)
    {
        return existed ? Reply.Ok(previous) : Reply.Ok("absent");
    }

    private static Reply Inserted(bool inserted, ulong existing)
    {
        return inserted ? Reply.Ok() : new Reply(new[] { "existing " + existing }, "exists");
    }

    private static Reply Found(bool exists, ulong value)
    {
        return exists ? Reply.Ok(value) : new Reply("not_found");
    }

    private static Reply Swapped(SwapOutcome outcome, ulong actual)
    {
        switch (outcome)
        {
            case SwapOutcome.Done: return Reply.Ok();
            case SwapOutcome.Absent: return new Reply("not_found");
            default: return new Reply(new[] { "actual " + actual }, "mismatch");
        }
    }

    private static string NumberOrAbsent(ulong? number)
    {
        return number.HasValue ? number.Value.ToString() : "absent";
    }

    private static Reply Values(ulong[] values)
    {
        return new Reply(values.Select(value => value.ToString()), "ok " + values.Length);
    }

    private static string Line(KeyValuePair<byte[], ulong> entry)
    {
        return Notation.Quote(entry.Key) + " = " + entry.Value;
    }

    private static Reply Show(HashIndexOptions options)
    {
        return new Reply(options.ToString().Split(' '), "ok");
    }
}

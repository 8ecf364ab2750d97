using System;
using System.Collections.Generic;
using System.Linq;
using Stave;

// The verbs of disk indexes and their cursors.
internal static class DiskIndexVerbs
{
    internal static object Open(object handle, List<object> words)
    {
        return DiskIndex.Open(Verbs.Text(words[0]), Options(words));
    }

    internal static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> Records()
    {
        yield return Verb("put", (index, words) => Reply.Done(() =>
            index.Put(Key(words), (byte[])words[1])));
        yield return Verb("insert", (index, words) =>
            Reply.Found(index.Insert(Key(words), (byte[])words[1]), "exists"));
        yield return Verb("put_payload", (index, words) => Reply.Done(() =>
            index.Put(Key(words), new Payload(ulong.Parse((string)words[1]),
                uint.Parse((string)words[2]), uint.Parse((string)words[3]),
                (Codec)byte.Parse((string)words[4])).ToRecord())));
        yield return Verb("get_payload", (index, words) =>
        {
            var record = new byte[Payload.Size];
            if (!index.TryGet(Key(words), record.AsSpan()))
            {
                return new Reply("not_found");
            }
            Payload payload = Payload.FromRecord(record);
            return Reply.Ok(payload.Offset + " " + payload.Length + " " +
                payload.UncompressedLength + " " + (byte)payload.Codec);
        });
        yield return Verb("remove", (index, words) =>
            Reply.Found(index.Remove(Key(words)), "not_found"));
        yield return Verb("get", (index, words) => index.TryGet(Key(words), out byte[] record)
            ? Verbs.Quoted(record) : new Reply("not_found"));
        yield return Verb("contains", (index, words) =>
            Reply.Found(index.Contains(Key(words)), "not_found"));
        yield return Verb("multi_put", (index, words) =>
        {
            KeyValuePair<byte[], byte[]>[] records = Pairs(words).ToArray();
            index.MultiPut(records);
            return Reply.Ok(records.Length);
        });
        yield return Verb("multi_get", (index, words) => new Reply(
            index.MultiGet(words.Cast<byte[]>()).Select(
                record => record == null ? "absent" : Notation.Quote(record)), "ok"));
        yield return Verb("bulk_load", (index, words) => Reply.Done(() =>
            index.BulkLoad(Pairs(words))));
    }

    internal static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> Whole()
    {
        yield return Verbs.Verb("disk_index_options", (_, words) => Show(DiskIndexOptions.Parse(
            Verbs.Text(words[0]))));
        yield return Verbs.Verb("disk_index_options_describe", (_, words) =>
            Verbs.Names(DiskIndexOptions.Describe()));
        yield return Verbs.Verb("disk_index_rebuild", (_, words) => Reply.Done(() =>
            DiskIndex.Rebuild(
                Verbs.Text(words[0]), Options(words), Pairs(words.Skip(1).ToList()))));
        yield return Verb("options", (index, words) => Show(index.Options));
        yield return Verb("close", (index, words) => Reply.Done(index.Close));
        yield return Verb("size", (index, words) => Reply.Ok(index.Count));
        yield return Verb("reserve", (index, words) => Reply.Done(() =>
            index.Reserve((long)Math.Min(ulong.Parse((string)words[0]), long.MaxValue))));
        yield return Verb("save", (index, words) => Reply.Done(() =>
            index.Save(ulong.Parse((string)words[0]))));
        yield return Verb("checkpoint", (index, words) => Reply.Done(() =>
            index.Checkpoint(ulong.Parse((string)words[0]))));
        yield return Verb("shrink_to_fit", (index, words) => Reply.Done(index.ShrinkToFit));
        yield return Verb("stats", (index, words) => Verbs.Members(index.GetStats(), words));
        yield return Verb("verify", (index, words) => Verbs.Verify(
            words, index.Verify, () => index.Count, index.Close));
        yield return Verb("scan", (index, words) => Reply.Counted(index.Select(Verbs.Line)));
    }

    internal static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> Cursors()
    {
        yield return Verbs.Verb<DiskIndexCursor>("disk_index_cursor.next", (cursor, words) =>
            Reply.Found(cursor.Next(), "done"));
        yield return Verbs.Verb<DiskIndexCursor>("disk_index_cursor.key", (cursor, words) =>
            Verbs.Quoted(cursor.GetKey()));
        yield return Verbs.Verb<DiskIndexCursor>("disk_index_cursor.record", (cursor, words) =>
            Verbs.Quoted(cursor.GetRecord()));
        yield return Verbs.Verb<DiskIndexCursor>("disk_index_cursor.next_many", (cursor, words) =>
            Reply.CountedOrDone(cursor.NextMany(int.Parse((string)words[0])).Select(Verbs.Line)));
        yield return Verbs.Verb<DiskIndexCursor>("disk_index_cursor.close", (cursor, words) =>
            cursor.Dispose());
    }

    private static KeyValuePair<string, Func<object, List<object>, Reply>> Verb(
        string name, Func<DiskIndex, List<object>, Reply> run)
    {
        return Verbs.Verb("disk_index." + name, run);
    }

    private static byte[] Key(List<object> words)
    {
        return (byte[])words[0];
    }

    // Those among the words: the ones without quotes.
    private static DiskIndexOptions Options(List<object> words)
    {
        return DiskIndexOptions.Parse(string.Join(" ", words.OfType<string>()));
    }

    // KEY RECORD KEY RECORD ...; a last word "cancel" fails behind them.
    private static IEnumerable<KeyValuePair<byte[], byte[]>> Pairs(List<object> words)
    {
        byte[][] content = words.OfType<byte[]>().ToArray();
        for (int i = 0; i + 1 < content.Length; i += 2)
        {
            yield return new KeyValuePair<byte[], byte[]>(content[i], content[i + 1]);
        }
        if (words.Contains("cancel"))
        {
            throw new ScriptedFailure("cancelled");
        }
    }

    private static Reply Show(DiskIndexOptions options)
    {
        return new Reply(options.ToString().Split(' '), "ok");
    }
}

using System;
using System.Collections.Generic;
using System.Linq;
using Stave;

// The verbs of stores for writes that rest on what is there, and for expiry.
internal static class StoreModifyVerbs
{
    internal static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> OneKey()
    {
        yield return Verbs.Verb<Store>("store.compare_and_swap", (store, words) =>
        {
            switch (store.CompareAndSwap(Verbs.Bytes(words, 0), Verbs.Bytes(words, 1),
                Verbs.Bytes(words, 2), Verbs.How(words)))
            {
                case SwapOutcome.Done: return Reply.Ok();
                case SwapOutcome.Mismatch: return new Reply("mismatch");
                default: return new Reply("not_found");
            }
        });
        yield return Verbs.Verb<Store>("store.update", (store, words) =>
            store.Update(Verbs.Bytes(words, 0), Edit(store, words), out byte[] updated,
                Verbs.How(words)) ? Verbs.Quoted(updated) : new Reply("not_found"));
        yield return Verbs.Verb<Store>("store.fetch_update", (store, words) =>
            store.FetchUpdate(Verbs.Bytes(words, 0), Edit(store, words), out byte[] previous,
                Verbs.How(words)) ? Verbs.Quoted(previous) : new Reply("not_found"));
        yield return Verbs.Verb<Store>("store.exchange", (store, words) =>
            store.Exchange(Verbs.Bytes(words, 0), Verbs.Bytes(words, 1), out byte[] previous,
                Verbs.How(words)) ? Verbs.Quoted(previous) : Reply.Ok());
        yield return Verbs.Verb<Store>("store.shard_for", (store, words) =>
            Reply.Ok(store.ShardFor(Verbs.Bytes(words, 0))));
        yield return Verbs.Verb<Store>("store.value_size", (store, words) =>
            store.TryGetValueSize(Verbs.Bytes(words, 0), out long size) ? Reply.Ok(size)
                : new Reply("not_found"));
    }

    internal static IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> Expiry()
    {
        yield return Verbs.Verb<Store>("store.expire", (store, words) => Reply.Found(
            store.Expire(Verbs.Bytes(words, 0),
                Equals(words[1], "0") ? (DateTimeOffset?)null : Verbs.Time(words[1]),
                Verbs.How(words)),
            "not_found"));
        yield return Verbs.Verb<Store>("store.expires_at", (store, words) =>
            store.TryGetExpiresAt(Verbs.Bytes(words, 0), out DateTimeOffset? expiresAt)
                ? Reply.Ok(expiresAt?.ToUnixTimeMilliseconds() ?? 0) : new Reply("not_found"));
        yield return Verbs.Verb<Store>("store.clear", (store, words) =>
            Reply.Ok(store.Clear(Verbs.How(words))));
        yield return Verbs.Verb<Store>("store.remove_expired", (store, words) =>
            Reply.Ok(store.RemoveExpired()));
    }

    // What a callback does: "append V", "set V", "cancel", or a call on its store.
    private static Func<byte[], byte[]> Edit(Store store, List<object> words)
    {
        return value =>
        {
            switch ((string)words[1])
            {
                case "append": return value.Concat(Verbs.Bytes(words, 2)).ToArray();
                case "set": return Verbs.Bytes(words, 2);
                case "cancel": throw new ScriptedFailure("cancelled");
                case "size": Reply.Ok(store.Count); return value;
                case "put": store.Put(value, value); return value;
                default: store.Close(); return value;
            }
        };
    }
}

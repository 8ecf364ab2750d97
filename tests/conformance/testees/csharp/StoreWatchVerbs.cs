using System;
using System.Collections.Generic;
using System.Linq;
using Stave;

// The verbs of stores that run callbacks, other than update: atomic, hooks, migrate.
internal sealed class StoreWatchVerbs
{
    private static readonly byte[] Key = { (byte)'k' };

    private List<string> events = new List<string>(); // what hooks have noted

    // Of a cursor or a migration; kept last.
    internal byte[] Token { get; set; }

    // ---- Atomic

    internal IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> Atomic()
    {
        yield return Verbs.Verb<Store>("store.atomic", (store, words) =>
        {
            WriteOptions options = Verbs.How(words);
            var lines = new List<string>();
            try
            {
                return Reply.Ok(store.Atomic(Verbs.Bytes(words, 0), atomic =>
                {
                    var steps = new Queue<object>(words.Skip(1));
                    while (steps.Count > 0)
                    {
                        lines.Add(Run(store, atomic, steps));
                    }
                }, options)).After(lines);
            }
            catch (ScriptedFailure failure)
            {
                return new Reply(lines, "error " + failure.Message);
            }
            catch (StaveException failure)
            {
                return Reply.Failed(failure).After(lines);
            }
        });
    }

    // Runs the step at the head of the queue; its line.
    private static string Run(Store store, Atomic atomic, Queue<object> steps)
    {
        var step = (string)steps.Dequeue();
        if (step == "cancel")
        {
            throw new ScriptedFailure("cancelled");
        }
        if (step == "store.put")
        {
            store.Put(Key, new byte[0]);
        }
        var key = (byte[])steps.Dequeue();
        try
        {
            switch (step)
            {
                case "get": return Line(atomic.TryGet(key, out byte[] inside), inside);
                case "store.get": return Line(store.TryGet(key, out byte[] outside), outside);
                case "contains": return atomic.Contains(key) ? "ok" : "not_found";
                case "remove": return atomic.Remove(key) ? "ok" : "not_found";
                case "put": atomic.Put(key, (byte[])steps.Dequeue()); return "ok";
                case "insert": return atomic.Insert(key, (byte[])steps.Dequeue()) ? "ok" : "exists";
                default:
                    return atomic.Replace(key, (byte[])steps.Dequeue()) ? "ok" : "not_found";
            }
        }
        catch (StaveException failure)
        {
            return "error " + StaveLibrary.StatusName((int)failure.Status);
        }
    }

    private static string Line(bool exists, byte[] value)
    {
        return exists ? "ok " + Notation.Quote(value) : "not_found";
    }

    // ---- Hooks

    internal IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> Hooks()
    {
        yield return Verbs.Verb<Store>("store.on_write", (store, words) =>
            store.OnWrite(Hook(store, (string)words[0]), words.Contains("old_value")));
        yield return Verbs.Verb<Store>("store.on_open", (store, words) =>
        {
            try
            {
                store.OnOpen(Hook(store, (string)words[0]));
                return Reply.Ok();
            }
            catch (ScriptedFailure) // of the hook, as it is
            {
                return new Reply("error hook_failed");
            }
        });
        yield return Verbs.Verb("store.events", (_, words) =>
        {
            List<string> noted = events;
            events = new List<string>();
            return new Reply(noted, "ok");
        });
    }

    private StoreHook Hook(Store store, string action)
    {
        return change =>
        {
            byte[] key = change.Key.ToArray();
            string line = change.Version + " " + Notation.Quote(key) +
                (change.Removed ? " removed" : " = " + Notation.Quote(change.Value.ToArray()));
            if (change.ExpiresAt is DateTimeOffset time)
            {
                line += " expires " + time.ToUnixTimeMilliseconds();
            }
            if (change.HasOldValue)
            {
                line += " was " + Notation.Quote(change.OldValue.ToArray());
            }
            if (action == "get")
            {
                line += " sees " + (store.TryGet(key, out _) ? "ok" : "not_found");
            }
            try
            {
                if (action == "put")
                {
                    store.Put(Key, new byte[0]);
                }
            }
            catch (StaveException failure)
            {
                line += " puts " + StaveLibrary.StatusName((int)failure.Status);
                throw;
            }
            finally
            {
                events.Add(line);
            }
            if (action == "fail")
            {
                throw new ScriptedFailure("io");
            }
        };
    }

    // ---- Migrate

    internal IEnumerable<KeyValuePair<string, Func<object, List<object>, Reply>>> Migrations()
    {
        yield return Verbs.Verb<Store>("store.migrate", (store, words) =>
            Migrate(store, words, null));
        yield return Verbs.Verb<Store>("store.migrate_on", (store, words) =>
            Migrate(store, words, Token));
    }

    private Reply Migrate(Store store, List<object> words, byte[] token)
    {
        WriteOptions options = Verbs.How(words);
        bool stops = Equals(words.Last(), "stop");
        return Reply.Ok(store.Migrate(
            (key, value) => Decide(store, words, key, value),
            (done, total, at) =>
            {
                Token = at;
                return !stops;
            }, token, options));
    }

    private static MigrateAction Decide(
        Store store, List<object> words, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (!key.StartsWith(Verbs.Bytes(words, 0)))
        {
            return MigrateAction.Keep;
        }
        switch ((string)words[1])
        {
            case "append":
                return MigrateAction.Update(
                    value.ToArray().Concat(Verbs.Bytes(words, 2)).ToArray());
            case "set": return MigrateAction.Update(Verbs.Bytes(words, 2));
            case "remove": return MigrateAction.Remove;
            case "cancel": throw new ScriptedFailure("cancelled");
            case "put": store.Put(Key, new byte[0]); return MigrateAction.Keep;
            default: return MigrateAction.Keep;
        }
    }
}

// accounts: money of people, who are found by their city.
//
//   accounts STORE open NAME CITY AMOUNT   opens an account
//   accounts STORE pay FROM TO AMOUNT      moves money: both accounts change, or none
//   accounts STORE move NAME CITY          changes the city; prints who is in the old and in the new one
//   accounts STORE in CITY                 prints who is there
//   accounts STORE payments                prints how many there were
//
// "account/NAME" is an amount and a city; "payments" is a counter. The names of a city are an index in
// memory, which the store does not know: a hook fills it when the store is opened, and keeps it in step
// from then on.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Stave;

internal static class Accounts
{
    private const string Prefix = "account/";
    private static readonly byte[] Payments = Bytes("payments");

    private static readonly Dictionary<string, SortedSet<string>> NamesByCity =
        new Dictionary<string, SortedSet<string>>();

    private static int Main(string[] arguments)
    {
        // All accounts are in one shard, so that two of them can be changed in one step.
        var options = new StoreOptions { ShardPrefixBits = 8 * Prefix.Length };
        using (Store store = Store.Open(arguments.FirstOrDefault() ?? "accounts", options))
        {
            store.Insert(Payments, BitConverter.GetBytes(0L));
            store.OnWrite(Index, true);
            store.OnOpen(Index);
            switch (string.Join(" ", arguments.Skip(1).Take(1)) + arguments.Length)
            {
                case "open5": return Open(store, arguments[2], arguments[3], arguments[4]);
                case "pay5": return Pay(store, arguments[2], arguments[3], arguments[4]);
                case "move4": return Move(store, arguments[2], arguments[3]);
                case "in3": return Print(NamesIn(arguments[2]));
                case "payments2":
                    return Print(BitConverter.ToInt64(store.Get(Payments), 0).ToString());
            }
        }
        Console.Error.WriteLine("usage: accounts STORE open NAME CITY AMOUNT | pay FROM TO AMOUNT | " +
            "move NAME CITY | in CITY | payments");
        return 2;
    }

    private static int Open(Store store, string name, string city, string amount)
    {
        return Print(store.Insert(Key(name), Account(long.Parse(amount), city))
            ? Show(store, name) : name + " has an account");
    }

    // ---- A transfer: several keys of one shard

    private static int Pay(Store store, string from, string to, string amount)
    {
        try
        {
            // What is thrown inside undoes what was written, and comes out here.
            store.Atomic(Key(from), atomic =>
            {
                Add(atomic, from, -long.Parse(amount));
                Add(atomic, to, long.Parse(amount));
            });
        }
        catch (InvalidOperationException refused)
        {
            return Print(refused.Message);
        }
        Count(store, Payments);
        return Print(Show(store, from), Show(store, to));
    }

    private static void Add(Atomic atomic, string name, long amount)
    {
        if (!atomic.TryGet(Key(name), out byte[] account))
        {
            throw new InvalidOperationException(name + " has no account");
        }
        long present = Amount(account);
        if (present + amount < 0)
        {
            throw new InvalidOperationException(name + " has only " + present);
        }
        atomic.Put(Key(name), Account(present + amount, City(account)));
    }

    // ---- A counter: one key

    private static void Count(Store store, byte[] counter)
    {
        store.Update(counter, value => BitConverter.GetBytes(BitConverter.ToInt64(value, 0) + 1));
    }

    // ---- An index: hooks

    private static int Move(Store store, string name, string city)
    {
        if (!store.FetchUpdate(Key(name), account => Account(Amount(account), city),
            out byte[] previous))
        {
            return Print(name + " has no account");
        }
        return Print(string.Join(" ", NamesIn(City(previous))), string.Join(" ", NamesIn(city)));
    }

    // The hooks are called one after the other; programs whose threads read the index lock it.
    private static void Index(StoreChange change)
    {
        string key = Encoding.UTF8.GetString(change.Key.ToArray());
        if (!key.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return;
        }
        string name = key.Substring(Prefix.Length);
        if (change.HasOldValue)
        {
            NamesByCity[City(change.OldValue.ToArray())].Remove(name);
        }
        if (!change.Removed)
        {
            string city = City(change.Value.ToArray());
            if (!NamesByCity.TryGetValue(city, out SortedSet<string> names))
            {
                NamesByCity[city] = names = new SortedSet<string>(StringComparer.Ordinal);
            }
            names.Add(name);
        }
    }

    private static string[] NamesIn(string city)
    {
        return NamesByCity.TryGetValue(city, out SortedSet<string> names)
            ? names.ToArray() : new string[0];
    }

    // ---- Accounts as bytes

    private static byte[] Account(long amount, string city)
    {
        return BitConverter.GetBytes(amount).Concat(Bytes(city)).ToArray();
    }

    private static long Amount(byte[] account)
    {
        return BitConverter.ToInt64(account, 0);
    }

    private static string City(byte[] account)
    {
        return Encoding.UTF8.GetString(account, sizeof(long), account.Length - sizeof(long));
    }

    private static byte[] Key(string name)
    {
        return Bytes(Prefix + name);
    }

    private static byte[] Bytes(string text)
    {
        return Encoding.UTF8.GetBytes(text);
    }

    private static string Show(Store store, string name)
    {
        byte[] account = store.Get(Key(name));
        return name + " of " + City(account) + " has " + Amount(account);
    }

    private static int Print(params string[] lines)
    {
        Array.ForEach(lines, Console.WriteLine);
        return 0;
    }
}

// blobs: keeps files by what is in them, so that equal content is kept once.
//
//   blobs STORE put FILE NAME     stores the file's content under a name; prints its hash
//   blobs STORE get NAME          prints the content
//   blobs STORE drop NAME         removes the name, and the content with its last name
//   blobs STORE list              prints names and hashes
//
// Three kinds of keys share the store: "blob/HASH" is a content, "name/NAME" is the hash of a name, and
// "uses/HASH" is the number of names of a content. A batch changes them together, with conditions
// that make it fail if another program was faster; then it is tried again.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using Stave;

internal static class Blobs
{
    private static int Main(string[] arguments)
    {
        string command = string.Join(" ", arguments.Skip(1).Take(1)) + arguments.Length;
        using (Store store = Store.Open(arguments.FirstOrDefault() ?? "blobs"))
        {
            switch (command)
            {
                case "put4": return Put(store, arguments[2], arguments[3]);
                case "get3": return Get(store, arguments[2]);
                case "drop3": return Drop(store, arguments[2]);
                case "list2": return List(store);
            }
        }
        Console.Error.WriteLine("usage: blobs STORE put FILE NAME | get NAME | drop NAME | list");
        return 2;
    }

    private static int Put(Store store, string file, string name)
    {
        byte[] content = File.ReadAllBytes(file);
        string hash = Hash(content);
        using (var batch = new Batch())
        {
            do
            {
                batch.Clear();
                batch.RequireAbsent(Key("name", name)).Put(Key("name", name), Bytes(hash));
                int uses = ExpectUses(store, batch, hash);
                batch.Put(Key("uses", hash), BitConverter.GetBytes(uses + 1));
                if (uses == 0)
                {
                    batch.Put(Key("blob", hash), content);
                }
                if (store.Contains(Key("name", name)))
                {
                    Console.WriteLine(name + " is taken");
                    return 1;
                }
            }
            while (!store.TryWrite(batch, out _));
        }
        Console.WriteLine(hash);
        return 0;
    }

    private static int Get(Store store, string name)
    {
        if (!store.TryGet(Key("name", name), out byte[] hash))
        {
            Console.WriteLine(name + ": no such name");
            return 1;
        }
        byte[] content = store.Get(Key("blob", Encoding.UTF8.GetString(hash)));
        using (Stream output = Console.OpenStandardOutput())
        {
            output.Write(content, 0, content.Length);
        }
        return 0;
    }

    private static int Drop(Store store, string name)
    {
        using (var batch = new Batch())
        {
            do
            {
                if (!store.TryGet(Key("name", name), out byte[] found))
                {
                    Console.WriteLine(name + ": no such name");
                    return 1;
                }
                string hash = Encoding.UTF8.GetString(found);
                batch.Clear();
                batch.RequireEqual(Key("name", name), found).Remove(Key("name", name));
                int uses = ExpectUses(store, batch, hash);
                if (uses > 1)
                {
                    batch.Put(Key("uses", hash), BitConverter.GetBytes(uses - 1));
                }
                else
                {
                    batch.Remove(Key("uses", hash)).Remove(Key("blob", hash));
                }
            }
            while (!store.TryWrite(batch, out _));
        }
        return 0;
    }

    private static int List(Store store)
    {
        var names = new CursorOptions { Prefix = Bytes("name/") };
        foreach (KeyValuePair<byte[], byte[]> record in store.OpenCursor(names))
        {
            string name = Encoding.UTF8.GetString(record.Key).Substring("name/".Length);
            Console.WriteLine(name + " " + Encoding.UTF8.GetString(record.Value));
        }
        return 0;
    }

    // The number of names of a content, and the condition that it is still the same.
    private static int ExpectUses(Store store, Batch batch, string hash)
    {
        if (!store.TryGet(Key("uses", hash), out byte[] uses))
        {
            batch.RequireAbsent(Key("uses", hash));
            return 0;
        }
        batch.RequireEqual(Key("uses", hash), uses);
        return BitConverter.ToInt32(uses, 0);
    }

    private static string Hash(byte[] content)
    {
        using (SHA256 algorithm = SHA256.Create())
        {
            byte[] hash = algorithm.ComputeHash(content);
            return BitConverter.ToString(hash).Replace("-", "").ToLowerInvariant();
        }
    }

    private static byte[] Key(string kind, string name)
    {
        return Bytes(kind + "/" + name);
    }

    private static byte[] Bytes(string text)
    {
        return Encoding.UTF8.GetBytes(text);
    }
}

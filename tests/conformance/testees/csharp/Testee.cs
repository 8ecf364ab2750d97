using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Stave;

// Data lines and a status line.
internal sealed class Reply
{
    private readonly string[] lines;
    private readonly string status;

    internal Reply(IEnumerable<string> lines, string status)
    {
        this.lines = lines.ToArray();
        this.status = status;
    }

    internal Reply(string status) : this(new string[0], status)
    {
    }

    // The same status after data lines.
    internal Reply After(IEnumerable<string> data)
    {
        return new Reply(data, status);
    }

    internal static Reply Ok()
    {
        return new Reply("ok");
    }

    internal static Reply Ok(object result)
    {
        return new Reply("ok " + result);
    }

    // Of a call without a result.
    internal static Reply Done(Action call)
    {
        call();
        return Ok();
    }

    // Lines, and how many.
    internal static Reply Counted(IEnumerable<string> lines)
    {
        string[] all = lines.ToArray();
        return new Reply(all, "ok " + all.Length);
    }

    // Of a cursor, which has come to its end when it brings nothing.
    internal static Reply CountedOrDone(IEnumerable<string> lines)
    {
        Reply reply = Counted(lines);
        return reply.lines.Length == 0 ? new Reply("done") : reply;
    }

    internal static Reply Found(bool condition, string otherwise)
    {
        return condition ? Ok() : new Reply(otherwise);
    }

    internal static Reply Failed(StaveException failure)
    {
        return failure is MismatchException mismatch
                ? Failed(failure, "failed " + mismatch.Position)
            : failure is BufferTooSmallException small
                ? Failed(failure, "needed " + small.NeededSize)
            : Failed(failure, new string[0]);
    }

    internal static Reply Failed(StaveException failure, params string[] lines)
    {
        string name = StaveLibrary.StatusName((int)failure.Status);
        return new Reply(lines, failure.Status > 0 ? name : "error " + name);
    }

    internal void WriteTo(TextWriter output)
    {
        foreach (string line in lines)
        {
            output.Write("  " + line + "\n");
        }
        output.Write(status + "\n");
        output.Flush();
    }
}

// What a callback throws comes out of the call as it is; this one stands for an error, by its name.
internal sealed class ScriptedFailure : Exception
{
    internal ScriptedFailure(string name) : base(name)
    {
    }
}

// Conformance testee for C#, on the package's public classes. The protocol: ../../README.md.
internal sealed class Testee
{
    private static readonly Dictionary<Type, string> Types = new Dictionary<Type, string>
    {
        { typeof(Store), "store" }, { typeof(Pin), "pin" }, { typeof(Cursor), "cursor" },
        { typeof(Batch), "batch" }, { typeof(HashIndex), "index" },
        { typeof(HashIndexCursor), "index_cursor" }, { typeof(CowMap), "cow_map" },
        { typeof(CowMapCursor), "cow_map_cursor" }, { typeof(CowMapDiff), "cow_map_diff" },
        { typeof(DiskIndex), "disk_index" }, { typeof(DiskIndexCursor), "disk_index_cursor" },
        { typeof(Memtable), "memtable" }, { typeof(MemtableTransaction), "memtable_transaction" },
        { typeof(MemtableSnapshot), "memtable_snapshot" },
        { typeof(MemtableCursor), "memtable_cursor" },
    };

    private readonly Dictionary<string, object> handles = new Dictionary<string, object>();
    private readonly Verbs verbs;
    private string lastMessage = "";
    private int lastErrno;
    // Directories and files are locked until the collector has found what has them open; a memtable ends
    // then, a transaction gives its keys back, and whoever reads at a moment gives up the moment. And what
    // a dropped map alone refers to is its copy's own.
    private bool mustCollect;

    private Testee()
    {
        verbs = new Verbs(handles);
    }

    private static void Main()
    {
        var ascii = new ASCIIEncoding();
        var input = new StreamReader(Console.OpenStandardInput(), ascii, false, 1 << 16);
        var output = new StreamWriter(Console.OpenStandardOutput(), ascii, 1 << 16);
        var testee = new Testee();
        for (string line = input.ReadLine(); line != null; line = input.ReadLine())
        {
            testee.Answer(line).WriteTo(output);
        }
    }

    private Reply Answer(string line)
    {
        try
        {
            Reply reply = Run(Notation.Words(line));
            if (mustCollect)
            {
                mustCollect = false;
                CollectGarbage();
            }
            return reply;
        }
        catch (StaveException failure)
        {
            lastMessage = failure.Message;
            lastErrno = failure.OSErrno;
            return Reply.Failed(failure);
        }
        catch (ScriptedFailure failure)
        {
            return new Reply("error " + failure.Message);
        }
        catch (Exception failure) // the script asks for what the testee does not know
        {
            return new Reply("testee_error " + failure.GetType() + " " +
                failure.Message.Replace('\n', ' '));
        }
    }

    private Reply Run(List<object> words)
    {
        string made = null;
        if (words.Count > 2 && Equals(words[1], "="))
        {
            made = (string)words[0];
            words.RemoveRange(0, 2);
        }
        var verb = (string)words[0];
        words.RemoveAt(0);
        if (handles.TryGetValue(verb, out object handle))
        {
            string name = verb;
            verb = Types[handle.GetType()] + "." + words[0];
            words.RemoveAt(0);
            if (verb.EndsWith(".free"))
            {
                handles.Remove(name);
                mustCollect = handle is Store || handle is CowMap || handle is DiskIndex ||
                    handle is Memtable || handle is MemtableView || handle is MemtableCursor;
                return Reply.Ok();
            }
        }
        if (made == null)
        {
            return RunGeneral(verb, handle, words);
        }
        object result = verbs.Make(verb, handle, words);
        if (result == null || result is Reply)
        {
            return result as Reply ?? new Reply("not_found");
        }
        handles.Add(made, result);
        return Reply.Ok();
    }

    private Reply RunGeneral(string verb, object handle, List<object> words)
    {
        switch (verb)
        {
            case "hello":
                return Reply.Ok("format=2 language=csharp capabilities=" +
                    "store,modify,keydir,index,cow_map,disk_index,memtable");
            case "handles":
                return Reply.Ok(CollectGarbage());
            case "error_mentions":
                return Reply.Ok(lastMessage.Contains(Verbs.Text(words[0])) ? 1 : 0);
            case "error_errno":
                return Reply.Ok(lastErrno);
            default:
                return verbs.Run(verb, handle, words);
        }
    }

    // The number of native objects that are left. Some runtimes' collectors read the stack
    // conservatively: overwriting it lets go of stale references.
    private long CollectGarbage()
    {
        for (int i = 0; i < 20 && StaveLibrary.LiveHandles > handles.Count; i++)
        {
            OverwriteStack(20);
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        return StaveLibrary.LiveHandles;
    }

    private static unsafe int OverwriteStack(int depth)
    {
        long* words = stackalloc long[64];
        for (int i = 0; i < 64; i++)
        {
            words[i] = depth;
        }
        return depth == 0 ? (int)words[5] : OverwriteStack(depth - 1);
    }
}

using System;
using System.Threading;
using Stave;

// The threads of a storm, which count its calls and those that found something closed.
//
// STAVE_TEST_SCALE is a percentage of the calls, STAVE_SEED makes the same choices again.
internal sealed class StormThreads
{
    private const int Threads = 6;

    private readonly int seed = Setting("STAVE_SEED", 20240817);
    private readonly long callsMax = 10000L * Setting("STAVE_TEST_SCALE", 10);
    private long calls;
    private long closed;
    private Exception failure;

    // Makes the call again and again, which may throw that something is closed and nothing else.
    internal void Run(Action<Random> call)
    {
        Console.WriteLine("seed " + seed + ", " + callsMax + " calls, " + Threads + " threads");
        var threads = new Thread[Threads];
        for (int i = 0; i < Threads; i++)
        {
            var random = new Random(seed + i);
            threads[i] = new Thread(() => Work(call, random));
            threads[i].Start();
        }
        Array.ForEach(threads, thread => thread.Join());
    }

    private void Work(Action<Random> call, Random random)
    {
        try
        {
            while (Interlocked.Increment(ref calls) <= callsMax && failure == null)
            {
                try
                {
                    call(random);
                }
                catch (ClosedException)
                {
                    Interlocked.Increment(ref closed);
                }
            }
        }
        catch (Exception exception)
        {
            Interlocked.CompareExchange(ref failure, exception, null);
        }
    }

    // Prints what happened, the storm's own counts as well.
    internal bool Passed(string counts)
    {
        Console.WriteLine(calls + " calls, " + closed + " of them CLOSED, " + counts);
        if (failure != null)
        {
            Console.WriteLine("failed with seed " + seed + ": " + failure);
        }
        return failure == null && closed > 0;
    }

    // What a storm ends with, when no frame that knows what it made is left.
    internal static bool NothingLeft(bool passed)
    {
        long left = Checks.CollectGarbage();
        Console.WriteLine(left + " handles left");
        passed = passed && left == 0;
        Console.WriteLine(passed ? "1 passed, 0 failed" : "0 passed, 1 failed");
        return passed;
    }

    private static int Setting(string name, int otherwise)
    {
        string text = Environment.GetEnvironmentVariable(name);
        return string.IsNullOrEmpty(text) ? otherwise : int.Parse(text);
    }
}

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

// Runs every test of the package, or the storm of calls: a program with nothing but the class library
// under it, so that it is the same on every runtime.
//
//   StaveTests suite | storm
internal static class Checks
{
    private static int Main(string[] arguments)
    {
        Console.WriteLine("on " + Environment.Version + ", Stave " +
            Stave.StaveLibrary.Version);
        if (arguments.Length == 1 && arguments[0] == "storm")
        {
            bool passed = Storm.Run();
            passed = MapStorm.Run() && passed;
            passed = MemtableStorm.Run() && passed;
            return passed ? 0 : 1;
        }
        int failed = 0;
        MethodInfo[] tests = new[]
            {
                typeof(StoreTest), typeof(BytesTest), typeof(LifetimeTest), typeof(IndexTest),
                typeof(CowMapTest), typeof(DiskIndexTest), typeof(MemtableTest),
                typeof(MemtableExplicitTest), typeof(StoreModifyTest), typeof(StoreWatchTest),
            }
            .SelectMany(type => type.GetMethods(
                BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .ToArray();
        foreach (MethodInfo test in tests)
        {
            Exception failure = RunOne(test);
            if (failure != null)
            {
                failed++;
                Console.WriteLine(test.DeclaringType.Name + "." + test.Name + " FAILED: " + failure);
            }
        }
        Console.WriteLine((tests.Length - failed) + " passed, " + failed + " failed");
        return failed == 0 ? 0 : 1;
    }

    // Null, or why it failed. A test that leaves a native object behind fails.
    private static Exception RunOne(MethodInfo test)
    {
        string directory = NewDirectory();
        try
        {
            ((Action<string>)Delegate.CreateDelegate(typeof(Action<string>), test))(directory);
            Equal(0L, CollectGarbage());
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
        finally
        {
            Directory.Delete(directory, true);
        }
    }

    internal static string NewDirectory()
    {
        string name = "stave-csharp-" + Guid.NewGuid().ToString("N");
        string directory = Path.Combine(Path.GetTempPath(), name);
        Directory.CreateDirectory(directory);
        return directory;
    }

    // The number of native objects that are left when garbage has been collected: of some runtimes'
    // stacks a conservative collector may read a stale reference, also in a slot of a frame that nothing has
    // been written to yet. So the stack is overwritten before the frame of the loop is there, and further
    // rounds let go of the rest.
    internal static long CollectGarbage(long inUse = 0)
    {
        OverwriteStack(20);
        return Collect(inUse);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Collect(long inUse)
    {
        for (int i = 0; i < 50 && Stave.StaveLibrary.LiveHandles > inUse; i++)
        {
            OverwriteStack(20);
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        return Stave.StaveLibrary.LiveHandles;
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

    // ---- Expectations

    internal static void Equal<T>(T expected, T actual)
    {
        bool same = expected is byte[] bytes && actual is byte[] other
            ? bytes.SequenceEqual(other) : EqualityComparer<T>.Default.Equals(expected, actual);
        if (!same)
        {
            throw new InvalidOperationException(
                "expected " + Show(expected) + ", was " + Show(actual));
        }
    }

    internal static void That(bool condition)
    {
        if (!condition)
        {
            throw new InvalidOperationException("is false");
        }
    }

    internal static E Thrown<E>(Action action) where E : Exception
    {
        try
        {
            action();
        }
        catch (E exception)
        {
            return exception;
        }
        throw new InvalidOperationException("no " + typeof(E).Name + " was thrown");
    }

    internal static byte[] Text(string text)
    {
        return Encoding.UTF8.GetBytes(text);
    }

    private static string Show(object value)
    {
        return value is byte[] bytes ? BitConverter.ToString(bytes) : (value ?? "null").ToString();
    }
}

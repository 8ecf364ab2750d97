using System;
using System.Runtime.InteropServices;

namespace Stave
{
    // The structs of the C interface, member by member. The generated code checks their sizes.

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct NativeBuffer
    {
        internal byte* Data;
        internal UIntPtr Size;
        internal UIntPtr Capacity;
    }

    // The beginning of a stave_error; the message follows.
    [StructLayout(LayoutKind.Sequential)]
    internal struct ErrorData
    {
        internal int Status;
        internal int OSErrno;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct StoreOptionsData
    {
        internal uint StructSize;
        internal uint Durability;
        internal uint IO;
        internal uint Shards;
        internal ulong SegmentSize;
        internal byte ReadOnly;
        internal byte CreateIfMissing;
        internal byte ErrorIfExists;
        internal byte Background;
        internal uint Keydir;
        internal ulong CheckpointInterval;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct CursorOptionsData
    {
        internal uint StructSize;
        internal byte KeysOnly;
        internal byte Reserved0, Reserved1, Reserved2;
        internal byte* Prefix;
        internal UIntPtr PrefixSize;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct StoreStatsData
    {
        internal uint StructSize;
        internal byte Recovered;
        internal byte WritesRefused;
        internal byte Reserved0, Reserved1;
        internal ulong Keys;
        internal ulong Segments;
        internal ulong LogBytes;
        internal ulong LiveBytes;
        internal ulong DiskBytes;
        internal ulong Version;
        internal ulong DurableVersion;
        internal ulong Commits;
        internal ulong BytesWritten;
        internal ulong Syncs;
        internal ulong Reads;
        internal ulong RecoveredCommits;
        internal ulong RecoveredCutBytes;
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate int NativeProgress(IntPtr context, ulong done, ulong total);

    [StructLayout(LayoutKind.Sequential)]
    internal struct HashIndexOptionsData
    {
        internal uint StructSize;
        internal uint KeyMode;
        internal uint ValueBits;
        internal uint Shards;
        internal ulong Capacity;
        internal ulong Seed;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct HashIndexResolverData
    {
        internal uint StructSize;
        internal uint Reserved;
        internal IntPtr Compare;
        internal IntPtr Hash;
        internal IntPtr Destroy;
        internal IntPtr Context;
        internal IntPtr Prefetch;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct HashIndexStatsData
    {
        internal uint StructSize;
        internal uint Shards;
        internal ulong Entries;
        internal ulong Capacity;
        internal ulong Bytes;
        internal ulong KeyBytes;
        internal ulong Buckets;
        internal ulong Slots;
        internal ulong OverflowNodes;
        internal ulong Splits;
        internal ulong SplitsMax;
        internal ulong ProbeSamples;
        internal ulong ProbeSum;
        internal ulong ProbeMax;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct HashIndexShardStatsData
    {
        internal uint StructSize;
        internal uint Reserved;
        internal ulong Entries;
        internal ulong Buckets;
        internal ulong Bytes;
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate int NativeCompare(
        IntPtr context, ulong value, byte* key, UIntPtr keySize);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate int NativeHash(IntPtr context, ulong value, ulong* hash);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate void NativeDestroy(IntPtr context);

    [StructLayout(LayoutKind.Sequential)]
    internal struct CowMapOptionsData
    {
        internal uint StructSize;
        internal uint Values;
        internal uint ValueSize;
        internal uint Reserved;
        internal ulong Capacity;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct CowMapStatsData
    {
        internal uint StructSize;
        internal uint Reserved;
        internal ulong Entries;
        internal ulong SharedBytes;
        internal ulong OwnBytes;
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate int NativeEdit(IntPtr context, NativeBuffer* value);

    [StructLayout(LayoutKind.Sequential)]
    internal struct DiskIndexOptionsData
    {
        internal uint StructSize;
        internal uint RecordSize;
        internal ulong DeltaMemory;
        internal ulong BulkMemory;
        internal byte ReadOnly;
        internal byte CreateIfMissing;
        internal byte CreateParents;
        internal byte ErrorIfExists;
        internal byte Background;
        internal byte Reserved0, Reserved1, Reserved2;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct DiskIndexStatsData
    {
        internal uint StructSize;
        internal byte WritesRefused;
        internal byte Reserved0, Reserved1, Reserved2;
        internal ulong Entries;
        internal ulong FileBytes;
        internal ulong FreeBytes;
        internal ulong Segments;
        internal ulong SegmentBytes;
        internal ulong LogBytes;
        internal ulong DeltaEntries;
        internal ulong Generation;
        internal ulong Lsn;
        internal ulong Merges;
        internal ulong Syncs;
        internal ulong RecoveredOperations;
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate int NativeSource(
        IntPtr context, byte* keys, byte* records, UIntPtr countMax, UIntPtr* count);

    [StructLayout(LayoutKind.Sequential)]
    internal struct MemtableOptionsData
    {
        internal uint StructSize;
        internal uint Timestamps;
        internal ulong Capacity;
        internal byte Background;
        internal byte Reserved0, Reserved1, Reserved2, Reserved3, Reserved4, Reserved5, Reserved6;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct MemtableCursorOptionsData
    {
        internal uint StructSize;
        internal byte KeysOnly;
        internal byte Tombstones;
        internal byte Reserved0, Reserved1;
        internal byte* Prefix;
        internal UIntPtr PrefixSize;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct MemtableStatsData
    {
        internal uint StructSize;
        internal uint Reserved;
        internal ulong Keys;
        internal ulong Rows;
        internal ulong Versions;
        internal ulong SizeBytes;
        internal ulong Snapshots;
        internal ulong Transactions;
        internal ulong Timestamp;
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate int NativeReader(IntPtr context, byte* value, UIntPtr size);
}

using System;
using System.Runtime.InteropServices;

namespace Stave
{
    // The structs of the C interface, member by member, but for options and statistics, which
    // bindings/structs writes. stave.i checks their sizes.

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
    internal struct WriteOptionsData
    {
        internal uint StructSize;
        internal uint Durability;
        internal ulong ExpiresAt;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct ChangeData
    {
        internal uint StructSize;
        internal uint NamespaceId;
        internal byte Removed;
        internal byte HasOldValue;
        internal fixed byte Reserved[6];
        internal byte* Key;
        internal UIntPtr KeySize;
        internal byte* Value;
        internal UIntPtr ValueSize;
        internal byte* OldValue;
        internal UIntPtr OldValueSize;
        internal ulong ExpiresAt;
        internal ulong Version;
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate int NativeProgress(IntPtr context, ulong done, ulong total);

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

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate int NativeCompare(
        IntPtr context, ulong value, byte* key, UIntPtr keySize);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate int NativeHash(IntPtr context, ulong value, ulong* hash);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate void NativeDestroy(IntPtr context);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate int NativeEdit(IntPtr context, NativeBuffer* value);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate int NativeSource(
        IntPtr context, byte* keys, byte* records, UIntPtr countMax, UIntPtr* count);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate int NativeReader(IntPtr context, byte* value, UIntPtr size);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate int NativeAtomic(IntPtr context, IntPtr atomic);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate int NativeHook(IntPtr context, ChangeData* change);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate int NativeMigration(
        IntPtr context, byte* key, UIntPtr keySize, NativeBuffer* value, uint* action);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal unsafe delegate int NativeMigrateProgress(
        IntPtr context, ulong done, ulong total, byte* token, UIntPtr tokenSize);
}

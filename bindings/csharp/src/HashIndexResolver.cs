using System;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Stave
{
    /// <summary>What a resolver says about the record at a value.</summary>
    public enum RecordAnswer
    {
        /// <summary>It is the record of this key.</summary>
        Equal,

        /// <summary>It is the record of another key.</summary>
        Different,

        /// <summary>There is no record any more: the entry counts as absent and may be replaced.</summary>
        Gone,
    }

    /// <summary>Whether the record at <paramref name="value"/> is that of this key.</summary>
    /// <param name="value">A value of the index.</param>
    /// <param name="key">The key that is looked for; valid during the call.</param>
    public delegate RecordAnswer CompareRecord(ulong value, ReadOnlySpan<byte> key);

    /// <summary>
    /// The hash of the key of the record at <paramref name="value"/>: what
    /// <see cref="HashIndex.Hash(byte[])"/> says, or what was passed to the call that put it.
    /// </summary>
    /// <returns>False when there is no record any more.</returns>
    public delegate bool HashRecord(ulong value, out ulong hash);

    /// <summary>
    /// Knows the keys of an index that keeps none: the caller has them, in the records that the values
    /// lead to.
    /// </summary>
    /// <remarks>
    /// <para>The record at a value must be there before the value is given to a write. Once another thread
    /// has removed or replaced the value, calls that began before may still ask about it: answer
    /// <see cref="RecordAnswer.Gone"/> when the record is gone, and let no other key's record take its
    /// place as long as such calls run.</para>
    /// <para>The delegates run on the threads that call the index, several at the same time, once or more
    /// for a call. They may use the same index for reading; what changes it, its cursors and
    /// <see cref="HashIndex.Close"/> throw <see cref="BusyException"/>. An exception that they throw
    /// comes out of the index's call unchanged, which changes nothing; one of the hash only makes the
    /// index grow later.</para>
    /// <para>They should be short: while one waits, memory that is no longer needed is not given back, by
    /// anything of Stave in the whole process. The hash may be asked for while the index grows, which one
    /// thread at a time does: do not wait then for a thread that calls
    /// <see cref="HashIndex.Reserve"/> or <see cref="HashIndex.ShrinkToFit"/> of the same
    /// index.</para>
    /// </remarks>
    public sealed unsafe class HashIndexResolver
    {
        // A status of no C function: the exception lies in `thrown`.
        internal const int ThrownStatus = -1000001;

        // Static, so that they are never garbage while native code has their addresses.
        private static readonly NativeCompare CompareFunction = OnCompare;
        private static readonly NativeHash HashFunction = OnHash;
        private static readonly NativeDestroy DestroyFunction = OnDestroy;

        [ThreadStatic]
        private static ExceptionDispatchInfo thrown;

        private readonly CompareRecord compare;
        private readonly HashRecord hash;

        /// <summary>A resolver for values of 64 bits.</summary>
        public HashIndexResolver(CompareRecord compare) : this(compare, null)
        {
        }

        /// <summary>A resolver.</summary>
        /// <param name="compare">Compares keys.</param>
        /// <param name="hash">Asked when an index of 44-bit values has grown by a factor of 2^19; may be
        /// null with values of 64 bits.</param>
        public HashIndexResolver(CompareRecord compare, HashRecord hash)
        {
            this.compare = compare ?? throw new ArgumentNullException(nameof(compare));
            this.hash = hash;
        }

        // The struct for C. The index keeps this object alive as long as anybody can make a call; the
        // handle is weak, since the delegates may refer to the index.
        internal HashIndexResolverData ToNative()
        {
            HashIndexResolverData data;
            Raw.stave_index_resolver_init(&data);
            data.Compare = Marshal.GetFunctionPointerForDelegate(CompareFunction);
            data.Hash = hash == null
                ? IntPtr.Zero : Marshal.GetFunctionPointerForDelegate(HashFunction);
            data.Destroy = Marshal.GetFunctionPointerForDelegate(DestroyFunction);
            data.Context = GCHandle.ToIntPtr(GCHandle.Alloc(this, GCHandleType.Weak));
            return data;
        }

        // Of a struct that no index has taken.
        internal static void Release(HashIndexResolverData data)
        {
            OnDestroy(data.Context);
        }

        internal static void Rethrow(IntPtr failure)
        {
            Raw.stave_csharp_free_error(failure);
            ExceptionDispatchInfo exception = thrown;
            thrown = null;
            exception.Throw();
        }

        // No exception may pass through the native code between here and the index's call.
        private static int OnCompare(IntPtr context, ulong value, byte* key, UIntPtr keySize)
        {
            try
            {
                var resolver = (HashIndexResolver)GCHandle.FromIntPtr(context).Target;
                switch (resolver.compare(value, new ReadOnlySpan<byte>(key, (int)keySize)))
                {
                    case RecordAnswer.Equal: return Constants.STAVE_OK;
                    case RecordAnswer.Gone: return Constants.STAVE_NOT_FOUND;
                    default: return Constants.STAVE_MISMATCH;
                }
            }
            catch (Exception exception)
            {
                return Keep(exception);
            }
        }

        private static int OnHash(IntPtr context, ulong value, ulong* hash)
        {
            try
            {
                var resolver = (HashIndexResolver)GCHandle.FromIntPtr(context).Target;
                bool exists = resolver.hash(value, out *hash);
                return exists ? Constants.STAVE_OK : Constants.STAVE_NOT_FOUND;
            }
            catch (Exception exception)
            {
                return Keep(exception);
            }
        }

        private static int Keep(Exception exception)
        {
            thrown = ExceptionDispatchInfo.Capture(exception);
            return ThrownStatus;
        }

        private static void OnDestroy(IntPtr context)
        {
            GCHandle.FromIntPtr(context).Free();
        }
    }
}

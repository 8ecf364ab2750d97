using System;

namespace Stave
{
    /// <summary>
    /// The keys of one shard, inside of <see cref="Store.Atomic(byte[], Action{Atomic}, WriteOptions)"/>.
    /// Each method does what that of the same name of <see cref="Store"/> does.
    /// </summary>
    /// <remarks>
    /// <para>A key of another shard is a <see cref="ShardMismatchException"/>. An exception that the
    /// callback catches ends nothing: what was written before still counts.</para>
    /// <para>Thread safety: the thread that runs the callback, while it runs. Another thread gets an
    /// <see cref="InvalidOperationException"/>; after the callback every method throws
    /// <see cref="ClosedException"/>. Overloads that take arrays throw
    /// <see cref="ArgumentNullException"/> for null.</para>
    /// </remarks>
    public sealed unsafe class Atomic
    {
        private readonly int thread = Environment.CurrentManagedThreadId;
        private IntPtr pointer; // zero once the callback has ended

        internal Atomic(IntPtr pointer)
        {
            this.pointer = pointer;
        }

        /// <inheritdoc cref="TryGet(ReadOnlySpan{byte}, out byte[])"/>
        public bool TryGet(byte[] key, out byte[] value)
        {
            return TryGet(Bytes.Of(key, nameof(key)), out value);
        }

        /// <summary>Reads the value into a fresh array.</summary>
        /// <param name="key">The key.</param>
        /// <param name="value">The value; null when there is no such key.</param>
        /// <returns>Whether the key exists.</returns>
        public bool TryGet(ReadOnlySpan<byte> key, out byte[] value)
        {
            using (Scratch scratch = Scratch.Take())
            fixed (byte* keyData = key)
            {
                int status = Raw.stave_atomic_get(
                    Open, keyData, (UIntPtr)(uint)key.Length, scratch.Result, out IntPtr failure);
                bool exists = Failures.Check(status, failure);
                value = exists ? Bytes.Copy(scratch.Result) : null;
                return exists;
            }
        }

        /// <inheritdoc cref="Get(ReadOnlySpan{byte})"/>
        public byte[] Get(byte[] key)
        {
            return Get(Bytes.Of(key, nameof(key)));
        }

        /// <summary>The value of a key that must exist, in a fresh array.</summary>
        /// <exception cref="NotFoundException">There is no such key.</exception>
        public byte[] Get(ReadOnlySpan<byte> key)
        {
            if (!TryGet(key, out byte[] value))
            {
                Reading.ThrowNotFound();
            }
            return value;
        }

        /// <inheritdoc cref="Contains(ReadOnlySpan{byte})"/>
        public bool Contains(byte[] key)
        {
            return Contains(Bytes.Of(key, nameof(key)));
        }

        /// <summary>Whether the key exists.</summary>
        public bool Contains(ReadOnlySpan<byte> key)
        {
            fixed (byte* keyData = key)
            {
                int status = Raw.stave_atomic_contains(
                    Open, keyData, (UIntPtr)(uint)key.Length, out IntPtr failure);
                return Failures.Check(status, failure);
            }
        }

        /// <inheritdoc cref="Put(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
        public void Put(byte[] key, byte[] value)
        {
            Put(Bytes.Of(key, nameof(key)), Bytes.Of(value, nameof(value)));
        }

        /// <summary>Stores the value, whether or not the key exists.</summary>
        public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            fixed (byte* keyData = key)
            fixed (byte* valueData = value)
            {
                int status = Raw.stave_atomic_put(
                    Open, keyData, (UIntPtr)(uint)key.Length, valueData,
                    (UIntPtr)(uint)value.Length, out IntPtr failure);
                Failures.Check(status, failure);
            }
        }

        /// <inheritdoc cref="Insert(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
        public bool Insert(byte[] key, byte[] value)
        {
            return Insert(Bytes.Of(key, nameof(key)), Bytes.Of(value, nameof(value)));
        }

        /// <summary>Stores the value if the key is absent.</summary>
        /// <returns>False when the key exists: nothing was written.</returns>
        public bool Insert(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            fixed (byte* keyData = key)
            fixed (byte* valueData = value)
            {
                int status = Raw.stave_atomic_insert(
                    Open, keyData, (UIntPtr)(uint)key.Length, valueData,
                    (UIntPtr)(uint)value.Length, out IntPtr failure);
                return Failures.Check(status, failure);
            }
        }

        /// <inheritdoc cref="Replace(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
        public bool Replace(byte[] key, byte[] value)
        {
            return Replace(Bytes.Of(key, nameof(key)), Bytes.Of(value, nameof(value)));
        }

        /// <summary>Stores the value if the key exists.</summary>
        /// <returns>False when the key is absent: nothing was written.</returns>
        public bool Replace(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            fixed (byte* keyData = key)
            fixed (byte* valueData = value)
            {
                int status = Raw.stave_atomic_replace(
                    Open, keyData, (UIntPtr)(uint)key.Length, valueData,
                    (UIntPtr)(uint)value.Length, out IntPtr failure);
                return Failures.Check(status, failure);
            }
        }

        /// <inheritdoc cref="Remove(ReadOnlySpan{byte})"/>
        public bool Remove(byte[] key)
        {
            return Remove(Bytes.Of(key, nameof(key)));
        }

        /// <summary>Removes the key.</summary>
        /// <returns>False when the key is absent.</returns>
        public bool Remove(ReadOnlySpan<byte> key)
        {
            fixed (byte* keyData = key)
            {
                int status = Raw.stave_atomic_remove(
                    Open, keyData, (UIntPtr)(uint)key.Length, out IntPtr failure);
                return Failures.Check(status, failure);
            }
        }

        // The callback has ended: the native object is no more.
        internal void End()
        {
            pointer = IntPtr.Zero;
        }

        // No other thread passes: it might be inside when the callback ends.
        private IntPtr Open
        {
            get
            {
                if (thread != Environment.CurrentManagedThreadId)
                {
                    throw new InvalidOperationException(
                        "the keys inside of Atomic belong to the thread of the callback");
                }
                if (pointer == IntPtr.Zero)
                {
                    throw Failures.Closed("callback of Atomic");
                }
                return pointer;
            }
        }
    }

    // A call whose callback reads and writes the keys of one shard.
    internal sealed class AtomicCall : CallbackCall
    {
        // Static, so that it is never garbage while native code has its address.
        internal static readonly NativeAtomic Function = Run;

        private readonly Action<Atomic> body;

        internal AtomicCall(Action<Atomic> body)
        {
            this.body = body;
        }

        private static int Run(IntPtr context, IntPtr pointer)
        {
            var call = Of<AtomicCall>(context);
            var atomic = new Atomic(pointer);
            try
            {
                call.body(atomic);
                return Constants.STAVE_OK;
            }
            catch (Exception exception)
            {
                return call.Keep(exception);
            }
            finally
            {
                atomic.End();
            }
        }
    }
}

using System;

namespace Stave
{
    /// <content>Writing. The overloads that take arrays differ in one thing: a null array is an
    /// <see cref="ArgumentNullException"/> there, and an empty span here.</content>
    public sealed unsafe partial class CowMap
    {
        /// <inheritdoc cref="Put(long, ReadOnlySpan{byte})"/>
        public bool Put(long key, byte[] value)
        {
            return Put(key, Bytes.Of(value, nameof(value)));
        }

        /// <summary>Stores the value, whether or not the key exists.</summary>
        /// <returns>Whether the key existed.</returns>
        public bool Put(long key, ReadOnlySpan<byte> value)
        {
            return Put(key, value, null);
        }

        /// <inheritdoc cref="Put(long, ReadOnlySpan{byte}, out byte[])"/>
        public bool Put(long key, byte[] value, out byte[] previous)
        {
            return Put(key, Bytes.Of(value, nameof(value)), out previous);
        }

        /// <summary>Stores the value, whether or not the key exists.</summary>
        /// <param name="key">The key.</param>
        /// <param name="value">The new value.</param>
        /// <param name="previous">The value that was replaced; null when there was none.</param>
        /// <returns>Whether the key existed.</returns>
        public bool Put(long key, ReadOnlySpan<byte> value, out byte[] previous)
        {
            using (Scratch scratch = Scratch.Take())
            {
                bool replaced = Put(key, value, scratch.Result);
                previous = replaced ? Bytes.Copy(scratch.Result) : null;
                return replaced;
            }
        }

        /// <summary>Removes the key.</summary>
        /// <returns>Whether it existed.</returns>
        public bool Remove(long key)
        {
            return Remove(key, (NativeBuffer*)null);
        }

        /// <summary>Removes the key.</summary>
        /// <param name="key">The key.</param>
        /// <param name="removed">The value that it had; null when it was absent.</param>
        /// <returns>Whether it existed.</returns>
        public bool Remove(long key, out byte[] removed)
        {
            using (Scratch scratch = Scratch.Take())
            {
                bool existed = Remove(key, scratch.Result);
                removed = existed ? Bytes.Copy(scratch.Result) : null;
                return existed;
            }
        }

        /// <summary>
        /// Lets a callback change the value of a key. Others see the value before or after, nothing
        /// between.
        /// </summary>
        /// <param name="key">The key.</param>
        /// <param name="edit">Is given the value, in an array of its own, which it may change and return;
        /// what it returns is stored. Not called when the key is absent. It runs while other writers of
        /// this map wait. It may read the map, which it sees as it was, and use all other maps; what
        /// writes to this map, copies or closes it throws <see cref="BusyException"/>. An exception that
        /// it throws comes out of this call unchanged, and nothing is changed. All this holds for the
        /// callbacks of the other methods too.</param>
        /// <returns>Whether the key exists.</returns>
        /// <exception cref="InvalidOperationException">The callback returned null.</exception>
        public bool Modify(long key, Func<byte[], byte[]> edit)
        {
            Arguments.RefuseNull(edit, nameof(edit));
            using (var call = new EditCall(edit))
            {
                int status = Raw.stave_cow_map_modify(
                    handle.Pointer, key, EditCall.Function, call.Context, out IntPtr failure);
                return Check(call, status, failure);
            }
        }

        /// <inheritdoc cref="GetOrInsert(long, ReadOnlySpan{byte}, out byte[])"/>
        public bool GetOrInsert(long key, byte[] value, out byte[] current)
        {
            return GetOrInsert(key, Bytes.Of(value, nameof(value)), out current);
        }

        /// <summary>Stores the value if the key is absent.</summary>
        /// <param name="key">The key.</param>
        /// <param name="value">The new value.</param>
        /// <param name="current">The value that the key has now.</param>
        /// <returns>Whether the key was absent, and the value was stored.</returns>
        public bool GetOrInsert(long key, ReadOnlySpan<byte> value, out byte[] current)
        {
            using (Scratch scratch = Scratch.Take())
            {
                bool inserted;
                fixed (byte* data = value)
                {
                    int status = Raw.stave_cow_map_get_or_insert(
                        handle.Pointer, key, data, (UIntPtr)(uint)value.Length, scratch.Result,
                        out IntPtr failure);
                    inserted = Check(status, failure);
                }
                current = Bytes.Copy(scratch.Result);
                return inserted;
            }
        }

        /// <summary>Stores a value that a callback makes if the key is absent.</summary>
        /// <param name="key">The key.</param>
        /// <param name="make">Returns the value. Not called when the key exists. What it may do:
        /// <see cref="Modify"/>.</param>
        /// <param name="current">The value that the key has now.</param>
        /// <returns>Whether the key was absent, and the value was stored.</returns>
        /// <exception cref="InvalidOperationException">The callback returned null.</exception>
        public bool GetOrInsert(long key, Func<byte[]> make, out byte[] current)
        {
            Arguments.RefuseNull(make, nameof(make));
            using (Scratch scratch = Scratch.Take())
            using (var call = new EditCall(_ => make()))
            {
                int status = Raw.stave_cow_map_get_or_insert_with(
                    handle.Pointer, key, EditCall.Function, call.Context, scratch.Result,
                    out IntPtr failure);
                bool inserted = Check(call, status, failure);
                current = Bytes.Copy(scratch.Result);
                return inserted;
            }
        }

        /// <inheritdoc cref="UpdateOrInsert(long, Func{byte[], byte[]}, ReadOnlySpan{byte}, out byte[])"/>
        public bool UpdateOrInsert(
            long key, Func<byte[], byte[]> edit, byte[] value, out byte[] current)
        {
            return UpdateOrInsert(key, edit, Bytes.Of(value, nameof(value)), out current);
        }

        /// <summary>Lets a callback change the value if the key exists, else stores one.</summary>
        /// <param name="key">The key.</param>
        /// <param name="edit">As that of <see cref="Modify"/>.</param>
        /// <param name="value">The value for an absent key.</param>
        /// <param name="current">The value that the key has now.</param>
        /// <returns>Whether the key was absent, and the value was stored.</returns>
        /// <exception cref="InvalidOperationException">The callback returned null.</exception>
        public bool UpdateOrInsert(
            long key, Func<byte[], byte[]> edit, ReadOnlySpan<byte> value, out byte[] current)
        {
            Arguments.RefuseNull(edit, nameof(edit));
            using (Scratch scratch = Scratch.Take())
            using (var call = new EditCall(edit))
            {
                bool inserted;
                fixed (byte* data = value)
                {
                    int status = Raw.stave_cow_map_update_or_insert(
                        handle.Pointer, key, EditCall.Function, call.Context, data,
                        (UIntPtr)(uint)value.Length, scratch.Result, out IntPtr failure);
                    inserted = Check(call, status, failure);
                }
                current = Bytes.Copy(scratch.Result);
                return inserted;
            }
        }

        private bool Put(long key, ReadOnlySpan<byte> value, NativeBuffer* previous)
        {
            fixed (byte* data = value)
            {
                byte replaced = 0;
                int status = Raw.stave_cow_map_put(
                    handle.Pointer, key, data, (UIntPtr)(uint)value.Length, &replaced, previous,
                    out IntPtr failure);
                Check(status, failure);
                return replaced != 0;
            }
        }

        private bool Remove(long key, NativeBuffer* removed)
        {
            int status = Raw.stave_cow_map_remove(
                handle.Pointer, key, removed, out IntPtr failure);
            return Check(status, failure);
        }

        private bool Check(EditCall call, int status, IntPtr failure)
        {
            GC.KeepAlive(handle);
            return call.Check(status, failure);
        }
    }
}

using System;
using System.Collections.Generic;
using System.Linq;

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

        /// <inheritdoc cref="Insert(long, ReadOnlySpan{byte})"/>
        public bool Insert(long key, byte[] value)
        {
            return Insert(key, Bytes.Of(value, nameof(value)));
        }

        /// <summary>Stores the value if the key is absent.</summary>
        /// <returns>False when the key exists: nothing was stored.</returns>
        public bool Insert(long key, ReadOnlySpan<byte> value)
        {
            fixed (byte* valueData = value)
            {
                int status = Raw.stave_cow_map_insert(
                    handle.Pointer, key, valueData, (UIntPtr)(uint)value.Length,
                    out IntPtr failure);
                return Check(status, failure);
            }
        }

        /// <inheritdoc cref="Replace(long, ReadOnlySpan{byte}, out byte[])"/>
        public bool Replace(long key, byte[] value, out byte[] previous)
        {
            return Replace(key, Bytes.Of(value, nameof(value)), out previous);
        }

        /// <summary>Stores the value if the key exists.</summary>
        /// <param name="key">The key.</param>
        /// <param name="value">The new value.</param>
        /// <param name="previous">The value that was replaced; null when there was none.</param>
        /// <returns>False when the key is absent: nothing was stored.</returns>
        public bool Replace(long key, ReadOnlySpan<byte> value, out byte[] previous)
        {
            using (Scratch scratch = Scratch.Take())
            fixed (byte* valueData = value)
            {
                int status = Raw.stave_cow_map_replace(
                    handle.Pointer, key, valueData, (UIntPtr)(uint)value.Length, scratch.Result,
                    out IntPtr failure);
                bool replaced = Check(status, failure);
                previous = replaced ? Bytes.Copy(scratch.Result) : null;
                return replaced;
            }
        }

        /// <summary>
        /// Stores many values, each as a <see cref="Put(long, byte[])"/> of its own, in their order. The
        /// memory of several keys is fetched together, so that they cost much less than one by one.
        /// </summary>
        /// <returns>For each entry whether its key existed.</returns>
        /// <exception cref="ArgumentException">A value is null.</exception>
        public bool[] MultiPut(IEnumerable<KeyValuePair<long, byte[]>> entries)
        {
            var replaced = new List<bool>();
            MultiPut(entries, replaced);
            return replaced.ToArray();
        }

        /// <summary>Like <see cref="MultiPut(IEnumerable{KeyValuePair{long, byte[]}})"/>, and reports
        /// which values were stored when it throws.</summary>
        /// <param name="entries">The keys and their values.</param>
        /// <param name="replaced">Takes for each value that has been stored whether its key existed; what
        /// it held is gone. After an exception it has the entries before the one that failed.</param>
        /// <exception cref="ArgumentException">A value is null.</exception>
        public void MultiPut(
            IEnumerable<KeyValuePair<long, byte[]>> entries, ICollection<bool> replaced)
        {
            Arguments.RefuseNull(entries, nameof(entries));
            Arguments.RefuseNull(replaced, nameof(replaced));
            replaced.Clear();
            KeyValuePair<long, byte[]>[] all = entries.ToArray();
            long[] keys = Array.ConvertAll(all, entry => entry.Key);
            using (Scratch joined = Scratch.Take())
            {
                joined.Join(all.Select(entry => entry.Value), nameof(entries));
                ulong[] sizes = Array.ConvertAll(joined.Sizes, size => (ulong)size);
                // One more, so that there is an address also without entries.
                var flags = new byte[all.Length + 1];
                UIntPtr done = UIntPtr.Zero;
                fixed (long* keysData = keys)
                fixed (byte* valuesData = joined.Data)
                fixed (ulong* sizesData = sizes)
                fixed (byte* flagsData = flags)
                {
                    int status = Raw.stave_cow_map_multi_put(
                        handle.Pointer, keysData, valuesData, sizesData, (UIntPtr)(uint)all.Length,
                        flagsData, &done, out IntPtr failure);
                    for (int i = 0; i < (int)done; i++)
                    {
                        replaced.Add(flags[i] != 0);
                    }
                    Check(status, failure);
                }
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

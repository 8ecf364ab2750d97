using System;

namespace Stave
{
    /// <summary>
    /// A value that was read without copying it where that is possible. Its bytes stay as they are,
    /// whatever happens to the key, also after the store is closed. A pin blocks nobody.
    /// </summary>
    /// <remarks>
    /// Thread safety: any number of threads may use a pin, and any of them may dispose of it. After that
    /// its members throw <see cref="ClosedException"/>.
    /// </remarks>
    public sealed unsafe class Pin : IDisposable
    {
        private readonly Handle handle;
        private readonly byte* data;
        private readonly int length;

        internal Pin(Handle handle)
        {
            this.handle = handle;
            data = Raw.stave_pin_data(handle.Pointer);
            length = (int)Raw.stave_pin_size(handle.Pointer);
        }

        /// <summary>The number of bytes.</summary>
        public int Length
        {
            get
            {
                lock (handle)
                {
                    Check();
                    return length;
                }
            }
        }

        /// <summary>
        /// The bytes, without a copy. They are native memory, which a span cannot keep: it is valid until
        /// <see cref="Dispose"/>, so use it inside the pin's <c>using</c>. <see cref="ToArray"/> and
        /// <see cref="CopyTo"/> need no such care.
        /// </summary>
        public ReadOnlySpan<byte> Span
        {
            get
            {
                lock (handle)
                {
                    Check();
                    return new ReadOnlySpan<byte>(data, length);
                }
            }
        }

        /// <summary>A copy of the bytes.</summary>
        public byte[] ToArray()
        {
            lock (handle)
            {
                Check();
                return Bytes.Copy(data, length);
            }
        }

        /// <summary>Copies the bytes.</summary>
        /// <exception cref="ArgumentException">They do not fit.</exception>
        public void CopyTo(Span<byte> destination)
        {
            lock (handle)
            {
                Check();
                new ReadOnlySpan<byte>(data, length).CopyTo(destination);
            }
        }

        /// <summary>Gives the memory back. Any number of times.</summary>
        public void Dispose()
        {
            lock (handle)
            {
                handle.Free();
            }
        }

        private void Check()
        {
            if (handle.Pointer == IntPtr.Zero)
            {
                throw Failures.Closed("pin");
            }
        }
    }
}

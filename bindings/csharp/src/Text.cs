using System;
using System.Globalization;
using System.Text;

namespace Stave
{
    // Texts of the C interface: UTF-8 that ends with a zero byte.
    internal static unsafe class Text
    {
        private static readonly UTF8Encoding Strict = new UTF8Encoding(false, true);

        internal static string FromNative(byte* text)
        {
            int size = 0;
            while (text[size] != 0)
            {
                size++;
            }
            return Encoding.UTF8.GetString(text, size);
        }

        internal delegate int Describe(NativeBuffer* text, out IntPtr failure);

        // What a native call puts into a buffer.
        internal static string Described(Describe describe)
        {
            NativeBuffer text;
            Raw.stave_buffer_init(&text);
            try
            {
                int status = describe(&text, out IntPtr failure);
                Failures.Check(status, failure);
                return Encoding.UTF8.GetString(text.Data, (int)text.Size);
            }
            finally
            {
                Raw.stave_buffer_free(&text);
            }
        }

        // Values of options as texts of options have them.
        internal static string Name(Enum value)
        {
            return value.Equals(IOMode.Mapped) ? "mmap" : value.ToString().ToLowerInvariant();
        }

        internal static string Number(ulong value)
        {
            return value.ToString(CultureInfo.InvariantCulture);
        }

        internal static byte[] ToNative(string text, string parameter)
        {
            if (text == null)
            {
                throw new ArgumentNullException(parameter);
            }
            if (text.IndexOf('\0') >= 0)
            {
                throw new ArgumentException("the text holds a zero character", parameter);
            }
            var bytes = new byte[Strict.GetByteCount(text) + 1];
            Strict.GetBytes(text, 0, text.Length, bytes, 0);
            return bytes;
        }
    }
}

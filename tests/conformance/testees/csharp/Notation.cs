using System.Collections.Generic;
using System.IO;
using System.Text;

// How scripts write bytes: printable ASCII stands for itself, all else is \xNN.
internal static class Notation
{
    private const string Digits = "0123456789abcdef";

    internal static string Quote(byte[] bytes)
    {
        var text = new StringBuilder(bytes.Length + 2).Append('"');
        foreach (byte one in bytes)
        {
            if (one >= ' ' && one <= '~' && one != '"' && one != '\\')
            {
                text.Append((char)one);
            }
            else
            {
                text.Append("\\x").Append(Digits[one >> 4]).Append(Digits[one & 15]);
            }
        }
        return text.Append('"').ToString();
    }

    // The words of a line: byte[] for what stands in quotes, string for all else.
    internal static List<object> Words(string line)
    {
        var words = new List<object>();
        int at = 0;
        while (at < line.Length)
        {
            bool isQuoted = line[at] == '"';
            int start = isQuoted ? at + 1 : at;
            int stop = line.IndexOf(isQuoted ? '"' : ' ', start);
            stop = stop < 0 ? line.Length : stop;
            words.Add(isQuoted ? Unquote(line, start, stop) : (object)line.Substring(at, stop - at));
            at = stop + (isQuoted ? 2 : 1);
        }
        return words;
    }

    private static byte[] Unquote(string line, int start, int stop)
    {
        var bytes = new MemoryStream(stop - start);
        for (int i = start; i < stop; i++)
        {
            if (line[i] == '\\')
            {
                int high = Digits.IndexOf(line[i + 2]);
                bytes.WriteByte((byte)(16 * high + Digits.IndexOf(line[i + 3])));
                i += 3;
            }
            else
            {
                bytes.WriteByte((byte)line[i]);
            }
        }
        return bytes.ToArray();
    }
}

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** How scripts write bytes: printable ASCII stands for itself, all else is {@code \xNN}. */
final class Notation {
  private static final byte[] DIGITS = bytes("0123456789abcdef");

  private Notation() {}

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  static byte[] quote(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length + 2);
    out.write('"');
    for (byte one : bytes) {
      if (one >= ' ' && one <= '~' && one != '"' && one != '\\') {
        out.write(one);
      } else {
        out.write('\\');
        out.write('x');
        out.write(DIGITS[(one >> 4) & 15]);
        out.write(DIGITS[one & 15]);
      }
    }
    out.write('"');
    return out.toByteArray();
  }

  /** The words of a line: byte[] for what stands in quotes, String for all else. */
  static List<Object> words(byte[] line) {
    List<Object> words = new ArrayList<>();
    int at = 0;
    while (at < line.length) {
      char end = line[at] == '"' ? '"' : ' ';
      int start = end == '"' ? at + 1 : at;
      int stop = start;
      while (stop < line.length && line[stop] != end) {
        stop++;
      }
      words.add(end == '"'
          ? unquote(line, start, stop)
          : new String(line, start, stop - start, StandardCharsets.US_ASCII));
      at = stop + (end == '"' ? 2 : 1);
    }
    return words;
  }

  private static byte[] unquote(byte[] line, int start, int stop) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(stop - start);
    for (int i = start; i < stop; i++) {
      if (line[i] == '\\') {
        out.write(16 * Character.digit(line[i + 2], 16) + Character.digit(line[i + 3], 16));
        i += 3;
      } else {
        out.write(line[i]);
      }
    }
    return out.toByteArray();
  }

  /** Text and a quoted word. */
  static byte[] join(String text, byte[] word) {
    return join(bytes(text), quote(word));
  }

  /** A quoted word and text. */
  static byte[] join(byte[] word, String text) {
    return join(quote(word), bytes(text));
  }

  /** Two quoted words, and text between them. */
  static byte[] join(byte[] first, String text, byte[] second) {
    return join(join(first, text), quote(second));
  }

  private static byte[] join(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }
}

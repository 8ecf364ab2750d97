import io.github.stavedb.stave.StaveException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Data lines and a status line. */
final class Reply {
  final List<byte[]> lines;
  final byte[] status;

  Reply(List<byte[]> lines, byte[] status) {
    this.lines = lines;
    this.status = status;
  }

  static Reply status(String status) {
    return new Reply(List.of(), Notation.bytes(status));
  }

  static Reply ok() {
    return status("ok");
  }

  static Reply ok(String result) {
    return status("ok " + result);
  }

  static Reply ok(long result) {
    return ok(Long.toString(result));
  }

  static Reply lines(List<byte[]> lines, String status) {
    return new Reply(lines, Notation.bytes(status));
  }

  static Reply quoted(byte[] bytes) {
    byte[] word = Notation.quote(bytes);
    byte[] status = new byte[3 + word.length];
    System.arraycopy("ok ".getBytes(StandardCharsets.US_ASCII), 0, status, 0, 3);
    System.arraycopy(word, 0, status, 3, word.length);
    return new Reply(List.of(), status);
  }

  /** The bytes; the status when there are none. */
  static Reply quotedOr(byte[] bytes, String otherwise) {
    return bytes == null ? status(otherwise) : quoted(bytes);
  }

  static Reply valuesOrAbsent(List<byte[]> values) {
    List<byte[]> lines = new ArrayList<>();
    for (byte[] value : values) {
      lines.add(value == null ? Notation.bytes("absent") : Notation.quote(value));
    }
    return lines(lines, "ok");
  }

  /** A line for each word. */
  static Reply words(String text) {
    List<byte[]> lines = new ArrayList<>();
    for (String word : text.split(" ")) {
      lines.add(Notation.bytes(word));
    }
    return lines(lines, "ok");
  }

  /** The named ones of a struct of figures. */
  static Reply members(Map<String, Long> members, List<Object> names) {
    List<byte[]> lines = new ArrayList<>();
    for (Object name : names) {
      lines.add(Notation.bytes(name + "=" + Long.toUnsignedString(members.get(name))));
    }
    return lines(lines, "ok");
  }

  static Reply found(boolean condition, String otherwise) {
    return condition ? ok() : status(otherwise);
  }

  static Reply failed(StaveException e) {
    String status = (e.status() > 0 ? "" : "error ") + e.statusName();
    if (e instanceof StaveException.Mismatch) {
      return lines(
          List.of(Notation.bytes("failed " + ((StaveException.Mismatch) e).position())), status);
    }
    if (e instanceof StaveException.BufferTooSmall) {
      return lines(
          List.of(Notation.bytes("needed " + ((StaveException.BufferTooSmall) e).needed())), status);
    }
    return status(status);
  }
}

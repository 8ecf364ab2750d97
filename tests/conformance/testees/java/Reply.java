import io.github.stavedb.stave.StaveException;
import java.nio.charset.StandardCharsets;
import java.util.List;

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

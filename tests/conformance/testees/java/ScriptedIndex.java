import io.github.stavedb.stave.Index;
import io.github.stavedb.stave.IndexOptions;
import io.github.stavedb.stave.IndexResolver;
import io.github.stavedb.stave.KeyMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/** An index of a script; if it keeps no keys, with what the script has said of its values. */
final class ScriptedIndex implements IndexResolver {
  final Index index;
  private final Map<Long, Record> records = new HashMap<>();
  private String rule; // of the last range

  /** What the script has said of a value. */
  private static final class Record {
    byte[] key;
    String fate; // "gone", "fails", or null
    Long hash;
    String call; // what is called on the index first, or null
  }

  ScriptedIndex(IndexOptions options) {
    index = options.keyMode() == KeyMode.RESOLVED
        ? Index.create(options, this) : Index.create(options);
  }

  void record(long value, Object what, String how) {
    Record record = new Record();
    if (what instanceof byte[]) {
      record.key = (byte[]) what;
    } else {
      record.fate = (String) what;
    }
    if (how != null && Character.isDigit(how.charAt(0))) {
      record.hash = Long.parseUnsignedLong(how);
    } else {
      record.call = how;
    }
    records.put(value, record);
  }

  void useRule(String lastRule) {
    rule = lastRule;
  }

  /** The hash that a rule gives to a counter. */
  static long ruledHash(String rule, long counter) {
    switch (rule) {
      case "equal":
        return 7;
      case "low":
        return counter;
      default:
        return counter << 48;
    }
  }

  static byte[] counterKey(long counter) {
    return ByteBuffer.allocate(Long.BYTES).putLong(counter).array();
  }

  @Override
  public byte[] keyOf(long value) {
    Record record = records.get(value);
    if (record == null) {
      return counterKey(value);
    }
    call(record.call);
    if ("fails".equals(record.fate)) {
      throw new UncheckedIOException(new IOException("as the script says"));
    }
    return record.key; // null when it is gone
  }

  @Override
  public Long hashOf(long value) {
    Record record = records.get(value);
    if (record != null) {
      return record.hash;
    }
    return rule == null ? null : (Long) ruledHash(rule, value);
  }

  private void call(String name) {
    if (name == null) {
      return;
    }
    switch (name) {
      case "get":
        index.get(Notation.bytes("other"));
        break;
      case "put":
        index.put(Notation.bytes("other"), 1);
        break;
      default:
        index.close();
    }
  }
}

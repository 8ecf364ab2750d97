import io.github.stavedb.stave.MemtableCursor;
import io.github.stavedb.stave.MemtableCursorOptions;
import io.github.stavedb.stave.MemtableRecord;
import io.github.stavedb.stave.MemtableSnapshot;
import io.github.stavedb.stave.MemtableTransaction;
import io.github.stavedb.stave.MemtableView;
import io.github.stavedb.stave.StaveException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** The verbs of a memtable's transactions, snapshots and cursors. */
final class MemtableChildVerbs {
  private MemtableChildVerbs() {}

  /** A verb of a transaction or a snapshot that makes a handle; null when there is none to make. */
  static Object make(String name, MemtableView view, List<Object> arguments) {
    return name.equals("get_pin")
        ? view.getPin((byte[]) arguments.get(0)) : view.cursor(cursorOptions(arguments));
  }

  static Reply runTransaction(
      String name, MemtableTransaction transaction, List<Object> arguments) {
    switch (name) {
      case "id":
        return Reply.ok(transaction.id());
      case "snapshot":
        return Reply.ok(transaction.snapshot());
      case "put":
        transaction.put((byte[]) arguments.get(0), (byte[]) arguments.get(1));
        return Reply.ok();
      case "remove":
        transaction.remove((byte[]) arguments.get(0));
        return Reply.ok();
      case "multi_write":
        return written(arguments, transaction::multiWrite);
      case "commit":
        return Reply.ok(transaction.commit());
      case "rollback":
        transaction.rollback();
        return Reply.ok();
      default:
        return runView(name, transaction, arguments);
    }
  }

  static Reply runSnapshot(String name, MemtableSnapshot snapshot, List<Object> arguments) {
    return name.equals("timestamp")
        ? Reply.ok(snapshot.timestamp()) : runView(name, snapshot, arguments);
  }

  private static Reply runView(String name, MemtableView view, List<Object> arguments) {
    switch (name) {
      case "get":
        return Reply.quotedOr(view.get((byte[]) arguments.get(0)), "not_found");
      case "get_into":
        byte[] target = new byte[Integer.parseInt((String) arguments.get(1))];
        int size = view.get((byte[]) arguments.get(0), target);
        return Reply.quotedOr(size < 0 ? null : Arrays.copyOf(target, size), "not_found");
      case "contains":
        return Reply.found(view.contains((byte[]) arguments.get(0)), "not_found");
      case "multi_get":
        List<byte[]> keys = new ArrayList<>();
        arguments.forEach(key -> keys.add((byte[]) key));
        return Reply.valuesOrAbsent(view.multiGet(keys));
      case "scan":
        return visited(view.cursor(cursorOptions(arguments)));
      case "close":
        view.close();
        return Reply.ok();
      default:
        throw new IllegalArgumentException(name);
    }
  }

  static Reply runCursor(String name, MemtableCursor cursor, List<Object> arguments) {
    switch (name) {
      case "next":
        return Reply.found(cursor.next(), "done");
      case "key":
        return Reply.quoted(cursor.key());
      case "value":
        byte[] value = cursor.value();
        return Reply.quoted(value == null ? new byte[0] : value);
      case "deleted":
        return Reply.ok(cursor.deleted() ? 1 : 0);
      case "next_many":
        List<byte[]> lines = new ArrayList<>();
        int countMax = Integer.parseInt((String) arguments.get(0));
        int bytesMax = Integer.parseInt((String) arguments.get(1));
        cursor.nextMany(countMax, bytesMax).forEach(record -> lines.add(line(record)));
        return lines.isEmpty() ? Reply.status("done") : Reply.lines(lines, "ok " + lines.size());
      case "close":
        cursor.close();
        return Reply.ok();
      default:
        throw new IllegalArgumentException(name);
    }
  }

  // ---- Arguments and results

  /** [P] [keys_only] [tombstones] */
  static MemtableCursorOptions cursorOptions(List<Object> words) {
    MemtableCursorOptions options = MemtableCursorOptions.ALL;
    for (Object word : words) {
      if (word instanceof byte[]) {
        options = options.prefix((byte[]) word);
      } else if (word.equals("keys_only")) {
        options = options.keysOnly();
      } else {
        options = options.tombstones();
      }
    }
    return options;
  }

  /** Writes KEY VALUE KEY VALUE ...; a value without quotes is a tombstone. */
  static Reply written(List<Object> words, Consumer<List<MemtableRecord>> write) {
    List<MemtableRecord> records = new ArrayList<>();
    for (int i = 0; i < words.size(); i += 2) {
      byte[] key = (byte[]) words.get(i);
      records.add(words.get(i + 1) instanceof byte[]
          ? new MemtableRecord(key, (byte[]) words.get(i + 1)) : MemtableRecord.deletion(key));
    }
    try {
      write.accept(records);
      return Reply.ok(records.size());
    } catch (StaveException.Conflict e) {
      return Reply.lines(List.of(Notation.bytes("written " + e.written())), e.statusName());
    }
  }

  static Reply visited(MemtableCursor cursor) {
    List<byte[]> lines = new ArrayList<>();
    cursor.forEach(record -> lines.add(line(record)));
    return Reply.lines(lines, "ok " + lines.size());
  }

  private static byte[] line(MemtableRecord record) {
    return record.deleted() ? Notation.join(record.key(), " deleted")
        : Notation.join(record.key(), " = ", record.value());
  }
}

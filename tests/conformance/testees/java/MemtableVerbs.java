import io.github.stavedb.stave.KeyState;
import io.github.stavedb.stave.Memtable;
import io.github.stavedb.stave.MemtableOptions;
import io.github.stavedb.stave.MemtableStats;
import io.github.stavedb.stave.Pin;
import io.github.stavedb.stave.Visible;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The verbs of memtables. */
final class MemtableVerbs {
  private MemtableVerbs() {}

  /** A verb that makes a handle. */
  static Object make(String name, Memtable table, List<Object> arguments) {
    switch (name) {
      case "create":
        MemtableOptions options = new MemtableOptions();
        for (Object option : arguments) {
          options.set((String) option);
        }
        return Memtable.create(options);
      case "begin":
        return table.begin();
      case "snapshot":
        return table.snapshot();
      default:
        return table.cursor(number(arguments, 0), number(arguments, 1),
            MemtableChildVerbs.cursorOptions(arguments.subList(2, arguments.size())));
    }
  }

  /** The reply of a read_pin without a pin. */
  static Reply notPinned(Visible<Pin> read) {
    return notFound(read.state() == KeyState.DELETED);
  }

  static Visible<Pin> readPin(Memtable table, List<Object> arguments) {
    return table.readPin(bytes(arguments, 0), number(arguments, 1), transaction(arguments));
  }

  static Reply run(String name, Memtable table, List<Object> arguments) {
    Reply reply = runRead(name, table, arguments);
    if (reply == null) {
      reply = runWrite(name, table, arguments);
    }
    return reply == null ? runWhole(name, table, arguments) : reply;
  }

  private static Reply notFound(boolean deleted) {
    return Reply.lines(deleted ? List.of(Notation.bytes("deleted")) : List.of(), "not_found");
  }

  private static Reply read(Visible<byte[]> read) {
    return read.exists() ? Reply.quoted(read.value()) : notFound(read.state() == KeyState.DELETED);
  }

  /** Null when the verb is another one. */
  private static Reply runRead(String name, Memtable table, List<Object> arguments) {
    switch (name) {
      case "read":
        return read(
            table.read(bytes(arguments, 0), number(arguments, 1), transaction(arguments)));
      case "read_into":
        byte[] target = new byte[(int) number(arguments, 3)];
        int size = table.read(
            bytes(arguments, 0), number(arguments, 1), number(arguments, 2), target);
        return size < 0 ? notFound(size == Memtable.DELETED)
            : Reply.quoted(Arrays.copyOf(target, size));
      case "read_with":
        return read(readWith(table, arguments));
      case "multi_read":
        List<byte[]> lines = new ArrayList<>();
        for (Visible<byte[]> value : table.multiRead(
            keys(arguments, 2), number(arguments, 0), number(arguments, 1))) {
          lines.add(value.exists() ? Notation.quote(value.value())
              : Notation.bytes(value.state().toString()));
        }
        return Reply.lines(lines, "ok");
      case "scan":
        return MemtableChildVerbs.visited(table.cursor(number(arguments, 0), number(arguments, 1),
            MemtableChildVerbs.cursorOptions(arguments.subList(2, arguments.size()))));
      default:
        return null;
    }
  }

  /** With a function that does what the last word says. */
  private static Visible<byte[]> readWith(Memtable table, List<Object> arguments) {
    byte[] key = bytes(arguments, 0);
    long snapshot = number(arguments, 1);
    long transaction = number(arguments, 2);
    String what = arguments.size() > 3 ? (String) arguments.get(3) : "";
    return table.readWith(key, snapshot, transaction, value -> {
      switch (what) {
        case "cancel":
          throw new ScriptedFailure("cancelled");
        case "close":
          table.close();
          return value;
        case "nested":
          return table.readWith(key, snapshot, transaction, inner -> inner).value();
        case "write":
          table.write(key, value, transaction);
          return value;
        default:
          return value;
      }
    });
  }

  private static Reply runWrite(String name, Memtable table, List<Object> arguments) {
    switch (name) {
      case "write":
        table.write(bytes(arguments, 1), bytes(arguments, 2), number(arguments, 0));
        return Reply.ok();
      case "write_tombstone":
        table.writeTombstone(bytes(arguments, 1), number(arguments, 0));
        return Reply.ok();
      case "multi_write":
        return MemtableChildVerbs.written(arguments.subList(1, arguments.size()),
            records -> table.multiWrite(records, number(arguments, 0)));
      case "commit":
        table.commit(number(arguments, 0), number(arguments, 1), keys(arguments, 2));
        return Reply.ok();
      case "abort":
        table.abort(number(arguments, 0), keys(arguments, 1));
        return Reply.ok();
      case "has_write_conflict":
        return Reply.ok(
            table.hasWriteConflict(bytes(arguments, 1), number(arguments, 0)) ? 1 : 0);
      default:
        return null;
    }
  }

  private static Reply runWhole(String name, Memtable table, List<Object> arguments) {
    switch (name) {
      case "options":
        return Reply.words(table.options().toString());
      case "close":
        table.close();
        return Reply.ok();
      case "size":
        return Reply.ok(table.size());
      case "size_bytes":
        return Reply.ok(table.sizeBytes());
      case "is_empty":
        return Reply.ok(table.isEmpty() ? 1 : 0);
      case "prune":
        return Reply.ok(table.prune(number(arguments, 0)));
      case "clear":
        table.clear();
        return Reply.ok();
      case "stats":
        MemtableStats stats = table.stats();
        return Reply.members(Map.of("keys", stats.keys(), "rows", stats.rows(), "versions",
            stats.versions(), "size_bytes", stats.sizeBytes(), "snapshots", stats.snapshots(),
            "transactions", stats.transactions(), "timestamp", stats.timestamp()), arguments);
      default:
        throw new IllegalArgumentException(name);
    }
  }

  // ---- Arguments

  private static byte[] bytes(List<Object> arguments, int position) {
    return (byte[]) arguments.get(position);
  }

  private static long number(List<Object> arguments, int position) {
    return Long.parseUnsignedLong((String) arguments.get(position));
  }

  /** The transaction that reads, which may be missing. */
  private static long transaction(List<Object> arguments) {
    return arguments.size() > 2 ? number(arguments, 2) : 0;
  }

  private static List<byte[]> keys(List<Object> arguments, int first) {
    List<byte[]> keys = new ArrayList<>();
    arguments.subList(first, arguments.size()).forEach(key -> keys.add((byte[]) key));
    return keys;
  }
}

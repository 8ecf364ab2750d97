import io.github.stavedb.stave.Codec;
import io.github.stavedb.stave.DiskIndex;
import io.github.stavedb.stave.DiskIndexCursor;
import io.github.stavedb.stave.DiskIndexOptions;
import io.github.stavedb.stave.DiskIndexStats;
import io.github.stavedb.stave.Entry;
import io.github.stavedb.stave.Payload;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** The verbs of disk indexes and their cursors. */
final class DiskIndexVerbs {
  private DiskIndexVerbs() {}

  static Object open(List<Object> arguments) {
    return DiskIndex.open(path(arguments), options(arguments));
  }

  static Reply rebuild(List<Object> arguments) {
    DiskIndex.rebuild(
        path(arguments), options(arguments), pairs(arguments.subList(1, arguments.size())));
    return Reply.ok();
  }

  static Reply run(String name, DiskIndex index, List<Object> arguments) {
    Reply reply = runRecord(name, index, arguments);
    return reply == null ? runWhole(name, index, arguments) : reply;
  }

  /** Null when the verb is another one. */
  private static Reply runRecord(String name, DiskIndex index, List<Object> arguments) {
    switch (name) {
      case "put":
        index.put(bytes(arguments, 0), bytes(arguments, 1));
        return Reply.ok();
      case "insert":
        return Reply.found(index.insert(bytes(arguments, 0), bytes(arguments, 1)), "exists");
      case "put_payload":
        byte[] record = new Payload(number(arguments, 1), (int) number(arguments, 2),
            (int) number(arguments, 3), Codec.NONE).toRecord();
        record[16] = (byte) number(arguments, 4); // also one that no Codec is
        index.put(bytes(arguments, 0), record);
        return Reply.ok();
      case "get_payload":
        byte[] found = index.get(bytes(arguments, 0));
        return found == null ? Reply.status("not_found") : payload(Payload.ofRecord(found));
      case "remove":
        return Reply.found(index.remove(bytes(arguments, 0)), "not_found");
      case "get":
        return Reply.quotedOr(index.get(bytes(arguments, 0)), "not_found");
      case "contains":
        return Reply.found(index.contains(bytes(arguments, 0)), "not_found");
      case "multi_put":
        List<Entry> records = new ArrayList<>();
        pairs(arguments).forEach(records::add);
        index.multiPut(records);
        return Reply.ok(records.size());
      case "multi_get":
        List<byte[]> keys = new ArrayList<>();
        arguments.forEach(key -> keys.add((byte[]) key));
        return Reply.valuesOrAbsent(index.multiGet(keys));
      case "bulk_load":
        index.bulkLoad(pairs(arguments));
        return Reply.ok();
      default:
        return null;
    }
  }

  private static Reply runWhole(String name, DiskIndex index, List<Object> arguments) {
    switch (name) {
      case "options":
        return Reply.words(index.options().toString());
      case "close":
        index.close();
        return Reply.ok();
      case "size":
        return Reply.ok(index.size());
      case "reserve":
        index.reserve(number(arguments, 0));
        return Reply.ok();
      case "save":
        index.save(number(arguments, 0));
        return Reply.ok();
      case "checkpoint":
        index.checkpoint(number(arguments, 0));
        return Reply.ok();
      case "shrink_to_fit":
        index.shrinkToFit();
        return Reply.ok();
      case "stats":
        return stats(index.stats(), arguments);
      case "verify":
        return Verbs.verify(arguments, index::verify, index::size, index::close);
      case "scan":
        List<byte[]> lines = new ArrayList<>();
        index.forEach(entry -> lines.add(Verbs.record(entry)));
        return Reply.lines(lines, "ok " + lines.size());
      default:
        throw new IllegalArgumentException(name);
    }
  }

  static Reply runCursor(String name, DiskIndexCursor cursor, List<Object> arguments) {
    switch (name) {
      case "next":
        return Reply.found(cursor.next(), "done");
      case "key":
        return Reply.quoted(cursor.key());
      case "record":
        return Reply.quoted(cursor.record());
      case "next_many":
        List<byte[]> lines = new ArrayList<>();
        cursor.nextMany((int) number(arguments, 0))
            .forEach(entry -> lines.add(Verbs.record(entry)));
        return lines.isEmpty() ? Reply.status("done") : Reply.lines(lines, "ok " + lines.size());
      case "close":
        cursor.close();
        return Reply.ok();
      default:
        throw new IllegalArgumentException(name);
    }
  }

  private static Reply payload(Payload payload) {
    return Reply.ok(Long.toUnsignedString(payload.offset()) + " "
        + Integer.toUnsignedString(payload.length()) + " "
        + Integer.toUnsignedString(payload.uncompressedLength()) + " "
        + payload.codec().ordinal());
  }

  private static Reply stats(DiskIndexStats stats, List<Object> names) {
    return Reply.members(Map.ofEntries(
        Map.entry("writes_refused", stats.writesRefused() ? 1L : 0L),
        Map.entry("entries", stats.entries()),
        Map.entry("file_bytes", stats.fileBytes()),
        Map.entry("free_bytes", stats.freeBytes()),
        Map.entry("segments", stats.segments()),
        Map.entry("segment_bytes", stats.segmentBytes()),
        Map.entry("log_bytes", stats.logBytes()),
        Map.entry("delta_entries", stats.deltaEntries()),
        Map.entry("generation", stats.generation()),
        Map.entry("lsn", stats.lsn()),
        Map.entry("merges", stats.merges()),
        Map.entry("syncs", stats.syncs()),
        Map.entry("recovered_operations", stats.recoveredOperations())), names);
  }

  private static Path path(List<Object> arguments) {
    return Path.of(Verbs.text(arguments.get(0)));
  }

  /** Those among the arguments: the ones without quotes. */
  private static DiskIndexOptions options(List<Object> arguments) {
    DiskIndexOptions options = new DiskIndexOptions();
    for (Object argument : arguments) {
      if (argument instanceof String) {
        options.set((String) argument);
      }
    }
    return options;
  }

  /** KEY RECORD KEY RECORD ...; a last word "cancel" fails behind them. */
  private static Iterable<Entry> pairs(List<Object> arguments) {
    List<byte[]> content = new ArrayList<>();
    for (Object argument : arguments) {
      if (argument instanceof byte[]) {
        content.add((byte[]) argument);
      }
    }
    List<Entry> records = new ArrayList<>();
    for (int i = 0; i + 1 < content.size(); i += 2) {
      records.add(new Entry(content.get(i), content.get(i + 1)));
    }
    boolean fails = arguments.contains("cancel");
    return () -> {
      Iterator<Entry> each = records.iterator();
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          if (!each.hasNext() && fails) {
            throw new ScriptedFailure("cancelled");
          }
          return each.hasNext();
        }

        @Override
        public Entry next() {
          return each.next();
        }
      };
    };
  }

  private static byte[] bytes(List<Object> arguments, int position) {
    return (byte[]) arguments.get(position);
  }

  private static long number(List<Object> arguments, int position) {
    return Long.parseUnsignedLong((String) arguments.get(position));
  }
}

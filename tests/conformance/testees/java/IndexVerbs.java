import io.github.stavedb.stave.Index;
import io.github.stavedb.stave.IndexCursor;
import io.github.stavedb.stave.IndexEntry;
import io.github.stavedb.stave.IndexOptions;
import io.github.stavedb.stave.IndexOutcome;
import io.github.stavedb.stave.IndexShardStats;
import io.github.stavedb.stave.IndexStats;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The verbs of indexes and of their cursors. */
final class IndexVerbs {
  private IndexVerbs() {}

  static ScriptedIndex create(List<Object> arguments) {
    IndexOptions options = new IndexOptions();
    for (Object option : arguments) {
      options.set((String) option);
    }
    return new ScriptedIndex(options);
  }

  static Reply run(String name, ScriptedIndex scripted, List<Object> arguments) {
    Index index = scripted.index;
    Reply reply = runOneKey(name, index, arguments);
    if (reply == null) {
      reply = runHashed(name, index, arguments);
    }
    if (reply == null) {
      reply = runMany(name, scripted, arguments);
    }
    return reply == null ? runWhole(name, index, arguments) : reply;
  }

  /** Null when the verb is another one. */
  private static Reply runOneKey(String name, Index index, List<Object> arguments) {
    switch (name) {
      case "put":
        return orAbsent(index.put(key(arguments), number(arguments, 1)));
      case "insert":
        return inserted(index.insert(key(arguments), number(arguments, 1)));
      case "compare_and_swap":
        return outcome(index.compareAndSwap(
            key(arguments), number(arguments, 1), number(arguments, 2)));
      case "get":
        return orNotFound(index.get(key(arguments)));
      case "contains":
        return Reply.found(index.contains(key(arguments)), "not_found");
      case "remove":
        return orNotFound(index.remove(key(arguments)));
      case "remove_if":
        return outcome(index.removeIf(key(arguments), number(arguments, 1)));
      case "hash":
        return Reply.ok(Long.toUnsignedString(index.hash(key(arguments))));
      default:
        return null;
    }
  }

  private static Reply runHashed(String name, Index index, List<Object> arguments) {
    switch (name) {
      case "put_hashed":
        return orAbsent(
            index.putHashed(key(arguments), number(arguments, 1), number(arguments, 2)));
      case "insert_hashed":
        return inserted(
            index.insertHashed(key(arguments), number(arguments, 1), number(arguments, 2)));
      case "compare_and_swap_hashed":
        return outcome(index.compareAndSwapHashed(key(arguments), number(arguments, 1),
            number(arguments, 2), number(arguments, 3)));
      case "get_hashed":
        return orNotFound(index.getHashed(key(arguments), number(arguments, 1)));
      case "contains_hashed":
        return Reply.found(index.containsHashed(key(arguments), number(arguments, 1)), "not_found");
      case "remove_hashed":
        return orNotFound(index.removeHashed(key(arguments), number(arguments, 1)));
      case "remove_if_hashed":
        return outcome(
            index.removeIfHashed(key(arguments), number(arguments, 1), number(arguments, 2)));
      default:
        return null;
    }
  }

  private static Reply runMany(String name, ScriptedIndex scripted, List<Object> arguments) {
    Index index = scripted.index;
    switch (name) {
      case "record":
        scripted.record(number(arguments, 0), arguments.get(1),
            arguments.size() > 2 ? (String) arguments.get(2) : null);
        return Reply.ok();
      case "put_range":
        return forRange(scripted, arguments, false, (key, counter) -> index.put(key, counter),
            (key, hash, counter) -> index.putHashed(key, hash, counter));
      case "get_range":
        return forRange(scripted, arguments, true, (key, counter) -> index.get(key),
            (key, hash, counter) -> index.getHashed(key, hash));
      case "remove_range":
        return forRange(scripted, arguments, true, (key, counter) -> index.remove(key),
            (key, hash, counter) -> index.removeHashed(key, hash));
      case "multi_get":
        List<byte[]> keys = new ArrayList<>();
        arguments.forEach(argument -> keys.add((byte[]) argument));
        return listed(index.multiGet(keys));
      case "multi_put":
        List<IndexEntry> entries = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i += 2) {
          entries.add(new IndexEntry((byte[]) arguments.get(i), number(arguments, i + 1)));
        }
        return listed(index.multiPut(entries));
      default:
        return null;
    }
  }

  private static Reply runWhole(String name, Index index, List<Object> arguments) {
    switch (name) {
      case "options":
        return options(index.options());
      case "close":
        index.close();
        return Reply.ok();
      case "size":
        return Reply.ok(index.size());
      case "is_empty":
        return Reply.ok(index.isEmpty() ? 1 : 0);
      case "capacity":
        return Reply.ok(index.capacity() >= number(arguments, 0) ? 1 : 0);
      case "clear":
        index.clear();
        return Reply.ok();
      case "reserve":
        index.reserve(number(arguments, 0));
        return Reply.ok();
      case "shrink_to_fit":
        index.shrinkToFit();
        return Reply.ok();
      case "stats":
        return stats(index.stats(), arguments);
      case "shard_stats":
        return shardStats(index.shardStats((int) number(arguments, 0)), arguments);
      case "collect_values":
        return values(index.values(), "ok 0");
      case "scan":
        return scan(index, !arguments.isEmpty());
      default:
        throw new IllegalArgumentException(name);
    }
  }

  static Reply runCursor(String name, IndexCursor cursor, List<Object> arguments) {
    switch (name) {
      case "next":
        return Reply.found(cursor.next(), "done");
      case "value":
        return Reply.ok(Long.toUnsignedString(cursor.value()));
      case "key":
        return Reply.quoted(cursor.key());
      case "next_many":
        int countMax = (int) number(arguments, 0);
        if (arguments.size() > 2) {
          return values(cursor.nextValues(countMax), "done");
        }
        List<byte[]> lines = new ArrayList<>();
        cursor.nextMany(countMax, (int) number(arguments, 1))
            .forEach(entry -> lines.add(line(entry.key(), entry.value())));
        return lines.isEmpty() ? Reply.status("done") : Reply.lines(lines, "ok " + lines.size());
      case "close":
        cursor.close();
        return Reply.ok();
      default:
        throw new IllegalArgumentException(name);
    }
  }

  // ---- Ranges of counters

  private interface Step {
    Long run(byte[] key, long counter);
  }

  private interface HashedStep {
    Long run(byte[] key, long hash, long counter);
  }

  private static Reply forRange(ScriptedIndex scripted, List<Object> arguments, boolean countsFound,
      Step step, HashedStep hashedStep) {
    String rule = arguments.size() > 2 ? (String) arguments.get(2) : null;
    scripted.useRule(rule);
    long first = number(arguments, 0);
    long counted = 0;
    List<byte[]> lines = new ArrayList<>();
    for (long counter = first; counter < first + number(arguments, 1); counter++) {
      byte[] key = ScriptedIndex.counterKey(counter);
      Long value = rule == null ? step.run(key, counter)
          : hashedStep.run(key, ScriptedIndex.ruledHash(rule, counter), counter);
      counted += (value != null) == countsFound ? 1 : 0;
      if (value != null && value != counter) {
        lines.add(Notation.bytes(counter + " = " + Long.toUnsignedString(value)));
      }
    }
    return Reply.lines(lines, "ok " + counted);
  }

  // ---- Arguments and replies

  private static byte[] key(List<Object> arguments) {
    return (byte[]) arguments.get(0);
  }

  private static long number(List<Object> arguments, int position) {
    return Long.parseUnsignedLong((String) arguments.get(position));
  }

  private static Reply orAbsent(Long value) {
    return Reply.ok(value == null ? "absent" : Long.toUnsignedString(value));
  }

  private static Reply orNotFound(Long value) {
    return value == null ? Reply.status("not_found") : Reply.ok(Long.toUnsignedString(value));
  }

  private static Reply inserted(Long existing) {
    return existing == null ? Reply.ok() : inTheWay("existing", existing, "exists");
  }

  private static Reply outcome(IndexOutcome outcome) {
    return outcome.isDone() || outcome.isAbsent()
        ? Reply.found(outcome.isDone(), "not_found")
        : inTheWay("actual", outcome.actual(), "mismatch");
  }

  private static Reply inTheWay(String what, long value, String status) {
    return Reply.lines(
        List.of(Notation.bytes(what + " " + Long.toUnsignedString(value))), status);
  }

  private static Reply listed(List<Long> values) {
    List<byte[]> lines = new ArrayList<>();
    for (Long value : values) {
      lines.add(Notation.bytes(value == null ? "absent" : Long.toUnsignedString(value)));
    }
    return Reply.lines(lines, "ok");
  }

  private static Reply values(long[] values, String ofNone) {
    List<byte[]> lines = new ArrayList<>();
    for (long value : values) {
      lines.add(Notation.bytes(Long.toUnsignedString(value)));
    }
    return lines.isEmpty() ? Reply.status(ofNone) : Reply.lines(lines, "ok " + lines.size());
  }

  private static Reply scan(Index index, boolean onlyValues) {
    List<byte[]> lines = new ArrayList<>();
    if (onlyValues) {
      try (IndexCursor cursor = index.cursor()) {
        while (cursor.next()) {
          lines.add(Notation.bytes(Long.toUnsignedString(cursor.value())));
        }
      }
    } else {
      index.forEach(entry -> lines.add(line(entry.key(), entry.value())));
    }
    return Reply.lines(lines, "ok " + lines.size());
  }

  private static byte[] line(byte[] key, long value) {
    return Notation.join(key, " = " + Long.toUnsignedString(value));
  }

  static Reply options(IndexOptions options) {
    return Reply.words(options.toString());
  }

  private static Reply stats(IndexStats stats, List<Object> names) {
    return Reply.members(Map.ofEntries(
        Map.entry("shards", stats.shards()),
        Map.entry("entries", stats.entries()),
        Map.entry("capacity", stats.capacity()),
        Map.entry("bytes", stats.bytes()),
        Map.entry("key_bytes", stats.keyBytes()),
        Map.entry("buckets", stats.buckets()),
        Map.entry("slots", stats.slots()),
        Map.entry("overflow_nodes", stats.overflowNodes()),
        Map.entry("splits", stats.splits()),
        Map.entry("splits_max", stats.splitsMax()),
        Map.entry("probe_samples", stats.probeSamples()),
        Map.entry("probe_sum", stats.probeSum()),
        Map.entry("probe_max", stats.probeMax())), names);
  }

  private static Reply shardStats(IndexShardStats stats, List<Object> arguments) {
    if (stats == null) {
      return Reply.status("not_found");
    }
    return Reply.members(Map.of("entries", stats.entries(), "buckets", stats.buckets(),
        "bytes", stats.bytes()), arguments.subList(1, arguments.size()));
  }
}

import io.github.stavedb.stave.CowMap;
import io.github.stavedb.stave.CowMapChange;
import io.github.stavedb.stave.CowMapCursor;
import io.github.stavedb.stave.CowMapDiff;
import io.github.stavedb.stave.CowMapEntry;
import io.github.stavedb.stave.CowMapOptions;
import io.github.stavedb.stave.CowMapOutcome;
import io.github.stavedb.stave.CowMapStats;
import io.github.stavedb.stave.StaveException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The verbs of maps, their cursors and their diffs. */
final class CowMapVerbs {
  private CowMapVerbs() {}

  /** A verb that makes a handle; null when there is none to make. */
  static Object make(String name, CowMap map, List<Object> arguments, Map<String, Object> handles) {
    switch (name) {
      case "create":
        CowMapOptions options = new CowMapOptions();
        for (Object option : arguments) {
          options.set((String) option);
        }
        return CowMap.create(options);
      case "clone":
        return map.copy();
      case "get_pin":
        return map.getPin(key(arguments));
      case "cursor":
        return map.cursor();
      default:
        return map.diff((CowMap) handles.get((String) arguments.get(0)));
    }
  }

  static Reply run(
      String name, CowMap map, List<Object> arguments, Map<String, Object> handles) {
    Reply reply = runOneKey(name, map, arguments);
    return reply == null ? runWhole(name, map, arguments, handles) : reply;
  }

  /** Null when the verb is another one. */
  private static Reply runOneKey(String name, CowMap map, List<Object> arguments) {
    switch (name) {
      case "get":
        return Reply.quotedOr(map.get(key(arguments)), "not_found");
      case "get_into":
        byte[] target = new byte[Integer.parseInt((String) arguments.get(1))];
        int size = map.get(key(arguments), target);
        return Reply.quotedOr(size < 0 ? null : Arrays.copyOf(target, size), "not_found");
      case "contains":
        return Reply.found(map.contains(key(arguments)), "not_found");
      case "put":
        return Reply.quotedOr(map.getAndPut(key(arguments), bytes(arguments, 1)), "ok");
      case "insert":
        return Reply.found(map.insert(key(arguments), bytes(arguments, 1)), "exists");
      case "replace":
        return Reply.quotedOr(map.replace(key(arguments), bytes(arguments, 1)), "not_found");
      case "remove":
        return Reply.quotedOr(map.getAndRemove(key(arguments)), "not_found");
      case "modify":
        return Reply.found(
            map.modify(key(arguments), value -> edit(map, arguments, 1, value)), "not_found");
      case "get_or_insert":
        return outcome(map.getOrInsert(key(arguments), bytes(arguments, 1)));
      case "get_or_insert_with":
        return outcome(
            map.getOrInsert(key(arguments), () -> edit(map, arguments, 1, new byte[0])));
      case "update_or_insert":
        return outcome(map.updateOrInsert(key(arguments),
            value -> edit(map, arguments, 2, value), bytes(arguments, 1)));
      default:
        return null;
    }
  }

  private static Reply runWhole(
      String name, CowMap map, List<Object> arguments, Map<String, Object> handles) {
    List<byte[]> lines = new ArrayList<>();
    switch (name) {
      case "options":
        return options(map.options());
      case "close":
        map.close();
        return Reply.ok();
      case "size":
        return Reply.ok(map.size());
      case "is_empty":
        return Reply.ok(map.isEmpty() ? 1 : 0);
      case "multi_get":
        long[] keys = arguments.stream().mapToLong(key -> Long.parseLong((String) key)).toArray();
        return Reply.valuesOrAbsent(map.multiGet(keys));
      case "multi_put":
        return multiPut(map, arguments);
      case "clear":
        map.clear();
        return Reply.ok();
      case "shrink_to_fit":
        map.shrinkToFit();
        return Reply.ok();
      case "stats":
        CowMapStats stats = map.stats();
        return Reply.members(Map.of("entries", stats.entries(), "has_shared_bytes",
            stats.sharedBytes() != 0 ? 1L : 0L, "has_own_bytes", stats.ownBytes() != 0 ? 1L : 0L),
            arguments);
      case "scan":
        map.forEach(entry -> lines.add(line(entry)));
        return Reply.lines(lines, "ok " + lines.size());
      case "changes":
        map.diff((CowMap) handles.get((String) arguments.get(0))).forEach(change ->
            lines.add(Notation.join(change.kind() + " " + change.key() + " = ",
                change.after() == null ? change.before() : change.after())));
        return Reply.lines(lines, "ok " + lines.size());
      default:
        throw new IllegalArgumentException(name);
    }
  }

  static Reply runCursor(String name, CowMapCursor cursor, List<Object> arguments) {
    switch (name) {
      case "next":
        return Reply.found(cursor.next(), "done");
      case "key":
        return Reply.ok(cursor.key());
      case "value":
        return Reply.quotedOr(cursor.value(), "");
      case "next_many":
        return nextMany(cursor, arguments);
      case "close":
        cursor.close();
        return Reply.ok();
      default:
        throw new IllegalArgumentException(name);
    }
  }

  private static Reply nextMany(CowMapCursor cursor, List<Object> arguments) {
    int countMax = Integer.parseInt((String) arguments.get(0));
    int bytesMax = Integer.parseInt((String) arguments.get(1));
    String what = arguments.size() > 2 ? (String) arguments.get(2) : "";
    List<byte[]> lines = new ArrayList<>();
    if (what.equals("keys")) {
      for (long key : cursor.nextKeys(countMax)) {
        lines.add(Notation.bytes(Long.toString(key)));
      }
    } else if (what.equals("values")) {
      cursor.nextValues(countMax, bytesMax).forEach(value -> lines.add(Notation.quote(value)));
    } else {
      cursor.nextMany(countMax, bytesMax).forEach(entry -> lines.add(line(entry)));
    }
    return lines.isEmpty() ? Reply.status("done") : Reply.lines(lines, "ok " + lines.size());
  }

  static Reply runDiff(String name, CowMapDiff diff) {
    switch (name) {
      case "next":
        if (!diff.next()) {
          return Reply.status("done");
        }
        CowMapChange change = diff.change();
        return Reply.ok(change.kind() + " " + change.key());
      case "before":
        return Reply.quotedOr(diff.change().before(), "not_found");
      case "after":
        return Reply.quotedOr(diff.change().after(), "not_found");
      case "close":
        diff.close();
        return Reply.ok();
      default:
        throw new IllegalArgumentException(name);
    }
  }

  /** What a function does: "append V", "set V", "cancel", or a call on its map. */
  private static byte[] edit(CowMap map, List<Object> arguments, int position, byte[] value) {
    return Edits.edit(arguments, position, value, call -> {
      switch (call) {
        case "size":
          map.size();
          break;
        case "put":
          map.put(1, value);
          break;
        default:
          map.close();
      }
    });
  }

  private static Reply multiPut(CowMap map, List<Object> arguments) {
    List<CowMapEntry> entries = new ArrayList<>();
    for (int i = 0; i < arguments.size(); i += 2) {
      entries.add(new CowMapEntry(
          Long.parseLong((String) arguments.get(i)), bytes(arguments, i + 1)));
    }
    List<Boolean> replaced = new ArrayList<>();
    Reply last = Reply.ok();
    try {
      map.multiPut(entries, replaced);
    } catch (StaveException e) {
      last = Reply.failed(e);
    }
    List<byte[]> lines = new ArrayList<>();
    for (boolean one : replaced) {
      lines.add(Notation.bytes(one ? "1" : "0"));
    }
    return new Reply(lines, last.status);
  }

  private static Reply outcome(CowMapOutcome outcome) {
    return Reply.lines(
        List.of(Notation.quote(outcome.value())), outcome.inserted() ? "ok" : "exists");
  }

  private static long key(List<Object> arguments) {
    return Long.parseLong((String) arguments.get(0));
  }

  private static byte[] bytes(List<Object> arguments, int position) {
    return (byte[]) arguments.get(position);
  }

  private static byte[] line(CowMapEntry entry) {
    return Notation.join(entry.key() + " = ", entry.value());
  }

  static Reply options(CowMapOptions options) {
    return Reply.words(options.toString());
  }
}

import io.github.stavedb.stave.Batch;
import io.github.stavedb.stave.CowMap;
import io.github.stavedb.stave.CowMapCursor;
import io.github.stavedb.stave.CowMapDiff;
import io.github.stavedb.stave.CowMapOptions;
import io.github.stavedb.stave.Cursor;
import io.github.stavedb.stave.CursorOptions;
import io.github.stavedb.stave.DiskIndex;
import io.github.stavedb.stave.DiskIndexCursor;
import io.github.stavedb.stave.DiskIndexOptions;
import io.github.stavedb.stave.Entry;
import io.github.stavedb.stave.IndexCursor;
import io.github.stavedb.stave.IndexOptions;
import io.github.stavedb.stave.Memtable;
import io.github.stavedb.stave.MemtableCursor;
import io.github.stavedb.stave.MemtableOptions;
import io.github.stavedb.stave.MemtableSnapshot;
import io.github.stavedb.stave.MemtableTransaction;
import io.github.stavedb.stave.MemtableView;
import io.github.stavedb.stave.Pin;
import io.github.stavedb.stave.Stave;
import io.github.stavedb.stave.Store;
import io.github.stavedb.stave.StoreOptions;
import io.github.stavedb.stave.StoreStats;
import io.github.stavedb.stave.VerifyProgress;
import io.github.stavedb.stave.WriteOptions;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** The table of verbs: each maps a line to one call. */
final class Verbs {
  private final Map<String, Object> handles;
  private final StoreWatchVerbs watching = new StoreWatchVerbs();

  Verbs(Map<String, Object> handles) {
    this.handles = handles;
  }

  /** Runs a verb that makes a handle; null when there is none to make. */
  Object make(String verb, Object handle, List<Object> arguments) {
    if (verb.startsWith("cow_map.")) {
      return CowMapVerbs.make(
          verb.substring("cow_map.".length()), (CowMap) handle, arguments, handles);
    }
    if (verb.startsWith("memtable.")) {
      return MemtableVerbs.make(
          verb.substring("memtable.".length()), (Memtable) handle, arguments);
    }
    if (handle instanceof MemtableView) {
      return MemtableChildVerbs.make(
          verb.substring(verb.indexOf('.') + 1), (MemtableView) handle, arguments);
    }
    switch (verb) {
      case "store.open":
        StoreOptions options = new StoreOptions();
        for (Object option : arguments.subList(1, arguments.size())) {
          options.set((String) option);
        }
        return Store.open(text(arguments.get(0)), options);
      case "store.get_pin":
        return ((Store) handle).getPin((byte[]) arguments.get(0));
      case "store.cursor":
        return ((Store) handle).cursor(cursorOptions(arguments));
      case "store.cursor_on":
        return ((Store) handle).cursor(cursorOptions(arguments).token(watching.token()));
      case "batch.create":
        return new Batch();
      case "index.create":
        return IndexVerbs.create(arguments);
      case "disk_index.open":
        return DiskIndexVerbs.open(arguments);
      case "disk_index.cursor":
        return ((DiskIndex) handle).cursor();
      case "index.cursor":
        return ((ScriptedIndex) handle).index.cursor();
      default:
        throw new IllegalArgumentException(verb);
    }
  }

  Reply run(String verb, Object handle, List<Object> arguments) {
    String family = verb.contains(".") ? verb.substring(0, verb.indexOf('.')) : "";
    String name = verb.substring(verb.indexOf('.') + 1);
    switch (family) {
      case "store":
        return runStore(name, (Store) handle, arguments);
      case "pin":
        return runPin(name, (Pin) handle);
      case "batch":
        return runBatch(name, (Batch) handle, arguments);
      case "cursor":
        return runCursor(name, (Cursor) handle, arguments);
      case "index":
        return IndexVerbs.run(name, (ScriptedIndex) handle, arguments);
      case "index_cursor":
        return IndexVerbs.runCursor(name, (IndexCursor) handle, arguments);
      case "disk_index":
        return DiskIndexVerbs.run(name, (DiskIndex) handle, arguments);
      case "disk_index_cursor":
        return DiskIndexVerbs.runCursor(name, (DiskIndexCursor) handle, arguments);
      case "cow_map":
        return CowMapVerbs.run(name, (CowMap) handle, arguments, handles);
      case "cow_map_cursor":
        return CowMapVerbs.runCursor(name, (CowMapCursor) handle, arguments);
      case "cow_map_diff":
        return CowMapVerbs.runDiff(name, (CowMapDiff) handle);
      case "memtable":
        return MemtableVerbs.run(name, (Memtable) handle, arguments);
      case "memtable_transaction":
        return MemtableChildVerbs.runTransaction(name, (MemtableTransaction) handle, arguments);
      case "memtable_snapshot":
        return MemtableChildVerbs.runSnapshot(name, (MemtableSnapshot) handle, arguments);
      case "memtable_cursor":
        return MemtableChildVerbs.runCursor(name, (MemtableCursor) handle, arguments);
      default:
        return runGeneral(name, arguments);
    }
  }

  private static Reply runGeneral(String name, List<Object> arguments) {
    switch (name) {
      case "version":
        return Reply.ok(Stave.version() + " " + Stave.versionNumber());
      case "status":
        int number = Integer.parseInt((String) arguments.get(0));
        boolean message = !Stave.statusMessage(number).isEmpty();
        return Reply.ok(Stave.statusName(number) + (message ? "" : " no_message"));
      case "options":
        return options(new StoreOptions().set(text(arguments.get(0))));
      case "options_describe":
        return described(StoreOptions.describe());
      case "index_options":
        return IndexVerbs.options(new IndexOptions().set(text(arguments.get(0))));
      case "index_options_describe":
        return described(IndexOptions.describe());
      case "disk_index_options":
        return Reply.words(new DiskIndexOptions().set(text(arguments.get(0))).toString());
      case "disk_index_options_describe":
        return described(DiskIndexOptions.describe());
      case "disk_index_rebuild":
        return DiskIndexVerbs.rebuild(arguments);
      case "cow_map_options":
        return CowMapVerbs.options(new CowMapOptions().set(text(arguments.get(0))));
      case "cow_map_options_describe":
        return described(CowMapOptions.describe());
      case "memtable_options":
        return Reply.words(new MemtableOptions().set(text(arguments.get(0))).toString());
      case "memtable_options_describe":
        return described(MemtableOptions.describe());
      default:
        throw new IllegalArgumentException(name);
    }
  }

  private Reply runStore(String name, Store store, List<Object> arguments) {
    WriteOptions how = StoreUpdateVerbs.takeWriteOptions(arguments);
    Reply reply = runWrite(name, store, how, arguments);
    if (reply == null) {
      reply = StoreUpdateVerbs.run(name, store, how, arguments, handles);
    }
    if (reply == null) {
      reply = watching.run(name, store, how, arguments);
    }
    return reply == null ? runRead(name, store, arguments) : reply;
  }

  /** Null when the verb is not one that writes. */
  private Reply runWrite(String name, Store store, WriteOptions how, List<Object> arguments) {
    byte[] key = bytes(arguments, 0);
    byte[] value = bytes(arguments, 1);
    switch (name) {
      case "put":
        store.put(key, value, how);
        return Reply.ok();
      case "insert":
        return Reply.found(store.insert(key, value, how), "exists");
      case "replace":
        return Reply.found(store.replace(key, value, how), "not_found");
      case "remove":
        return Reply.found(store.remove(key, how), "not_found");
      case "multi_put":
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i += 2) {
          entries.add(new Entry(bytes(arguments, i), bytes(arguments, i + 1)));
        }
        store.multiPut(entries, how);
        return Reply.ok();
      case "multi_remove":
        return Reply.ok(store.multiRemove(keys(arguments), how));
      case "write":
        store.write((Batch) handles.get((String) arguments.get(0)), how);
        return Reply.ok();
      default:
        return null;
    }
  }

  private static Reply runRead(String name, Store store, List<Object> arguments) {
    switch (name) {
      case "options":
        return options(store.options());
      case "close":
        store.close();
        return Reply.ok();
      case "get":
        return valueOrNotFound(store.get(bytes(arguments, 0)));
      case "get_into":
        byte[] target = new byte[Integer.parseInt((String) arguments.get(1))];
        int size = store.get(bytes(arguments, 0), target);
        return valueOrNotFound(size < 0 ? null : Arrays.copyOf(target, size));
      case "contains":
        return Reply.found(store.contains(bytes(arguments, 0)), "not_found");
      case "size":
        return Reply.ok(store.size());
      case "multi_get":
        return Reply.valuesOrAbsent(store.multiGet(keys(arguments)));
      case "scan":
        List<byte[]> records = new ArrayList<>();
        store.cursor(cursorOptions(arguments)).forEach(entry -> records.add(record(entry)));
        return Reply.lines(records, "ok " + records.size());
      case "flush":
        store.flush();
        return Reply.ok();
      case "sync":
        store.sync();
        return Reply.ok();
      case "checkpoint":
        store.checkpoint();
        return Reply.ok();
      case "stats":
        return stats(store.stats(), arguments);
      case "verify":
        return verify(arguments, store::verify, store::size, store::close);
      default:
        throw new IllegalArgumentException(name);
    }
  }

  /** Verifies with a callback that does what the first word says. */
  static Reply verify(
      List<Object> arguments, Consumer<VerifyProgress> verify, LongSupplier size, Runnable close) {
    String call = arguments.isEmpty() ? "" : (String) arguments.get(0);
    boolean[] complete = {false};
    verify.accept((done, total) -> {
      complete[0] = done == total;
      switch (call) {
        case "size":
          return size.getAsLong() >= 0;
        case "close":
          close.run();
          return true;
        default:
          return !call.equals("cancel");
      }
    });
    return Reply.ok(complete[0] ? 1 : 0);
  }

  private static Reply runPin(String name, Pin pin) {
    switch (name) {
      case "data":
        byte[] bytes = new byte[pin.size()];
        pin.buffer().get(bytes);
        return Reply.quoted(bytes);
      case "size":
        return Reply.ok(pin.size());
      default:
        throw new IllegalArgumentException(name);
    }
  }

  private static Reply runBatch(String name, Batch batch, List<Object> arguments) {
    byte[] key = bytes(arguments, 0);
    byte[] value = bytes(arguments, 1);
    switch (name) {
      case "put":
        batch.put(key, value);
        break;
      case "remove":
        batch.remove(key);
        break;
      case "require_absent":
        batch.requireAbsent(key);
        break;
      case "require_exists":
        batch.requireExists(key);
        break;
      case "require_equal":
        batch.requireEqual(key, value);
        break;
      case "count":
        return Reply.ok(batch.count());
      case "clear":
        batch.clear();
        break;
      case "close":
        batch.close();
        break;
      default:
        throw new IllegalArgumentException(name);
    }
    return Reply.ok();
  }

  private Reply runCursor(String name, Cursor cursor, List<Object> arguments) {
    switch (name) {
      case "next":
        return Reply.found(cursor.next(), "done");
      case "key":
        return Reply.quoted(cursor.key());
      case "value":
        return Reply.quoted(cursor.value());
      case "next_many":
        List<byte[]> records = new ArrayList<>();
        int countMax = Integer.parseInt((String) arguments.get(0));
        int bytesMax = Integer.parseInt((String) arguments.get(1));
        cursor.nextMany(countMax, bytesMax).forEach(entry -> records.add(record(entry)));
        return records.isEmpty()
            ? Reply.status("done") : Reply.lines(records, "ok " + records.size());
      case "token":
        watching.keepToken(cursor.token());
        return Reply.ok();
      case "close":
        cursor.close();
        return Reply.ok();
      default:
        throw new IllegalArgumentException(name);
    }
  }

  // ---- Arguments and results

  static String text(Object word) {
    return new String((byte[]) word, StandardCharsets.UTF_8);
  }

  private static byte[] bytes(List<Object> arguments, int position) {
    return position < arguments.size() && arguments.get(position) instanceof byte[]
        ? (byte[]) arguments.get(position) : null;
  }

  private static List<byte[]> keys(List<Object> arguments) {
    List<byte[]> keys = new ArrayList<>();
    arguments.forEach(argument -> keys.add((byte[]) argument));
    return keys;
  }

  private static CursorOptions cursorOptions(List<Object> arguments) {
    CursorOptions options = CursorOptions.ALL;
    byte[] prefix = bytes(arguments, 0);
    if (prefix != null) {
      options = options.prefix(prefix);
    }
    return arguments.contains("keys_only") ? options.keysOnly() : options;
  }

  private static Reply valueOrNotFound(byte[] value) {
    return Reply.quotedOr(value, "not_found");
  }

  static byte[] record(Entry entry) {
    byte[] key = Notation.quote(entry.key());
    byte[] value = Notation.quote(entry.value());
    byte[] line = Arrays.copyOf(key, key.length + 3 + value.length);
    System.arraycopy(Notation.bytes(" = "), 0, line, key.length, 3);
    System.arraycopy(value, 0, line, key.length + 3, value.length);
    return line;
  }

  /** The options' names. */
  private static Reply described(String description) {
    List<byte[]> lines = new ArrayList<>();
    description.lines().forEach(line -> lines.add(Notation.bytes(line.split("=", 2)[0])));
    return Reply.lines(lines, "ok");
  }

  private static Reply options(StoreOptions options) {
    return Reply.words(options.toString());
  }

  private static Reply stats(StoreStats stats, List<Object> names) {
    Map<String, Object> members = Map.ofEntries(
        Map.entry("recovered", stats.recovered() ? 1 : 0),
        Map.entry("writes_refused", stats.writesRefused() ? 1 : 0),
        Map.entry("keys", stats.keys()),
        Map.entry("segments", stats.segments()),
        Map.entry("log_bytes", stats.logBytes()),
        Map.entry("live_bytes", stats.liveBytes()),
        Map.entry("disk_bytes", stats.diskBytes()),
        Map.entry("version", stats.version()),
        Map.entry("durable_version", stats.durableVersion()),
        Map.entry("commits", stats.commits()),
        Map.entry("bytes_written", stats.bytesWritten()),
        Map.entry("syncs", stats.syncs()),
        Map.entry("reads", stats.reads()),
        Map.entry("recovered_commits", stats.recoveredCommits()),
        Map.entry("recovered_cut_bytes", stats.recoveredCutBytes()));
    List<byte[]> lines = new ArrayList<>();
    for (Object name : names) {
      lines.add(Notation.bytes(name + "=" + members.get(name)));
    }
    return Reply.lines(lines, "ok");
  }
}

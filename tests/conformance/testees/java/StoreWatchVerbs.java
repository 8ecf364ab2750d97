import io.github.stavedb.stave.MigrateAction;
import io.github.stavedb.stave.StaveException;
import io.github.stavedb.stave.Store;
import io.github.stavedb.stave.StoreAtomic;
import io.github.stavedb.stave.StoreChange;
import io.github.stavedb.stave.StoreHook;
import io.github.stavedb.stave.WriteOptions;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The verbs of a store that run callbacks, other than update: atomic, hooks, migrate. */
final class StoreWatchVerbs {
  private static final byte[] KEY = Notation.bytes("k");

  // What hooks have noted, and the token of a cursor or a migration.
  private List<byte[]> events = new ArrayList<>();
  private byte[] token = {};

  byte[] token() {
    return token;
  }

  void keepToken(byte[] token) {
    this.token = token;
  }

  /** Null when the verb is another one. */
  Reply run(String name, Store store, WriteOptions how, List<Object> arguments) {
    switch (name) {
      case "atomic":
        return atomic(store, how, arguments);
      case "on_write":
        store.onWrite(hook(store, (String) arguments.get(0)), arguments.contains("old_value"));
        return Reply.ok();
      case "on_open":
        store.onOpen(hook(store, (String) arguments.get(0)));
        return Reply.ok();
      case "events":
        List<byte[]> noted = events;
        events = new ArrayList<>();
        return Reply.lines(noted, "ok");
      case "migrate":
        return migrate(store, how, arguments, new byte[0]);
      case "migrate_on":
        return migrate(store, how, arguments, token);
      default:
        return null;
    }
  }

  // ---- Atomic

  private static Reply atomic(Store store, WriteOptions how, List<Object> arguments) {
    List<byte[]> lines = new ArrayList<>();
    byte[] status;
    try {
      long version = store.atomic(
          (byte[]) arguments.get(0), inside -> runSteps(store, inside, arguments, lines), how);
      status = Reply.ok(version).status;
    } catch (StaveException e) {
      status = Reply.failed(e).status;
    } catch (ScriptedFailure e) {
      status = Notation.bytes("error " + e.getMessage());
    }
    return new Reply(lines, status);
  }

  private static void runSteps(
      Store store, StoreAtomic inside, List<Object> words, List<byte[]> lines) {
    for (int at = 1; at < words.size();) {
      String step = (String) words.get(at++);
      if (step.equals("cancel")) {
        throw new ScriptedFailure("cancelled");
      } else if (step.equals("store.put")) {
        store.put(KEY, new byte[0]);
        continue;
      }
      byte[] key = (byte[]) words.get(at++);
      boolean hasValue = List.of("put", "insert", "replace").contains(step);
      byte[] value = hasValue ? (byte[]) words.get(at++) : null;
      try {
        lines.add(runStep(store, inside, step, key, value).status);
      } catch (StaveException e) {
        lines.add(Reply.failed(e).status);
      }
    }
  }

  private static Reply runStep(
      Store store, StoreAtomic inside, String step, byte[] key, byte[] value) {
    switch (step) {
      case "get":
        return Reply.quotedOr(inside.get(key), "not_found");
      case "store.get":
        return Reply.quotedOr(store.get(key), "not_found");
      case "contains":
        return Reply.found(inside.contains(key), "not_found");
      case "put":
        inside.put(key, value);
        return Reply.ok();
      case "insert":
        return Reply.found(inside.insert(key, value), "exists");
      case "replace":
        return Reply.found(inside.replace(key, value), "not_found");
      case "remove":
        return Reply.found(inside.remove(key), "not_found");
      default:
        throw new IllegalArgumentException(step);
    }
  }

  // ---- Hooks

  private StoreHook hook(Store store, String action) {
    return change -> {
      String note = "";
      ScriptedFailure failure = action.equals("fail") ? new ScriptedFailure("hook_failed") : null;
      if (action.equals("get")) {
        note = " sees " + (store.get(change.key()) == null ? "not_found" : "ok");
      } else if (action.equals("put")) {
        try {
          store.put(KEY, new byte[0]);
          note = " puts ok";
        } catch (StaveException e) {
          note = " puts " + e.statusName();
          failure = new ScriptedFailure("hook_failed");
        }
      }
      events.add(line(change, note));
      if (failure != null) {
        throw failure;
      }
    };
  }

  private static byte[] line(StoreChange change, String note) {
    String line = change.version() + " " + quoted(change.key())
        + (change.removed() ? " removed" : " = " + quoted(change.value()));
    long expiresAt = StoreUpdateVerbs.millis(change.expiresAt());
    if (expiresAt != 0) {
      line += " expires " + expiresAt;
    }
    if (change.oldValue() != null) {
      line += " was " + quoted(change.oldValue());
    }
    return Notation.bytes(line + note);
  }

  private static String quoted(byte[] bytes) {
    return new String(Notation.quote(bytes), StandardCharsets.ISO_8859_1);
  }

  // ---- Migrate

  private Reply migrate(Store store, WriteOptions how, List<Object> arguments, byte[] from) {
    byte[] prefix = (byte[]) arguments.get(0);
    boolean stops = arguments.get(arguments.size() - 1).equals("stop");
    return Reply.ok(store.migrate((key, value) -> {
      boolean isMeant = key.length >= prefix.length
          && Arrays.equals(Arrays.copyOf(key, prefix.length), prefix);
      return isMeant ? decide(store, arguments, value) : MigrateAction.KEEP;
    }, (done, total, at) -> {
      if (done > total) {
        throw new IllegalStateException("a migration says that it has done more than all");
      }
      token = at;
      return !stops;
    }, from, how));
  }

  private static MigrateAction decide(Store store, List<Object> arguments, byte[] value) {
    switch ((String) arguments.get(1)) {
      case "keep":
        return MigrateAction.KEEP;
      case "remove":
        return MigrateAction.REMOVE;
      default:
        return MigrateAction.update(Edits.edit(
            arguments, 1, value, call -> store.put(KEY, new byte[0])));
    }
  }
}

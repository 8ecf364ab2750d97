import io.github.stavedb.stave.Batch;
import io.github.stavedb.stave.Durability;
import io.github.stavedb.stave.Store;
import io.github.stavedb.stave.SwapOutcome;
import io.github.stavedb.stave.WriteOptions;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The verbs of a store that rest on what is there, and those of expiry. */
final class StoreUpdateVerbs {
  private StoreUpdateVerbs() {}

  /** Null when the verb is another one. */
  static Reply run(String name, Store store, WriteOptions how, List<Object> arguments,
      Map<String, Object> handles) {
    switch (name) {
      case "write_version":
        return Reply.ok(store.write((Batch) handles.get((String) arguments.get(0)), how));
      case "clear":
        return Reply.ok(store.clear(how));
      case "remove_expired":
        return Reply.ok(store.removeExpired());
      default:
        return arguments.isEmpty() || !(arguments.get(0) instanceof byte[])
            ? null : runOneKey(name, store, how, (byte[]) arguments.get(0), arguments);
    }
  }

  private static Reply runOneKey(
      String name, Store store, WriteOptions how, byte[] key, List<Object> arguments) {
    switch (name) {
      case "compare_and_swap":
        SwapOutcome outcome = store.compareAndSwap(
            key, (byte[]) arguments.get(1), (byte[]) arguments.get(2), how);
        return Reply.status(outcome == SwapOutcome.SWAPPED ? "ok"
            : outcome == SwapOutcome.MISMATCH ? "mismatch" : "not_found");
      case "update":
        return Reply.quotedOr(
            store.update(key, value -> edit(store, arguments, value), how), "not_found");
      case "fetch_update":
        return Reply.quotedOr(
            store.getAndUpdate(key, value -> edit(store, arguments, value), how), "not_found");
      case "exchange":
        return Reply.quotedOr(store.getAndPut(key, (byte[]) arguments.get(1), how), "ok");
      case "expire":
        return Reply.found(store.expire(key, time((String) arguments.get(1)), how), "not_found");
      case "expires_at":
        Instant time = store.expiresAt(key);
        return time == null ? Reply.status("not_found") : Reply.ok(millis(time));
      case "shard_for":
        return Reply.ok(store.shardFor(key));
      case "value_size":
        int size = store.valueSize(key);
        return size < 0 ? Reply.status("not_found") : Reply.ok(size);
      default:
        return null;
    }
  }

  private static byte[] edit(Store store, List<Object> arguments, byte[] value) {
    return Edits.edit(arguments, 1, value, call -> {
      switch (call) {
        case "size":
          store.size();
          break;
        case "put":
          store.put(Notation.bytes("k"), new byte[0]);
          break;
        default:
          store.close();
      }
    });
  }

  // ---- Options and times

  /** Removes the last arguments if they say how to write. */
  static WriteOptions takeWriteOptions(List<Object> arguments) {
    String expiry = takeOption(arguments, "expires_at=");
    String durability = takeOption(arguments, "durability=");
    WriteOptions options = durability == null ? WriteOptions.DEFAULT
        : WriteOptions.of(Durability.valueOf(durability.toUpperCase(Locale.ROOT)));
    return expiry == null ? options : options.expiresAt(time(expiry));
  }

  /** The value of the last argument if that begins with the name, which is then taken; else null. */
  private static String takeOption(List<Object> arguments, String name) {
    int last = arguments.size() - 1;
    if (last < 0 || !(arguments.get(last) instanceof String)
        || !((String) arguments.get(last)).startsWith(name)) {
      return null;
    }
    return ((String) arguments.remove(last)).substring(name.length());
  }

  private static Instant time(String millis) {
    return millis.equals("never") || millis.equals("0")
        ? Instant.MAX : Instant.ofEpochMilli(Long.parseLong(millis));
  }

  /** 0: never. */
  static long millis(Instant time) {
    return time.equals(Instant.MAX) ? 0 : time.toEpochMilli();
  }
}

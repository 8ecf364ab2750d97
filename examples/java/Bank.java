import io.github.stavedb.stave.Store;
import io.github.stavedb.stave.StoreChange;
import io.github.stavedb.stave.StoreOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Accounts, of which none is ever overdrawn, with an index of who lives where.
 *
 * <pre>
 * java -cp stave.jar Bank.java STORE open Ada London
 * java -cp stave.jar Bank.java STORE pay-in Ada 100
 * java -cp stave.jar Bank.java STORE transfer Ada Grace 30   either both balances change, or none
 * java -cp stave.jar Bank.java STORE move Ada Paris
 * java -cp stave.jar Bank.java STORE in Paris
 * </pre>
 */
final class Bank implements AutoCloseable {
  private final Store store;
  // The secondary index, in memory: it is built from the records, and then kept by a hook.
  private final Map<String, TreeSet<String>> namesIn = new TreeMap<>();

  private Bank(Path directory) {
    // In a store of one shard any keys can be changed together. With shardPrefixBits a store may have
    // many, and keys of a common prefix can.
    store = Store.open(directory, new StoreOptions().shards(1));
    store.onWrite(this::note, true);
    store.onOpen(this::note);
  }

  public static void main(String[] arguments) {
    try (Bank bank = new Bank(Path.of(arguments[0]))) {
      switch (arguments[1]) {
        case "open":
          bank.open(arguments[2], arguments[3]);
          break;
        case "pay-in":
          System.out.println(bank.payIn(arguments[2], Long.parseLong(arguments[3])));
          break;
        case "transfer":
          System.out.println(
              bank.transfer(arguments[2], arguments[3], Long.parseLong(arguments[4])));
          break;
        case "move":
          bank.store.replace(bytes("home/" + arguments[2]), bytes(arguments[3]));
          System.out.println(bank.namesIn);
          break;
        case "in":
          bank.namesIn.getOrDefault(arguments[2], new TreeSet<>()).forEach(System.out::println);
          break;
        default:
          throw new IllegalArgumentException(arguments[1]);
      }
    }
  }

  @Override
  public void close() {
    store.close();
  }

  private void open(String name, String city) {
    store.atomic(bytes(name), inside -> {
      if (!inside.insert(bytes("balance/" + name), bytes("0"))) {
        throw new IllegalArgumentException(name + " has an account");
      }
      inside.put(bytes("home/" + name), bytes(city));
    });
  }

  /** A counter: no deposit is lost, however many come at the same time. */
  private String payIn(String name, long amount) {
    byte[] balance = store.update(
        bytes("balance/" + name), value -> bytes(Long.toString(number(value) + amount)));
    return balance == null ? name + " has no account" : name + " " + text(balance);
  }

  /** What the body throws undoes what it has written. */
  private String transfer(String from, String to, long amount) {
    byte[] source = bytes("balance/" + from);
    byte[] target = bytes("balance/" + to);
    try {
      store.atomic(source, inside -> {
        inside.replace(source, bytes(Long.toString(number(inside.get(source)) - amount)));
        if (number(inside.get(source)) < 0) {
          throw new IllegalStateException(from + " has less than " + amount);
        }
        inside.replace(target, bytes(Long.toString(number(inside.get(target)) + amount)));
      });
    } catch (IllegalStateException e) {
      return e.getMessage();
    }
    return from + " " + text(store.get(source)) + ", " + to + " " + text(store.get(target));
  }

  /** The hook. Its calls come one after the other, so the index needs no lock of its own to be written. */
  private void note(StoreChange change) {
    String key = text(change.key());
    if (!key.startsWith("home/")) {
      return;
    }
    String name = key.substring("home/".length());
    if (change.oldValue() != null) {
      namesIn.get(text(change.oldValue())).remove(name);
    }
    if (!change.removed()) {
      namesIn.computeIfAbsent(text(change.value()), city -> new TreeSet<>()).add(name);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static long number(byte[] value) {
    return Long.parseLong(text(value));
  }
}

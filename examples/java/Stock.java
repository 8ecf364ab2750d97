import io.github.stavedb.stave.Batch;
import io.github.stavedb.stave.Cursor;
import io.github.stavedb.stave.CursorOptions;
import io.github.stavedb.stave.StaveException;
import io.github.stavedb.stave.Store;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * A stock of goods that several sellers sell from: what is sold was there, and nothing is sold twice.
 *
 * <pre>
 * java -cp stave.jar Stock.java STORE add tea 20
 * java -cp stave.jar Stock.java STORE sell tea 3 Ada     one batch: less tea, one more order
 * java -cp stave.jar Stock.java STORE list
 * </pre>
 */
final class Stock {
  private Stock() {}

  public static void main(String[] arguments) {
    // The default durability: once a sale is printed, it survives a power failure.
    try (Store store = Store.open(Path.of(arguments[0]))) {
      switch (arguments[1]) {
        case "add":
          System.out.println(change(store, arguments[2], Long.parseLong(arguments[3]), null));
          break;
        case "sell":
          System.out.println(
              change(store, arguments[2], -Long.parseLong(arguments[3]), arguments[4]));
          break;
        case "list":
          list(store);
          break;
        default:
          throw new IllegalArgumentException(arguments[1]);
      }
    }
  }

  /** Changes the number of the goods, and writes down the order if there is a buyer. */
  private static String change(Store store, String goods, long difference, String buyer) {
    byte[] key = bytes("goods/" + goods);
    while (true) {
      byte[] before = store.get(key);
      long number = (before == null ? 0 : Long.parseLong(text(before))) + difference;
      if (number < 0) {
        return "only " + (number - difference) + " " + goods;
      }
      try (Batch batch = new Batch()) {
        batch.put(key, bytes(Long.toString(number)));
        if (buyer != null) {
          String order = "order/" + buyer + "/" + store.stats().version();
          batch.put(bytes(order), bytes(-difference + " " + goods)).requireAbsent(bytes(order));
        }
        if (before == null) {
          batch.requireAbsent(key);
        } else {
          batch.requireEqual(key, before);
        }
        store.write(batch);
        return number + " " + goods;
      } catch (StaveException.Mismatch e) {
        // Another seller was faster: look again.
      }
    }
  }

  private static void list(Store store) {
    for (String kind : new String[] {"goods/", "order/"}) {
      try (Cursor cursor = store.cursor(CursorOptions.ALL.prefix(bytes(kind)));
          Stream<String> lines =
              cursor.stream().map(entry -> text(entry.key()) + ": " + text(entry.value()))) {
        lines.sorted().forEach(System.out::println);
      }
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}

import io.github.stavedb.stave.Batch;
import io.github.stavedb.stave.Cursor;
import io.github.stavedb.stave.Durability;
import io.github.stavedb.stave.Entry;
import io.github.stavedb.stave.MigrateAction;
import io.github.stavedb.stave.Pin;
import io.github.stavedb.stave.Stave;
import io.github.stavedb.stave.StaveException;
import io.github.stavedb.stave.Store;
import io.github.stavedb.stave.StoreOptions;
import io.github.stavedb.stave.ValueList;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A million calls from several threads, in which stores, cursors, batches and pins are closed while
 * others are inside calls, or dropped and left to the collector. Nothing may happen but what the
 * documentation says: the right value, or CLOSED. In the end nothing may be left.
 */
final class Storm {
  private static final int KEYS = 64;

  private final StormThreads threads = new StormThreads(1_000_000);
  private final AtomicLong opened = new AtomicLong();
  private final Path root;
  private volatile Shared shared;

  /** What all threads use at the same time. */
  private static final class Shared {
    final Store store;
    final Cursor cursor;
    final Batch batch = new Batch();
    final Pin pin;

    Shared(Store store) {
      this.store = store;
      store.put(key(0), value(0, 0));
      cursor = store.cursor();
      pin = store.getPin(key(0));
    }
  }

  private Storm(Path root) {
    this.root = root;
  }

  public static void main(String[] arguments) throws Exception {
    Path root = Files.createTempDirectory("stave-java-storm");
    try {
      new Storm(root).run();
    } finally {
      Checks.remove(root);
    }
  }

  private void run() throws Exception {
    shared = openShared();
    threads.run(this::work);
    shared = null;
    threads.checkNothingLeft(opened + " stores");
    System.out.println("1 passed, 0 failed");
  }

  private Shared openShared() {
    Path directory = root.resolve("store" + opened.incrementAndGet());
    StoreOptions options =
        new StoreOptions().durability(Durability.MEMORY).segmentSize(1 << 16).shards(2);
    Store store = Store.open(directory, options);
    addHook(store);
    return new Shared(store);
  }

  /** It refers to its store, which does not keep the store alive. */
  private static void addHook(Store store) {
    store.onWrite(change -> {
      int number = change.key()[1];
      check(number, change.value());
      check(number, change.oldValue());
      try {
        check(number, store.get(change.key()));
      } catch (StaveException.Closed e) {
        // Another thread is closing it, and waits for the write that this hook is called by.
      }
    }, true);
  }

  private void work(Random random) {
    try {
      call(shared, random);
    } catch (StaveException.Closed e) {
      synchronized (this) { // not again and again while someone opens a new store
      }
      throw e;
    }
  }

  private void call(Shared now, Random random) {
    int number = 1 + random.nextInt(KEYS - 1); // 0 is the pin's
    switch (random.nextInt(20)) {
      case 0:
        if (random.nextBoolean()) {
          check(number, now.store.multiGet(List.of(key(number))).get(0));
        } else {
          ValueList values = new ValueList();
          now.store.multiGet(List.of(key(number)), values);
          check(number, values.get(0));
        }
        break;
      case 1:
        now.store.remove(key(number));
        break;
      case 2:
        now.batch.put(key(number), value(number, random.nextInt(3000)));
        if (now.batch.count() > 8) {
          now.store.write(now.batch);
          now.batch.clear();
        }
        break;
      case 3:
        now.cursor.nextMany(3, 1000).forEach(Storm::check);
        break;
      case 4:
        if (now.cursor.next()) {
          dropped(now.store.cursor());
        }
        break;
      case 5:
        usePin(now, number, random);
        break;
      case 6:
        now.store.verify((done, total) -> random.nextBoolean() || done > 0);
        break;
      case 7:
        closeSomething(now, random);
        break;
      case 8:
        useBuffers(now, number);
        break;
      case 9:
        useCallbacks(now, number, random);
        break;
      case 10:
      case 11:
      case 12:
        now.store.put(key(number), value(number, random.nextInt(6000)));
        break;
      default:
        check(number, now.store.get(key(number)));
    }
  }

  private static void useCallbacks(Shared now, int number, Random random) {
    byte[] key = key(number);
    switch (random.nextInt(40)) {
      case 0:
        now.store.migrate((of, value) -> MigrateAction.update(Arrays.copyOf(value, 1)));
        break;
      case 1:
        now.store.onOpen(change -> check(change.key()[1], change.value()));
        break;
      case 2:
        if (random.nextInt(10) == 0) {
          addHook(now.store);
        }
        break;
      default:
        if (random.nextBoolean()) {
          check(number, now.store.update(key, value -> value(value[0], random.nextInt(100))));
        } else {
          now.store.atomic(key, inside -> {
            check(number, inside.get(key));
            inside.put(key, value(number, random.nextInt(100)));
          });
        }
    }
  }

  private static void usePin(Shared now, int number, Random random) {
    check(0, now.pin.toByteArray());
    Pin pin = now.store.getPin(key(number));
    if (pin == null) {
      return;
    }
    ByteBuffer view = random.nextBoolean() ? pin.buffer() : null;
    check(number, pin.toByteArray());
    if (random.nextBoolean()) {
      pin.close();
    }
    if (view != null) {
      byte[] bytes = new byte[view.remaining()];
      view.get(bytes);
      check(number, bytes);
    }
  }

  private static void useBuffers(Shared now, int number) {
    ByteBuffer key = ByteBuffer.allocateDirect(8).put(key(number)).flip();
    ByteBuffer target = ByteBuffer.allocateDirect(8192);
    int size = now.store.get(key, target);
    if (size >= 0) {
      check(number, Arrays.copyOf(bytesOf(target.flip()), size));
    }
  }

  private static byte[] bytesOf(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  /** Ends what the others are using: by closing it, or by letting go of it without a word. */
  private void closeSomething(Shared now, Random random) {
    switch (random.nextInt(60)) {
      case 0:
        now.store.close();
        replace(now, true);
        break;
      case 1:
        replace(now, true);
        break;
      case 2:
        now.batch.close();
        replace(now, false);
        break;
      case 3:
        now.cursor.close();
        replace(now, false);
        break;
      case 4:
        now.pin.close();
        replace(now, false);
        break;
      case 5:
        System.gc();
        break;
      default:
        dropped(new Batch().put(key(1), value(1, 100)));
    }
  }

  private synchronized void replace(Shared old, boolean withStore) {
    if (shared == old) {
      shared = withStore ? openShared() : new Shared(old.store);
    }
  }

  /** For the collector to find. */
  private static void dropped(AutoCloseable garbage) {
    java.util.Objects.requireNonNull(garbage);
  }

  // ---- Values say whose they are

  private static byte[] key(int number) {
    return new byte[] {'k', (byte) number};
  }

  private static byte[] value(int number, int size) {
    byte[] value = new byte[size + 1];
    Arrays.fill(value, (byte) number);
    return value;
  }

  private static void check(int number, byte[] value) {
    if (value == null) {
      return;
    }
    for (byte one : value) {
      if (one != (byte) number) {
        throw new AssertionError("the value of " + number + " has a byte " + one);
      }
    }
  }

  private static void check(Entry entry) {
    check(entry.key()[1], entry.value());
  }
}

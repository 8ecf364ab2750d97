import io.github.stavedb.stave.CowMap;
import io.github.stavedb.stave.CowMapCursor;
import io.github.stavedb.stave.CowMapDiff;
import io.github.stavedb.stave.CowMapEntry;
import io.github.stavedb.stave.Pin;
import io.github.stavedb.stave.StaveException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.UnaryOperator;

/**
 * A million calls from several threads on maps that are copies of each other now and then, with functions
 * inside of functions, while maps, cursors and diffs are closed under the calls or left to the collector.
 * A value begins with its key.
 */
final class CowMapStorm {
  private static final int KEYS = 500;

  private final StormThreads threads = new StormThreads(1_000_000);
  private final AtomicLong made = new AtomicLong();
  private AtomicReferenceArray<CowMap> maps =
      new AtomicReferenceArray<>(new CowMap[] {CowMap.create(), CowMap.create()});
  private final AtomicReference<CowMapCursor> cursor = new AtomicReference<>();
  private final AtomicReference<CowMapDiff> diff = new AtomicReference<>();

  /** What a function throws now and then. */
  private static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private CowMapStorm() {}

  public static void main(String[] arguments) throws Exception {
    new CowMapStorm().run();
  }

  private void run() throws Exception {
    threads.run(this::work);
    maps = null;
    cursor.set(null);
    diff.set(null);
    threads.checkNothingLeft(made + " maps");
  }

  private void work(Random random) {
    try {
      call(random);
    } catch (Stopped e) {
      // As a function wished.
    }
  }

  private void call(Random random) {
    CowMap map = maps.get(random.nextInt(2));
    long key = random.nextInt(KEYS);
    byte[] value = ByteBuffer.allocate(8 + random.nextInt(100)).putLong(key).array();
    int choice = random.nextInt(1000);
    if (choice < 6) {
      replace(random);
    } else if (choice < 30) {
      walk(random, map);
    } else if (choice < 50) {
      compare(random, map);
    } else if (choice < 400) {
      edit(random, map, key, value);
    } else {
      callOnKey(random, map, key, value);
    }
  }

  /** Puts a map in one's place, a copy or an empty one; the old one is closed, or the collector's. */
  private void replace(Random random) {
    CowMap fresh = random.nextBoolean() ? CowMap.create() : maps.get(random.nextInt(2)).copy();
    made.incrementAndGet();
    CowMap old = maps.getAndSet(random.nextInt(2), fresh);
    int choice = random.nextInt(8);
    if (choice < 4) {
      old.close();
    } else if (choice == 4) {
      System.gc();
    }
  }

  private static void callOnKey(Random random, CowMap map, long key, byte[] value) {
    switch (random.nextInt(7)) {
      case 0:
        map.put(key, value);
        break;
      case 1:
        check(key, map.getAndPut(key, value));
        break;
      case 2:
        check(key, map.getAndRemove(key));
        break;
      case 3:
        check(key, map.getOrInsert(key, value).value());
        break;
      case 4:
        check(key, map.multiGet(-1, key).get(1));
        break;
      case 5:
        Pin pin = map.getPin(key);
        if (pin != null) {
          check(key, pin.toByteArray());
          if (random.nextBoolean()) {
            pin.close();
          }
        }
        break;
      default:
        check(key, map.get(key));
    }
  }

  /**
   * A function of one map reads it, and writes to the other by a call with a function: from the first
   * into the second, so that nobody waits in a circle.
   */
  private void edit(Random random, CowMap map, long key, byte[] value) {
    boolean stops = random.nextInt(6) == 0;
    UnaryOperator<byte[]> edit = old -> {
      check(key, old);
      try {
        check(key, map.get(key));
        CowMap other = maps.get(1);
        if (map != other && map == maps.get(0)) {
          other.modify(key, inner -> {
            check(key, inner);
            return value;
          });
        }
      } catch (StaveException.Closed e) {
        // The other one, or this one: a close waits for this call, and nothing begins any more.
      }
      Checks.thrown(StaveException.Busy.class, map::clear);
      if (stops) {
        throw new Stopped();
      }
      return value;
    };
    switch (random.nextInt(3)) {
      case 0:
        map.modify(key, edit);
        break;
      case 1:
        check(key, map.getOrInsert(key, () -> edit.apply(null)).value());
        break;
      default:
        check(key, map.updateOrInsert(key, edit, value).value());
    }
  }

  /** What is put in the cursor's place is closed by whoever comes next, also while it is used. */
  private void walk(Random random, CowMap map) {
    CowMapCursor own = map.cursor();
    CowMapCursor old = cursor.getAndSet(own);
    if (old != null && random.nextBoolean()) {
      old.close();
    }
    for (CowMapEntry entry : own.nextMany(20, 1000)) {
      check(entry.key(), entry.value());
    }
    own.nextKeys(10);
  }

  private void compare(Random random, CowMap map) {
    CowMapDiff own = map.diff(maps.get(random.nextInt(2)));
    CowMapDiff old = diff.getAndSet(own);
    if (old != null && random.nextBoolean()) {
      old.close();
    }
    own.stream().limit(20).forEach(change -> {
      check(change.key(), change.before());
      check(change.key(), change.after());
    });
  }

  private static void check(long key, byte[] value) {
    if (value != null && ByteBuffer.wrap(value).getLong() != key) {
      throw new AssertionError("the value of " + key + " is another's");
    }
  }
}

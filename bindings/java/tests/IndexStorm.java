import io.github.stavedb.stave.Index;
import io.github.stavedb.stave.IndexCursor;
import io.github.stavedb.stave.IndexEntry;
import io.github.stavedb.stave.IndexOptions;
import io.github.stavedb.stave.IndexResolver;
import io.github.stavedb.stave.IndexValues;
import io.github.stavedb.stave.StaveException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A million calls from several threads on indexes, with keys of their own and with a resolver that
 * sometimes throws, while indexes and cursors are closed under the calls or left to the collector.
 * Nothing may happen but what the documentation says: a value of that very key, the resolver's own
 * exception, or CLOSED. In the end nothing may be left.
 */
final class IndexStorm {
  private static final int KEYS = 300;
  private static final int ACTIONS = 100;

  private final StormThreads threads = new StormThreads(1_000_000);
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong made = new AtomicLong();
  private volatile Shared shared = new Shared();

  /** What the resolver throws now and then. */
  private static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /** What all threads use at the same time. */
  private final class Shared implements IndexResolver {
    final Index owned = Index.create(new IndexOptions().shards(2));
    final Index resolved = Index.create(new IndexOptions().shards(2).valueBits(44), this);
    final IndexCursor cursor = owned.cursor();

    Shared() {
      made.incrementAndGet();
    }

    @Override
    public byte[] keyOf(long value) {
      if (ThreadLocalRandom.current().nextInt(200) == 0) {
        throw new Refused();
      }
      if (value % 17 == 0) { // into the memory of this thread, where the call's key may be
        owned.get(key(value + 1));
      }
      return key(value);
    }
  }

  private IndexStorm() {}

  public static void main(String[] arguments) throws Exception {
    new IndexStorm().run();
  }

  private void run() throws Exception {
    threads.run(this::work);
    shared = null;
    threads.checkNothingLeft(refused + " refused, " + made + " pairs of indexes");
    Checks.that(refused.get() > 0);
    System.out.println("1 passed, 0 failed");
  }

  private void work(Random random) {
    try {
      call(shared, random);
    } catch (StaveException.Closed e) {
      synchronized (this) { // not again and again while someone makes a new index
      }
      throw e;
    } catch (Refused e) {
      refused.incrementAndGet();
    }
  }

  private void call(Shared now, Random random) {
    int number = random.nextInt(KEYS);
    Index index = random.nextBoolean() ? now.owned : now.resolved;
    switch (random.nextInt(ACTIONS)) {
      case 0:
        now.cursor.nextMany(3, 1000).forEach(IndexStorm::check);
        break;
      case 1:
        for (long value : index.cursor().nextValues(10)) { // left to the collector
          Checks.that(value >= 0);
        }
        break;
      case 2:
        closeSomething(now, random);
        break;
      case 3:
        manage(index, random);
        break;
      case 4:
      case 5:
        useMany(index, number, random);
        break;
      default:
        useOne(index, number, random);
    }
  }

  private static void useOne(Index index, int number, Random random) {
    byte[] key = key(number);
    long value = value(number, random);
    switch (random.nextInt(10)) {
      case 0:
        check(number, index.remove(key));
        break;
      case 1:
        check(number, index.insert(ByteBuffer.wrap(key), value));
        break;
      case 2:
        var outcome = index.compareAndSwap(key, value, value(number, random));
        if (!outcome.isDone() && !outcome.isAbsent()) {
          check(number, outcome.actual());
        }
        break;
      case 3:
        index.removeIf(key, value);
        break;
      case 4:
        check(number, index.getHashed(key, index.hash(key)));
        break;
      case 5:
      case 6:
      case 7:
        check(number, index.put(key, value));
        break;
      default:
        check(number, index.get(key));
    }
  }

  private static void useMany(Index index, int number, Random random) {
    if (random.nextBoolean()) {
      index.multiPut(List.of(new IndexEntry(key(number), value(number, random)),
          new IndexEntry(key(number + 1), value(number + 1, random))));
      return;
    }
    IndexValues values = new IndexValues();
    index.multiGet(List.of(key(number), key(number + 1)), values);
    check(number, values.get(0));
    check(number + 1, values.get(1));
  }

  private static void manage(Index index, Random random) {
    switch (random.nextInt(10)) {
      case 0:
        index.clear();
        break;
      case 1:
        index.shrinkToFit();
        break;
      case 2:
        index.reserve(1 + random.nextInt(KEYS));
        break;
      default:
        Checks.that(index.size() <= KEYS + 1);
    }
  }

  /** Ends what the others are using: by closing it, or by letting go of it without a word. */
  private void closeSomething(Shared now, Random random) {
    switch (random.nextInt(40)) {
      case 0:
        now.owned.close();
        replace(now);
        break;
      case 1:
        now.resolved.close();
        replace(now);
        break;
      case 2:
        now.cursor.close();
        replace(now);
        break;
      case 3:
        replace(now);
        break;
      case 4:
        System.gc();
        break;
      default:
        Index.create(new IndexOptions().shards(1), now).contains(key(1));
    }
  }

  private synchronized void replace(Shared old) {
    if (shared == old) {
      shared = new Shared();
    }
  }

  // ---- Values say whose they are

  private static byte[] key(long value) {
    return ByteBuffer.allocate(Integer.BYTES).putInt((int) (value % (KEYS + 1))).array();
  }

  private static long value(int number, Random random) {
    return number + (KEYS + 1L) * random.nextInt(3);
  }

  private static void check(int number, Long value) {
    if (value != null && value % (KEYS + 1) != number) {
      throw new AssertionError("the value of " + number + " is " + value);
    }
  }

  private static void check(IndexEntry entry) {
    check(ByteBuffer.wrap(entry.key()).getInt(), entry.value());
  }
}

import io.github.stavedb.stave.Batch;
import io.github.stavedb.stave.Cursor;
import io.github.stavedb.stave.CursorOptions;
import io.github.stavedb.stave.Durability;
import io.github.stavedb.stave.StaveException;
import io.github.stavedb.stave.Store;
import io.github.stavedb.stave.StoreAtomic;
import io.github.stavedb.stave.StoreOptions;
import io.github.stavedb.stave.SwapOutcome;
import io.github.stavedb.stave.WriteOptions;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Writes of the store that rest on what is there, and expiry: what the conformance scripts cannot say. */
final class StoreUpdateTest {
  private static final byte[] KEY = Checks.bytes("key");
  private static final byte[] OTHER = Checks.bytes("other");
  private static final byte[] VALUE = Checks.bytes("value");
  private static final int THREADS = 4;
  private static final int CALLS = 500;

  private StoreUpdateTest() {}

  private static Store open(Path directory) {
    return Store.open(directory, new StoreOptions().durability(Durability.OS).shards(1));
  }

  private static long number(byte[] value) {
    return ByteBuffer.wrap(value).getLong();
  }

  private static byte[] bytes(long number) {
    return ByteBuffer.allocate(8).putLong(number).array();
  }

  /** Runs the action in several threads; what one of them throws fails the test. */
  static void inThreads(Runnable action) {
    List<Throwable> failures = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      Thread thread = new Thread(action);
      thread.setUncaughtExceptionHandler((of, e) -> {
        synchronized (failures) {
          failures.add(e);
        }
      });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
    for (Throwable e : failures) {
      throw new AssertionError(e);
    }
  }

  // ---- One key

  static void updatesOfManyThreadsLoseNothing(Path directory) {
    try (Store store = open(directory)) {
      store.put(KEY, bytes(0));
      inThreads(() -> {
        for (int i = 0; i < CALLS; i++) {
          store.update(KEY, value -> bytes(number(value) + 1));
          byte[] before = store.get(KEY);
          while (store.compareAndSwap(KEY, before, bytes(number(before) + 1))
              != SwapOutcome.SWAPPED) {
            before = store.get(KEY);
          }
        }
      });
      Checks.equal(2L * THREADS * CALLS, number(store.get(KEY)));
    }
  }

  static void outcomesAndValues(Path directory) {
    try (Store store = open(directory)) {
      Checks.equal(SwapOutcome.ABSENT, store.compareAndSwap(KEY, VALUE, VALUE));
      Checks.equal(null, store.update(KEY, value -> value));
      Checks.equal(null, store.getAndUpdate(KEY, value -> value));
      Checks.equal(null, store.getAndPut(KEY, VALUE));
      Checks.equal(SwapOutcome.MISMATCH, store.compareAndSwap(KEY, new byte[0], OTHER));
      Checks.equal(VALUE, store.getAndUpdate(KEY, value -> new byte[0]));
      Checks.equal(0, store.valueSize(KEY));
      Checks.equal(-1, store.valueSize(OTHER));
      Checks.equal(SwapOutcome.SWAPPED, store.compareAndSwap(KEY, new byte[0], VALUE));
      byte[] large = new byte[1 << 20];
      // In place, in an array of its own.
      Checks.equal(Checks.bytes("Value"), store.update(KEY, value -> {
        value[0] = 'V';
        return value;
      }));
      Checks.equal(large, store.update(KEY, value -> large));
      Checks.equal(large, store.getAndPut(KEY, VALUE));
      Checks.that(store.shardFor(KEY) == 0);
    }
  }

  static void whatAnEditThrowsComesOutUnchanged(Path directory) {
    try (Store store = open(directory)) {
      store.put(KEY, VALUE);
      for (Throwable mine : new Throwable[] {
          new Exception("checked"), new StackOverflowError(), new IllegalStateException()}) {
        UnaryOperator<byte[]> edit = value -> {
          StoreUpdateTest.<RuntimeException>throwUnchecked(mine);
          return value;
        };
        Checks.that(mine == Checks.thrown(Throwable.class, () -> store.update(KEY, edit)));
        Checks.that(mine == Checks.thrown(Throwable.class, () -> store.getAndUpdate(KEY, edit)));
      }
      Checks.thrown(NullPointerException.class, () -> store.update(KEY, value -> null));
      @SuppressWarnings({"unchecked", "rawtypes"})
      UnaryOperator<byte[]> raw = (UnaryOperator) value -> "no array";
      Checks.thrown(ClassCastException.class, () -> store.update(KEY, raw));
      Checks.equal(VALUE, store.get(KEY));
    }
  }

  @SuppressWarnings("unchecked")
  static <E extends Throwable> void throwUnchecked(Throwable e) throws E {
    throw (E) e;
  }

  static void anEditMayReadAndNotWrite(Path directory) {
    try (Store store = open(directory)) {
      store.put(KEY, VALUE);
      store.put(OTHER, KEY);
      Checks.equal(KEY, store.update(KEY, value -> {
        Checks.equal(VALUE, store.get(KEY));
        Checks.that(store.size() == 2 && store.contains(KEY) && store.valueSize(KEY) == 5);
        Checks.thrown(StaveException.Busy.class, () -> store.put(KEY, VALUE));
        Checks.thrown(StaveException.Busy.class, () -> store.update(OTHER, other -> other));
        Checks.thrown(StaveException.Busy.class, store::close);
        return store.get(OTHER);
      }));
    }
  }

  // ---- Several keys

  static void atomicIsOneStep(Path directory) {
    try (Store store = open(directory)) {
      store.put(KEY, bytes(1000));
      store.put(OTHER, bytes(0));
      inThreads(() -> {
        for (int i = 0; i < CALLS / 2; i++) {
          long version = store.atomic(KEY, inside -> {
            inside.put(KEY, bytes(number(inside.get(KEY)) - 1));
            Checks.that(inside.replace(OTHER, bytes(number(inside.get(OTHER)) + 1)));
            Checks.equal(1000L, number(inside.get(KEY)) + number(inside.get(OTHER)));
          });
          Checks.that(version > 2);
        }
      });
      Checks.equal(1000L - THREADS * CALLS / 2, number(store.get(KEY)));
      Checks.equal(0L, store.atomic(KEY, inside -> Checks.that(inside.contains(KEY))));
      Checks.equal(0L, store.atomic(KEY, inside -> {
        Checks.that(inside.insert(VALUE, VALUE));
        Checks.that(inside.remove(VALUE) && !inside.remove(VALUE));
      }));
    }
  }

  static void whatABodyThrowsUndoesAllAndComesOutUnchanged(Path directory) {
    try (Store store = open(directory)) {
      store.put(KEY, VALUE);
      Exception mine = new Exception("checked");
      Checks.that(mine == Checks.thrown(Exception.class, () -> store.atomic(KEY, inside -> {
        inside.put(KEY, OTHER);
        inside.remove(KEY);
        StoreUpdateTest.<RuntimeException>throwUnchecked(mine);
      })));
      Checks.thrown(StaveException.Busy.class, () -> store.atomic(KEY, inside -> {
        inside.put(KEY, OTHER);
        store.put(KEY, OTHER);
      }));
      Checks.equal(VALUE, store.get(KEY));
      // An exception of a call inside that is caught undoes nothing.
      store.atomic(KEY, inside -> {
        inside.put(KEY, OTHER);
        Checks.thrown(StaveException.TooLarge.class, () -> inside.put(new byte[65_536], VALUE));
        Checks.thrown(NullPointerException.class, () -> inside.put(KEY, null));
      });
      Checks.equal(OTHER, store.get(KEY));
    }
  }

  static void keysOfOtherShardsAreRefused(Path directory) {
    StoreOptions options = new StoreOptions().durability(Durability.OS).shards(256)
        .shardPrefixBits(8);
    try (Store store = Store.open(directory, options)) {
      Checks.equal(store.shardFor(KEY), store.shardFor(Checks.bytes("kangaroo")));
      store.atomic(KEY, inside -> {
        inside.put(Checks.bytes("kangaroo"), VALUE);
        Checks.thrown(StaveException.ShardMismatch.class, () -> inside.get(OTHER));
      });
      Checks.equal(1L, store.size());
    }
  }

  static void theInsideEndsWithItsBody(Path directory) {
    try (Store store = open(directory)) {
      StoreAtomic[] kept = new StoreAtomic[1];
      store.atomic(KEY, inside -> {
        kept[0] = inside;
        Throwable[] other = new Throwable[1];
        Thread thread = new Thread(() -> other[0] =
            Checks.thrown(IllegalStateException.class, () -> inside.get(KEY)));
        thread.start();
        try {
          thread.join();
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
        Checks.that(other[0] != null);
      });
      StoreAtomic ended = kept[0];
      Checks.thrown(StaveException.Closed.class, () -> ended.get(KEY));
      Checks.thrown(StaveException.Closed.class, () -> ended.contains(KEY));
      Checks.thrown(StaveException.Closed.class, () -> ended.put(KEY, VALUE));
      Checks.thrown(StaveException.Closed.class, () -> ended.insert(KEY, VALUE));
      Checks.thrown(StaveException.Closed.class, () -> ended.replace(KEY, VALUE));
      Checks.thrown(StaveException.Closed.class, () -> ended.remove(KEY));
      inThreads(() -> Checks.thrown(StaveException.Closed.class, () -> ended.get(KEY)));
      Checks.thrown(IllegalStateException.class, () -> store.atomic(KEY, inside -> {
        kept[0] = inside;
        throw new IllegalStateException();
      }));
      Checks.thrown(StaveException.Closed.class, () -> kept[0].get(KEY));
    }
  }

  static void writesOfBatchesHaveVersions(Path directory) {
    try (Store store = open(directory); Batch batch = new Batch()) {
      Checks.equal(0L, store.write(batch));
      long first = store.write(batch.put(KEY, VALUE));
      Checks.equal(first + 1, store.write(batch, WriteOptions.of(Durability.MEMORY)));
      Checks.equal(1L, store.clear());
      Checks.equal(0L, store.clear());
    }
  }

  // ---- Expiry

  static void timesAreInstants(Path directory) {
    try (Store store = open(directory)) {
      Instant later = Instant.ofEpochMilli(4_102_444_800_123L);
      store.put(KEY, VALUE, WriteOptions.of(Durability.MEMORY).expiresAt(later.plusNanos(999)));
      Checks.equal(later, store.expiresAt(KEY));
      store.put(KEY, VALUE);
      Checks.equal(Instant.MAX, store.expiresAt(KEY));
      Checks.equal(null, store.expiresAt(OTHER));
      Checks.that(store.expire(KEY, later) && !store.expire(OTHER, later));
      Checks.equal(later, store.expiresAt(KEY));
      Checks.that(store.expire(KEY, Instant.MAX));
      Checks.equal(Instant.MAX, store.expiresAt(KEY));
      for (Instant past : new Instant[] {Instant.EPOCH, Instant.MIN, Instant.ofEpochMilli(1),
          Instant.now().minusMillis(1)}) {
        store.put(OTHER, VALUE, WriteOptions.DEFAULT.expiresAt(past));
        Checks.equal(null, store.get(OTHER));
        store.put(OTHER, VALUE);
        Checks.that(store.expire(OTHER, past) && !store.contains(OTHER));
      }
      WriteOptions options = WriteOptions.DEFAULT.expiresAt(later).durability(Durability.OS);
      Checks.equal(later, options.expiresAt());
      Checks.equal(Durability.OS, options.durability());
      Checks.equal(null, WriteOptions.DEFAULT.expiresAt());
    }
  }

  static void aLifetimeCountsUnlessAWriteSaysOtherwise(Path directory) {
    StoreOptions options = new StoreOptions().durability(Durability.OS).background(false)
        .defaultTtl(Duration.ofHours(1).toMillis());
    try (Store store = Store.open(directory, options)) {
      Instant before = Instant.now().minusMillis(1);
      store.put(KEY, VALUE);
      Instant expiresAt = store.expiresAt(KEY);
      Checks.that(expiresAt.isAfter(before.plus(Duration.ofHours(1)))
          && expiresAt.isBefore(Instant.now().plus(Duration.ofHours(1)).plusMillis(1)));
      store.update(KEY, value -> OTHER);
      Checks.equal(expiresAt, store.expiresAt(KEY));
      store.put(KEY, VALUE, WriteOptions.DEFAULT.expiresAt(Instant.MAX));
      Checks.equal(Instant.MAX, store.expiresAt(KEY));
      store.put(OTHER, VALUE, WriteOptions.DEFAULT.expiresAt(Instant.EPOCH));
      Checks.equal(2L, store.size());
      Checks.equal(1L, store.removeExpired());
      Checks.equal(1L, store.size());
    }
  }

  // ---- Cursors

  static void aCursorGoesOnFromAToken(Path directory) {
    Set<String> seen = new HashSet<>();
    byte[] token;
    try (Store store = open(directory)) {
      for (int i = 0; i < 100; i++) {
        store.put(bytes(i), VALUE);
      }
      try (Cursor cursor = store.cursor()) {
        cursor.nextMany(40, 1 << 20).forEach(entry -> seen.add(Arrays.toString(entry.key())));
        token = cursor.token();
      }
    }
    try (Store store = open(directory)) {
      CursorOptions options = CursorOptions.ALL.token(token).keysOnly();
      store.cursor(options).forEach(
          entry -> Checks.that(seen.add(Arrays.toString(entry.key()))));
      Checks.equal(100, seen.size());
      token[token.length / 2] ^= 1;
      Checks.thrown(StaveException.InvalidArgument.class,
          () -> store.cursor(CursorOptions.ALL.token(token)));
    }
  }
}

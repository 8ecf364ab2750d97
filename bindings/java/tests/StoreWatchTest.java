import io.github.stavedb.stave.Batch;
import io.github.stavedb.stave.Durability;
import io.github.stavedb.stave.MigrateAction;
import io.github.stavedb.stave.StaveException;
import io.github.stavedb.stave.Store;
import io.github.stavedb.stave.StoreChange;
import io.github.stavedb.stave.StoreHook;
import io.github.stavedb.stave.StoreOptions;
import io.github.stavedb.stave.WriteOptions;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Hooks of the store and the change of all records: what the conformance scripts cannot say. */
final class StoreWatchTest {
  private static final byte[] KEY = Checks.bytes("key");
  private static final byte[] OTHER = Checks.bytes("other");
  private static final byte[] VALUE = Checks.bytes("value");

  private StoreWatchTest() {}

  private static Store open(Path directory) {
    return Store.open(directory, new StoreOptions().durability(Durability.OS));
  }

  private static byte[] bytes(int number) {
    return ByteBuffer.allocate(4).putInt(number).array();
  }

  // ---- Hooks

  static void aHookSeesAllOfAChange(Path directory) {
    List<StoreChange> old = new ArrayList<>();
    List<StoreChange> fresh = new ArrayList<>();
    Instant time = Instant.ofEpochMilli(4_102_444_800_000L);
    try (Store store = open(directory)) {
      store.onWrite(old::add, true);
      store.onWrite(fresh::add);
      store.put(KEY, VALUE);
      store.put(ByteBuffer.wrap(KEY), ByteBuffer.allocateDirect(70_000));
      store.put(KEY, new byte[0], WriteOptions.DEFAULT.expiresAt(time));
      store.remove(KEY);
    }
    Checks.equal(4, old.size());
    Checks.equal(4, fresh.size());
    for (int i = 0; i < 4; i++) {
      Checks.equal(KEY, old.get(i).key());
      Checks.equal(old.get(i).value(), fresh.get(i).value());
      Checks.equal(old.get(0).version() + i, fresh.get(i).version());
      Checks.equal(null, fresh.get(i).oldValue());
      Checks.equal(i == 3, old.get(i).removed());
      Checks.equal(i == 2 ? time : Instant.MAX, old.get(i).expiresAt());
    }
    Checks.equal(null, old.get(0).oldValue());
    Checks.equal(VALUE, old.get(1).oldValue());
    Checks.equal(new byte[70_000], old.get(2).oldValue());
    Checks.equal(new byte[0], old.get(3).oldValue());
    Checks.equal(null, old.get(3).value());
  }

  static void callsOfAllThreadsComeInTheOrderOfTheVersions(Path directory) {
    try (Store store = open(directory)) {
      AtomicLong last = new AtomicLong();
      AtomicLong calls = new AtomicLong();
      store.onWrite(change -> {
        Checks.that(last.getAndSet(change.version()) < change.version());
        Checks.equal(change.value(), store.get(change.key()));
        calls.incrementAndGet();
      });
      AtomicLong thread = new AtomicLong();
      StoreUpdateTest.inThreads(() -> {
        byte[] key = bytes((int) thread.incrementAndGet());
        for (int i = 0; i < 500; i++) {
          store.put(key, bytes(i));
        }
      });
      Checks.equal(2000L, calls.get());
    }
  }

  /** The write's bytes are in memory of the thread that the reads of a hook use as well. */
  static void hooksThatReadDoNotDisturbThoseBehindThem(Path directory) {
    try (Store store = open(directory)) {
      byte[] large = new byte[10_000];
      store.put(OTHER, large);
      List<StoreChange> changes = new ArrayList<>();
      StoreHook reads = change -> {
        Checks.equal(large, store.get(OTHER));
        Checks.equal(2, store.multiGet(List.of(OTHER, KEY)).size());
        Checks.that(store.contains(OTHER));
      };
      store.onWrite(reads);
      store.onWrite(changes::add, true);
      store.onWrite(reads);
      store.onWrite(changes::add);
      store.put(KEY, VALUE);
      store.put(ByteBuffer.wrap(KEY), ByteBuffer.wrap(VALUE));
      Checks.that(store.replace(KEY, VALUE) && store.remove(KEY) && store.insert(KEY, VALUE));
      Checks.equal(10, changes.size());
      for (StoreChange change : changes) {
        Checks.equal(KEY, change.key());
        Checks.that(change.removed() || Arrays.equals(VALUE, change.value()));
      }
    }
  }

  static void whatAHookThrowsIsTheCause(Path directory) {
    try (Store store = open(directory)) {
      Throwable[] mine = {new Exception("first"), new StackOverflowError("second")};
      List<StoreChange> behind = new ArrayList<>();
      for (Throwable one : mine) {
        store.onWrite(change -> StoreUpdateTest.<RuntimeException>throwUnchecked(one));
      }
      store.onWrite(behind::add);
      Batch batch = new Batch().put(KEY, VALUE).put(OTHER, VALUE);
      for (Checks.Action write : List.<Checks.Action>of(() -> store.put(KEY, VALUE),
          () -> store.write(batch), () -> store.atomic(KEY, inside -> inside.put(KEY, OTHER)),
          () -> store.getAndPut(KEY, VALUE), () -> store.update(KEY, value -> OTHER),
          () -> store.migrate((key, value) -> MigrateAction.update(VALUE)), store::clear)) {
        behind.clear();
        Checks.that(mine[0]
            == Checks.thrown(StaveException.HookFailed.class, write).getCause());
        Checks.that(!behind.isEmpty());
      }
      Checks.equal(0L, store.size());
      batch.close();
    }
  }

  static void failuresOfOtherStoresInsideAHookAreTheirOwn(Path directory) {
    try (Store store = open(directory.resolve("a")); Store inner = open(directory.resolve("b"))) {
      IllegalStateException outerFailure = new IllegalStateException("outer");
      IllegalStateException innerFailure = new IllegalStateException("inner");
      inner.onWrite(change -> {
        throw innerFailure;
      });
      store.onWrite(change -> {
        throw outerFailure;
      });
      store.onWrite(change -> Checks.that(innerFailure == Checks.thrown(
          StaveException.HookFailed.class, () -> inner.put(KEY, VALUE)).getCause()));
      Checks.that(outerFailure == Checks.thrown(
          StaveException.HookFailed.class, () -> store.put(KEY, VALUE)).getCause());
      Checks.that(innerFailure == Checks.thrown(
          StaveException.HookFailed.class, () -> inner.put(KEY, VALUE)).getCause());
      Checks.thrown(StaveException.NotFound.class, () -> store.getOrThrow(OTHER));
    }
  }

  static void aHookMayReadAndNotWrite(Path directory) {
    try (Store store = open(directory)) {
      store.onWrite(change -> {
        Checks.equal(VALUE, store.get(KEY));
        Checks.thrown(StaveException.Busy.class, () -> store.put(KEY, OTHER));
        Checks.thrown(StaveException.Busy.class, () -> store.onWrite(other -> { }));
        Checks.thrown(StaveException.Busy.class, store::close);
      });
      store.put(KEY, VALUE);
    }
    try (Store reader = Store.open(directory, new StoreOptions().readOnly(true))) {
      Checks.thrown(StaveException.ReadOnly.class, () -> reader.onWrite(change -> { }));
    }
  }

  static void aBatchOfManyChanges(Path directory) {
    Set<String> seen = new HashSet<>();
    try (Store store = open(directory); Batch batch = new Batch()) {
      store.onWrite(change -> seen.add(Arrays.toString(change.key())), true);
      for (int i = 0; i < 10_000; i++) {
        batch.put(bytes(i), VALUE);
      }
      store.write(batch);
      Checks.equal(10_000, seen.size());
      seen.clear();
      store.onOpen(change -> seen.add(Arrays.toString(change.key())));
      Checks.equal(10_000, seen.size());
      Checks.equal(10_000L, store.migrate((key, value) -> MigrateAction.update(OTHER)));
      Checks.equal(10_000L, store.clear());
    }
  }

  static void hooksAreReleasedByClosing(Path directory) throws Exception {
    Store store = open(directory);
    WeakReference<Object> kept = addHook(store);
    System.gc();
    store.put(KEY, VALUE);
    Checks.that(kept.get() != null);
    store.close();
    expectCollected(kept);
    Checks.thrown(StaveException.Closed.class, () -> store.onWrite(change -> { }));
  }

  private static WeakReference<Object> addHook(Store store) {
    Object captured = new Object();
    store.onWrite(change -> Checks.that(captured.hashCode() == captured.hashCode()));
    return new WeakReference<>(captured);
  }

  private static void expectCollected(WeakReference<Object> reference) throws Exception {
    for (int round = 0; reference.get() != null && round < 100; round++) {
      System.gc();
      Thread.sleep(10);
    }
    Checks.equal(null, reference.get());
  }

  static void aStoreIsGarbageTogetherWithHooksThatReferToIt(Path directory) throws Exception {
    for (int round = 0; round < 3; round++) {
      expectCollected(dropped(directory));
      Checks.equal(0L, LifetimeTest.collectGarbage(0));
    }
  }

  private static WeakReference<Object> dropped(Path directory) {
    Store store = open(directory); // the lock is gone with the store of the round before
    store.onWrite(change -> Checks.equal(VALUE, store.get(KEY)));
    store.put(KEY, VALUE);
    return new WeakReference<>(store);
  }

  static void whatOnOpenThrowsComesOutUnchanged(Path directory) {
    try (Store store = open(directory)) {
      Exception mine = new Exception("checked");
      StoreHook failing = change -> StoreUpdateTest.<RuntimeException>throwUnchecked(mine);
      store.onOpen(failing); // there is nothing
      store.put(KEY, VALUE);
      Checks.that(mine == Checks.thrown(Exception.class, () -> store.onOpen(failing)));
      store.onOpen(change -> {
        Checks.that(change.oldValue() == null && !change.removed() && change.version() == 1);
        Checks.equal(VALUE, store.get(KEY));
        Checks.thrown(StaveException.Busy.class, () -> store.put(KEY, OTHER));
      });
    }
  }

  // ---- Migrate

  static void aMigrationGoesOnFromItsToken(Path directory) {
    Set<String> changed = ConcurrentHashMap.newKeySet();
    byte[][] last = new byte[1][];
    long[] progress = new long[1];
    try (Store store = open(directory)) {
      for (int i = 0; i < 5000; i++) {
        store.put(bytes(i), VALUE);
      }
      Checks.thrown(StaveException.Cancelled.class, () -> store.migrate(
          (key, value) -> MigrateAction.update(OTHER), (done, total, token) -> {
            Checks.that(done <= total);
            progress[0] = done;
            last[0] = token;
            return done < 1000;
          }));
      Checks.that(progress[0] >= 1000 && progress[0] < 5000);
    }
    try (Store store = open(directory)) {
      long more = store.migrate((key, value) -> {
        Checks.that(changed.add(Arrays.toString(key)));
        Checks.equal(VALUE, value);
        return MigrateAction.update(OTHER);
      }, (done, total, token) -> true, last[0], WriteOptions.of(Durability.MEMORY));
      Checks.equal(5000L, progress[0] + more);
      store.forEach(entry -> Checks.equal(OTHER, entry.value()));
      last[0][last[0].length / 2] ^= 1;
      Checks.thrown(StaveException.InvalidArgument.class, () -> store.migrate(
          (key, value) -> MigrateAction.KEEP, (done, total, token) -> true, last[0],
          WriteOptions.DEFAULT));
    }
  }

  static void aMigrationDoesWhatItDecides(Path directory) {
    try (Store store = open(directory)) {
      store.put(KEY, VALUE);
      store.put(OTHER, VALUE);
      store.put(VALUE, VALUE);
      Checks.equal(2L, store.migrate((key, value) -> {
        Checks.equal(VALUE, store.get(key));
        Checks.thrown(StaveException.Busy.class, () -> store.put(key, value));
        if (Arrays.equals(key, OTHER)) {
          return MigrateAction.REMOVE;
        }
        value[0] = 'V'; // has no effect if the record is kept
        return Arrays.equals(key, KEY) ? MigrateAction.update(value) : MigrateAction.KEEP;
      }));
      Checks.equal(Checks.bytes("Value"), store.get(KEY));
      Checks.equal(VALUE, store.get(VALUE));
      Checks.equal(null, store.get(OTHER));
    }
  }

  static void whatAMigrationThrowsComesOutUnchanged(Path directory) {
    try (Store store = open(directory)) {
      store.put(KEY, VALUE);
      Exception mine = new Exception("checked");
      Checks.that(mine == Checks.thrown(Exception.class, () -> store.migrate((key, value) -> {
        StoreUpdateTest.<RuntimeException>throwUnchecked(mine);
        return MigrateAction.REMOVE;
      })));
      Checks.thrown(NullPointerException.class, () -> store.migrate((key, value) -> null));
      Checks.equal(VALUE, store.get(KEY));
      Checks.that(mine == Checks.thrown(Exception.class, () -> store.migrate(
          (key, value) -> MigrateAction.REMOVE, (done, total, token) -> {
            StoreUpdateTest.<RuntimeException>throwUnchecked(mine);
            return true;
          })));
      Checks.equal(0L, store.size()); // the commit before stands
    }
  }
}

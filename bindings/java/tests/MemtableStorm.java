import io.github.stavedb.stave.Memtable;
import io.github.stavedb.stave.MemtableCursor;
import io.github.stavedb.stave.MemtableCursorOptions;
import io.github.stavedb.stave.MemtableOptions;
import io.github.stavedb.stave.MemtableRecord;
import io.github.stavedb.stave.MemtableSnapshot;
import io.github.stavedb.stave.MemtableTransaction;
import io.github.stavedb.stave.Pin;
import io.github.stavedb.stave.StaveException;
import io.github.stavedb.stave.Timestamps;
import io.github.stavedb.stave.Visible;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Many calls from several threads on two tables, one that keeps the time and one that does not, while
 * tables, snapshots, transactions and cursors are closed under the calls or left to the collector. A value
 * begins with its key; each transaction writes the same number behind it to all keys of a group, so that
 * every moment shows one number in a group or nothing at all.
 */
final class MemtableStorm {
  private static final int GROUPS = 20;
  private static final int MEMBERS = 3;

  private final StormThreads threads = new StormThreads(500_000);
  private final AtomicLong conflicts = new AtomicLong();
  private final AtomicLong made = new AtomicLong();
  private final AtomicLong number = new AtomicLong(); // the last that a transaction has
  private final AtomicReference<Memtable> managed = new AtomicReference<>(Memtable.create());
  private final AtomicReference<Memtable> explicit = new AtomicReference<>(explicit());
  private final AtomicReference<MemtableSnapshot> snapshot = new AtomicReference<>();
  private final AtomicReference<MemtableTransaction> transaction = new AtomicReference<>();
  private final AtomicReference<MemtableCursor> cursor = new AtomicReference<>();

  /** What a body or a function throws now and then. */
  private static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private MemtableStorm() {}

  public static void main(String[] arguments) throws Exception {
    new MemtableStorm().run();
  }

  private static Memtable explicit() {
    return Memtable.create(new MemtableOptions().timestamps(Timestamps.EXPLICIT));
  }

  private void run() throws Exception {
    threads.run(this::work);
    for (AtomicReference<?> reference :
        List.of(managed, explicit, snapshot, transaction, cursor)) {
      reference.set(null);
    }
    threads.checkNothingLeft(conflicts + " conflicts, " + made + " tables");
    Checks.that(conflicts.get() > 0);
  }

  private void work(Random random) {
    try {
      call(random);
    } catch (StaveException.Conflict e) {
      conflicts.incrementAndGet();
    } catch (Stopped | StaveException.TooOld e) {
      // As a body wished, or as pruning has it.
    }
  }

  private void call(Random random) {
    int choice = random.nextInt(20_000);
    if (choice < 40) {
      replace(random, managed, Memtable.create());
    } else if (choice < 80) {
      replace(random, explicit, explicit());
    } else if (choice < 100) {
      clear();
    } else if (choice < 140) {
      managed.get().prune(0);
    } else if (choice < 9000) {
      transact(random, managed.get());
    } else if (choice < 14_000) {
      readSnapshot(random, managed.get());
    } else {
      callExplicit(random, explicit.get());
    }
  }

  /** The old one is closed, or the collector's. */
  private void replace(Random random, AtomicReference<Memtable> place, Memtable fresh) {
    made.incrementAndGet();
    Memtable old = place.getAndSet(fresh);
    int choice = random.nextInt(8);
    if (choice < 4) {
      old.close();
    } else if (choice == 4) {
      System.gc();
    }
  }

  private void clear() {
    try {
      managed.get().clear();
    } catch (StaveException.Busy e) {
      // Somebody looks at it.
    }
  }

  private static List<byte[]> group(Random random) {
    int group = random.nextInt(GROUPS);
    List<byte[]> keys = new ArrayList<>();
    for (int i = 0; i < MEMBERS; i++) {
      keys.add(ByteBuffer.allocate(8).putLong(group * MEMBERS + i).array());
    }
    return keys;
  }

  /** What a transaction writes to the keys: a value each, or their removal. */
  private static List<MemtableRecord> writes(Random random, List<byte[]> keys, long number) {
    boolean deletes = random.nextInt(10) == 0;
    int size = 16 + random.nextInt(100);
    List<MemtableRecord> records = new ArrayList<>();
    for (byte[] key : keys) {
      byte[] value = ByteBuffer.allocate(size).put(key).putLong(number).array();
      records.add(deletes ? MemtableRecord.deletion(key) : new MemtableRecord(key, value));
    }
    return records;
  }

  private static void check(byte[] key, byte[] value) {
    if (value != null && ByteBuffer.wrap(value).getLong() != ByteBuffer.wrap(key).getLong()) {
      throw new AssertionError("the value of another key");
    }
  }

  /** Demands one transaction's values, or none. */
  private static void checkGroup(List<byte[]> keys, List<byte[]> values) {
    byte[] first = values.get(0);
    for (int i = 0; i < values.size(); i++) {
      byte[] value = values.get(i);
      check(keys.get(i), value);
      if ((value == null) != (first == null)
          || value != null && ByteBuffer.wrap(value).getLong(8) != ByteBuffer.wrap(first).getLong(8)) {
        throw new AssertionError("a part of a commit");
      }
    }
  }

  /** Anybody may close a transaction, also while it is used. */
  private void transact(Random random, Memtable table) {
    List<byte[]> keys = group(random);
    table.transact(own -> {
      MemtableTransaction old = transaction.getAndSet(own);
      if (old != null && random.nextInt(4) == 0) {
        old.close();
      }
      checkGroup(keys, own.multiGet(keys));
      if (random.nextInt(20) == 0) {
        visit(own.cursor());
      }
      own.multiWrite(writes(random, keys, number.incrementAndGet()));
      if (random.nextInt(8) == 0) {
        throw new Stopped();
      }
    });
    if (random.nextInt(100) == 0) { // left behind, and rolled back some time
      table.begin().remove(keys.get(0));
    }
  }

  /** A snapshot is used by many, and closed by whoever comes next. */
  private void readSnapshot(Random random, Memtable table) {
    if (random.nextInt(4) == 0) {
      MemtableSnapshot old = snapshot.getAndSet(table.snapshot());
      if (old != null && random.nextBoolean()) {
        old.close();
      }
    }
    MemtableSnapshot own = snapshot.get();
    if (own == null) {
      return;
    }
    List<byte[]> keys = group(random);
    checkGroup(keys, own.multiGet(keys));
    Pin pin = own.getPin(keys.get(0));
    if (pin != null) {
      check(keys.get(0), pin.toByteArray());
      if (random.nextBoolean()) {
        pin.close();
      }
    }
    if (random.nextInt(20) == 0) {
      visit(own.cursor());
    }
  }

  /** What is put in the cursor's place is closed by whoever comes next, also while it is used. */
  private void visit(MemtableCursor own) {
    MemtableCursor old = cursor.getAndSet(own);
    if (old != null) {
      old.close();
    }
    own.stream().limit(20).forEach(record -> check(record.key(), record.value()));
  }

  /** Each transaction has a number of its own, which is also its timestamp. */
  private void callExplicit(Random random, Memtable table) {
    List<byte[]> keys = group(random);
    long own = number.incrementAndGet();
    try {
      table.multiWrite(writes(random, keys, own), own);
      if (random.nextInt(4) == 0) {
        table.abort(own, keys);
      } else {
        table.commit(own, own, keys);
      }
    } catch (StaveException.Conflict e) {
      conflicts.incrementAndGet();
      table.abort(own, keys);
    }
    List<Visible<byte[]>> values = table.multiRead(keys, own, 0);
    for (int i = 0; i < MEMBERS; i++) {
      check(keys.get(i), values.get(i).value());
    }
    boolean stops = random.nextInt(6) == 0;
    table.readWith(keys.get(0), own, 0, value -> {
      check(keys.get(0), value);
      Checks.thrown(StaveException.Busy.class, table::close);
      return table.readWith(keys.get(1), own, 0, inner -> {
        check(keys.get(1), inner);
        if (stops) {
          throw new Stopped();
        }
        return inner;
      });
    });
    if (random.nextInt(50) == 0 && own > 1000) {
      table.prune(own - 1000);
      visit(table.cursor(own, 0, MemtableCursorOptions.ALL));
    }
  }
}

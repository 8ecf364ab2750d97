import io.github.stavedb.stave.KeyState;
import io.github.stavedb.stave.Memtable;
import io.github.stavedb.stave.MemtableCursor;
import io.github.stavedb.stave.MemtableCursorOptions;
import io.github.stavedb.stave.MemtableOptions;
import io.github.stavedb.stave.MemtableRecord;
import io.github.stavedb.stave.MemtableSnapshot;
import io.github.stavedb.stave.MemtableTransaction;
import io.github.stavedb.stave.MemtableView;
import io.github.stavedb.stave.Pin;
import io.github.stavedb.stave.StaveException;
import io.github.stavedb.stave.Timestamps;
import io.github.stavedb.stave.ValueList;
import io.github.stavedb.stave.Visible;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the conformance scripts cannot say of memtables. */
final class MemtableTest {
  private static final byte[] KEY = Checks.bytes("key");
  private static final byte[] ONE = Checks.bytes("one");
  private static final byte[] TWO = Checks.bytes("two");
  private static final byte[] GONE = Checks.bytes("gone");
  private static final byte[] ABSENT = Checks.bytes("absent");

  private MemtableTest() {}

  private static Memtable explicit() {
    return Memtable.create(new MemtableOptions().timestamps(Timestamps.EXPLICIT));
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  /** What is visited, "key=value" or "key deleted" for each. */
  private static Set<String> visited(MemtableCursor cursor) {
    Set<String> lines = new HashSet<>();
    for (MemtableRecord record : cursor) {
      Checks.that(lines.add(new String(record.key())
          + (record.deleted() ? " deleted" : "=" + new String(record.value()))));
    }
    Checks.thrown(StaveException.Closed.class, cursor::next);
    return lines;
  }

  static void everyWayToReadAMoment(Path directory) {
    byte[][] keys = {ONE, {}, TWO, random(300), random(20_000)};
    byte[][] values = {TWO, {}, random(100_000), random(5000), random(57)};
    try (Memtable table = Memtable.create()) {
      table.transact(transaction -> {
        for (int i = 0; i < keys.length; i++) {
          if (i % 2 == 0) {
            transaction.put(keys[i], values[i]);
          } else {
            transaction.put(ByteBuffer.wrap(keys[i]), ByteBuffer.wrap(values[i]));
          }
        }
      });
      for (MemtableView view : List.of(table.begin(), table.snapshot())) {
        for (int i = 0; i < keys.length; i++) {
          readEveryWay(view, keys[i], values[i]);
        }
        StaveException.BufferTooSmall small = Checks.thrown(
            StaveException.BufferTooSmall.class, () -> view.get(TWO, new byte[99]));
        Checks.equal(100_000L, small.needed());
        Checks.thrown(java.nio.ReadOnlyBufferException.class,
            () -> view.get(ByteBuffer.wrap(ONE), ByteBuffer.allocate(9).asReadOnlyBuffer()));
        Checks.that(view.get(ABSENT) == null && view.getPin(ABSENT) == null);
        Checks.that(view.get(ABSENT, new byte[1]) == -1 && !view.contains(ABSENT));
        Checks.thrown(StaveException.NotFound.class, () -> view.getOrThrow(ABSENT));
        List<byte[]> asked = List.of(keys[2], ABSENT, keys[1]);
        List<byte[]> many = view.multiGet(asked);
        ValueList list = new ValueList();
        view.multiGet(asked, list);
        Checks.that(many.size() == 3 && many.get(1) == null && list.get(1) == null);
        Checks.that(many.get(2).length == 0 && list.get(2).length == 0);
        Checks.equal(values[2], many.get(0));
        Checks.equal(values[2], list.get(0));
        Checks.equal(0, view.multiGet(List.of()).size());
        view.close();
      }
    }
  }

  private static void readEveryWay(MemtableView view, byte[] key, byte[] value) {
    Checks.equal(value, view.get(key));
    Checks.equal(value, view.getOrThrow(key));
    Checks.that(view.contains(key));
    try (Pin pin = view.getPin(key)) {
      Checks.equal(value, pin.toByteArray());
    }
    byte[] room = new byte[100_001];
    Checks.equal(value.length, view.get(key, room));
    Checks.equal(value, Arrays.copyOf(room, value.length));
    for (ByteBuffer target : List.of(
        ByteBuffer.allocate(100_001), ByteBuffer.allocateDirect(100_001))) {
      Checks.equal(value.length, view.get(ByteBuffer.wrap(key), target.position(1)));
      Checks.equal(value.length + 1, target.position());
      byte[] read = new byte[value.length];
      target.position(1).get(read);
      Checks.equal(value, read);
    }
  }

  static void transactionsReadTheirMomentAndTheirWrites(Path directory) {
    try (Memtable table = Memtable.create()) {
      Checks.equal(1L, table.transact(transaction -> {
        transaction.put(KEY, ONE);
        transaction.put(GONE, ONE);
      }));
      MemtableTransaction reader = table.begin();
      Checks.equal(2L, reader.snapshot());
      Checks.that(reader.id() != table.begin().id());
      table.transact(transaction -> transaction.multiWrite(
          List.of(new MemtableRecord(KEY, TWO), MemtableRecord.deletion(GONE))));
      Checks.equal(ONE, reader.get(KEY));
      reader.put(ABSENT, TWO);
      Checks.equal(Set.of("key=one", "gone=one", "absent=two"), visited(reader.cursor()));
      try (MemtableSnapshot snapshot = table.snapshot()) {
        Checks.equal(3L, snapshot.timestamp());
        Checks.equal(Set.of("key=two"), visited(snapshot.cursor()));
      }
      reader.close();
      Checks.equal(0L, table.transact(transaction -> transaction.get(KEY)));
      Checks.equal(1L, table.size());
      MemtableTransaction one = table.begin();
      one.remove(KEY);
      Checks.equal(3L, one.commit());
      Checks.thrown(StaveException.Closed.class, one::commit);
    }
  }

  static void theFirstWriterWins(Path directory) {
    try (Memtable table = Memtable.create(); MemtableTransaction first = table.begin();
        MemtableTransaction second = table.begin()) {
      first.put(KEY, ONE);
      StaveException.Conflict e =
          Checks.thrown(StaveException.Conflict.class, () -> second.put(KEY, TWO));
      Checks.that(e.written() == 0 && !e.getMessage().isEmpty());
      Checks.thrown(StaveException.Conflict.class, () -> second.put(KEY, random(20_000)));
      Checks.thrown(StaveException.Conflict.class, () -> second.remove(KEY));
      e = Checks.thrown(StaveException.Conflict.class, () -> second.multiWrite(
          List.of(new MemtableRecord(GONE, TWO), new MemtableRecord(KEY, TWO))));
      Checks.equal(1L, e.written());
      Checks.equal(TWO, second.get(GONE));
      first.commit();
      Checks.thrown(StaveException.Conflict.class, () -> second.put(KEY, TWO));
      second.rollback();
      Checks.equal(Set.of("key=one"), visited(table.snapshot().cursor()));
      Checks.thrown(StaveException.TooLarge.class,
          () -> table.transact(transaction -> transaction.put(new byte[1 << 16], ONE)));
    }
  }

  private static final class OwnException extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  static void whatABodyThrowsRollsBack(Path directory) {
    try (Memtable table = Memtable.create()) {
      Checks.thrown(OwnException.class, () -> table.transact(transaction -> {
        transaction.put(KEY, ONE);
        throw new OwnException();
      }));
      Checks.that(table.isEmpty() && table.stats().snapshots() == 0);
      table.transact(outer -> {
        table.transact(inner -> inner.put(KEY, ONE));
        Checks.thrown(StaveException.Conflict.class, () -> outer.put(KEY, TWO));
        Checks.equal(null, outer.get(KEY));
      });
      Checks.equal(1L, table.size());
    }
  }

  static void explicitTimestamps(Path directory) {
    try (Memtable table = explicit()) {
      byte[] large = random(100_000);
      byte[] longKey = random(20_000);
      table.multiWrite(List.of(new MemtableRecord(KEY, ONE), MemtableRecord.deletion(GONE),
          new MemtableRecord(TWO, large), new MemtableRecord(longKey, large)), 7);
      Checks.that(table.hasWriteConflict(KEY, 8) && !table.hasWriteConflict(KEY, 7));
      Checks.thrown(StaveException.Conflict.class, () -> table.write(KEY, TWO, 8));
      Checks.thrown(StaveException.Conflict.class, () -> table.writeTombstone(KEY, 8));
      Checks.equal(0L, Checks.thrown(StaveException.Conflict.class,
          () -> table.multiWrite(List.of(new MemtableRecord(KEY, TWO)), 8)).written());
      Checks.thrown(StaveException.InvalidArgument.class,
          () -> table.commit(7, 10, List.of(KEY)));
      table.commit(7, 10, List.of(KEY, GONE, TWO, longKey));
      expect(table, KEY, 10, KeyState.ABSENT, null);
      expect(table, KEY, 11, KeyState.EXISTS, ONE);
      expect(table, KEY, -1, KeyState.EXISTS, ONE); // the last of all timestamps
      expect(table, GONE, 11, KeyState.DELETED, null);
      expect(table, TWO, 11, KeyState.EXISTS, large);
      expect(table, longKey, 11, KeyState.EXISTS, large);
      Checks.equal(100_000L, Checks.thrown(StaveException.BufferTooSmall.class,
          () -> table.read(TWO, 11, 0, new byte[4])).needed());
      table.write(KEY, large, 9);
      table.abort(9, List.of(KEY, ABSENT));
      Checks.equal(0L, table.stats().transactions());
      Checks.equal(2, visited(
          table.cursor(11, 0, MemtableCursorOptions.ALL.prefix(KEY).tombstones())).size()
          + visited(table.cursor(11, 0, MemtableCursorOptions.ALL.prefix(GONE).tombstones()))
              .size());
      Checks.equal(0L, table.prune(11));
      Checks.thrown(StaveException.TooOld.class, () -> table.read(KEY, 10, 0));
      Checks.that(table.sizeBytes() > 200_000 && table.size() == 3);
      table.clear();
      Checks.that(table.isEmpty());
      Checks.thrown(StaveException.InvalidArgument.class, table::begin);
      Checks.thrown(StaveException.InvalidArgument.class, table::snapshot);
    }
  }

  /** In every way of reading. */
  private static void expect(
      Memtable table, byte[] key, long snapshot, KeyState state, byte[] value) {
    List<Visible<byte[]>> reads = new ArrayList<>();
    reads.add(table.read(key, snapshot, 0));
    reads.add(table.readWith(key, snapshot, 0, bytes -> bytes));
    reads.addAll(table.multiRead(List.of(key, ABSENT), snapshot, 0));
    Checks.equal(KeyState.ABSENT, reads.remove(3).state());
    for (Visible<byte[]> read : reads) {
      Checks.equal(state, read.state());
      Checks.equal(state == KeyState.EXISTS, read.exists());
      Checks.equal(value, read.value());
    }
    Visible<Pin> pinned = table.readPin(key, snapshot, 0);
    Checks.equal(state, pinned.state());
    byte[] target = new byte[100_000];
    int size = table.read(key, snapshot, 0, target);
    if (value == null) {
      Checks.equal(null, pinned.value());
      Checks.equal(state == KeyState.DELETED ? Memtable.DELETED : Memtable.ABSENT, size);
      return;
    }
    Checks.equal(value, Arrays.copyOf(target, size));
    Checks.equal(value, pinned.value().toByteArray());
    pinned.value().close();
  }

  static void aFunctionReadsInsideOfTheCall(Path directory) {
    try (Memtable table = explicit()) {
      byte[] large = random(1000);
      table.write(KEY, ONE, 1);
      table.write(TWO, large, 1);
      table.commit(1, 1, List.of(KEY, TWO));
      Visible<Integer> sum = table.readWith(KEY, 2, 0, value -> {
        Checks.equal(ONE, value);
        Checks.thrown(StaveException.Busy.class, table::close);
        table.write(KEY, TWO, 2);
        table.commit(2, 2, List.of(KEY));
        Checks.thrown(OwnException.class, () -> table.readWith(KEY, 2, 0, inner -> {
          throw new OwnException();
        }));
        return value.length + table.readWith(TWO, 2, 0, inner -> inner.length).value();
      });
      Checks.equal(1003, sum.value());
      Checks.equal(TWO, table.read(KEY, 3, 0).value());
      Checks.thrown(StackOverflowError.class, () -> table.readWith(KEY, 2, 0, value -> {
        throw new StackOverflowError();
      }));
      Visible<String> nothing = table.readWith(KEY, 2, 0, value -> null);
      Checks.that(nothing.exists() && nothing.value() == null);
      Checks.equal(KeyState.ABSENT, table.readWith(ABSENT, 2, 0, value -> {
        throw new OwnException();
      }).state());
    }
  }

  static void cursors(Path directory) {
    try (Memtable table = Memtable.create()) {
      table.transact(transaction -> {
        for (int i = 0; i < 1000; i++) {
          byte[] number = Checks.bytes("key" + i);
          transaction.put(number, number);
        }
      });
      for (MemtableView view : List.of(table.begin(), table.snapshot())) {
        table.transact(transaction -> transaction.put(Checks.bytes("late " + view), ONE));
        Set<String> seen = new HashSet<>();
        try (MemtableCursor cursor = view.cursor()) {
          Checks.thrown(StaveException.InvalidArgument.class, cursor::key);
          Checks.that(cursor.next() && !cursor.deleted());
          Checks.equal(cursor.key(), cursor.value());
          seen.add(new String(cursor.key()));
          for (List<MemtableRecord> some = cursor.nextMany(7, 1000); !some.isEmpty();
              some = cursor.nextMany(7, 1000)) {
            some.forEach(record -> Checks.equal(record.key(), record.value()));
            some.forEach(record -> Checks.that(seen.add(new String(record.key()))));
          }
          Checks.that(!cursor.next());
          Checks.thrown(StaveException.InvalidArgument.class, () -> cursor.nextMany(-1, 1));
        }
        Checks.equal(1000L, seen.stream().filter(key -> key.startsWith("key")).count());
        Checks.equal(seen, Stream.concat(view.stream(), Stream.empty())
            .map(record -> new String(record.key())).collect(Collectors.toSet()));
        try (Stream<MemtableRecord> stream = view.cursor(
            MemtableCursorOptions.ALL.prefix(Checks.bytes("key99")).keysOnly()).stream()) {
          Checks.equal(11L, stream.filter(record -> record.value().length == 0).count());
        }
        Checks.thrown(StaveException.InvalidArgument.class,
            () -> view.cursor(MemtableCursorOptions.ALL.tombstones()));
        view.close();
      }
    }
  }

  static void options(Path directory) {
    MemtableOptions options = new MemtableOptions();
    Checks.equal("timestamps=managed capacity=0 background=1", options.toString());
    options.set("timestamps=explicit, capacity=1000").background(false);
    Checks.that(options.timestamps() == Timestamps.EXPLICIT && options.capacity() == 1000
        && !options.background());
    Checks.thrown(StaveException.InvalidArgument.class, () -> options.set("timestamps=none"));
    Checks.that(MemtableOptions.describe().startsWith("timestamps="));
    try (Memtable table = Memtable.create(options.capacity(7))) {
      Checks.equal(options.toString(), table.options().toString());
    }
  }

  /** A dropped table is closed, and a dropped transaction is rolled back. */
  static void childrenDoNotKeepTheirTable(Path directory) throws Exception {
    long before = LifetimeTest.collectGarbage(0);
    MemtableTransaction orphan = Memtable.create().begin();
    Checks.equal(before + 1, LifetimeTest.collectGarbage(before + 1));
    Checks.thrown(StaveException.Closed.class, () -> orphan.put(KEY, ONE));
    try (Memtable table = Memtable.create()) {
      table.begin().put(KEY, TWO);
      Checks.equal(before + 2, LifetimeTest.collectGarbage(before + 2));
      table.transact(transaction -> transaction.put(KEY, ONE));
    }
  }

  /** But what a cursor visits lives as long as that. */
  static void cursorsKeepWhatTheyVisit(Path directory) throws Exception {
    long before = LifetimeTest.collectGarbage(0);
    try (Memtable table = Memtable.create()) {
      table.transact(transaction -> transaction.put(KEY, ONE));
      Iterator<MemtableRecord> ofSnapshot = table.snapshot().iterator();
      MemtableCursor ofTransaction = table.begin().cursor();
      MemtableCursor ofTable = written().cursor(0, 1, MemtableCursorOptions.ALL);
      Checks.equal(before + 7, LifetimeTest.collectGarbage(before + 7));
      Checks.equal(ONE, ofSnapshot.next().value());
      Checks.that(ofTransaction.next() && ofTable.next());
    }
  }

  private static Memtable written() {
    Memtable table = explicit();
    table.write(KEY, ONE, 1);
    return table;
  }
}

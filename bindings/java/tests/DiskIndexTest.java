import io.github.stavedb.stave.Codec;
import io.github.stavedb.stave.DiskIndex;
import io.github.stavedb.stave.DiskIndexCursor;
import io.github.stavedb.stave.DiskIndexOptions;
import io.github.stavedb.stave.DiskIndexStats;
import io.github.stavedb.stave.Entry;
import io.github.stavedb.stave.Payload;
import io.github.stavedb.stave.StaveException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** What the conformance scripts cannot say of disk indexes. */
final class DiskIndexTest {
  private DiskIndexTest() {}

  private static final class OwnException extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private static Entry entry(long counter) {
    return new Entry(ByteBuffer.allocate(16).putLong(counter).putLong(~counter).array(),
        ByteBuffer.allocate(8).putLong(counter).array());
  }

  private static Iterable<Entry> entries(long count) {
    return () -> LongStream.range(0, count).mapToObj(DiskIndexTest::entry).iterator();
  }

  private static Iterable<Entry> failing(long count) {
    return () -> LongStream.rangeClosed(0, count).mapToObj(counter -> {
      if (counter == count) {
        throw new OwnException();
      }
      return entry(counter);
    }).iterator();
  }

  private static DiskIndex open(Path directory, String options) {
    return DiskIndex.open(directory.resolve("index"), new DiskIndexOptions().set(options));
  }

  static void oneKey(Path directory) {
    try (DiskIndex index = open(directory, "record_size=8")) {
      Entry one = entry(1);
      Entry two = entry(2);
      Checks.equal(null, index.get(one.key()));
      index.put(one.key(), two.value());
      index.put(one.key(), one.value());
      Checks.that(!index.insert(one.key(), two.value()) && index.contains(one.key()));
      Checks.equal(one.value(), index.get(one.key()));
      Checks.equal(one.value(), index.getOrThrow(one.key()));
      Checks.thrown(StaveException.NotFound.class, () -> index.getOrThrow(two.key()));
      Checks.equal(1L, index.size());
      Checks.that(index.remove(one.key()) && !index.remove(one.key()));
      Checks.that(index.insert(one.key(), two.value()));
      Checks.thrown(StaveException.InvalidArgument.class,
          () -> index.put(new byte[15], one.value()));
      Checks.thrown(StaveException.InvalidArgument.class,
          () -> index.put(one.key(), new byte[7]));
    }
  }

  static void payloads(Path directory) {
    try (DiskIndex index = open(directory, "")) {
      Payload payload = new Payload(1L << 40, 700, -1, Codec.LZ4);
      index.put(entry(1).key(), payload.toRecord());
      Payload read = Payload.ofRecord(index.get(entry(1).key()));
      Checks.that(read.offset() == 1L << 40 && read.length() == 700
          && read.uncompressedLength() == -1 && read.codec() == Codec.LZ4);
      byte[] unknown = payload.toRecord();
      unknown[16] = 9;
      Checks.thrown(StaveException.InvalidArgument.class,
          () -> index.put(entry(1).key(), unknown));
      Checks.thrown(StaveException.InvalidArgument.class, () -> Payload.ofRecord(unknown));
      Checks.equal(24, index.options().recordSize());
    }
  }

  static void manyRecords(Path directory) {
    try (DiskIndex index = open(directory, "record_size=8")) {
      List<Entry> all = new ArrayList<>();
      entries(100).forEach(all::add);
      index.multiPut(all);
      List<byte[]> records =
          index.multiGet(List.of(entry(5).key(), entry(100).key(), entry(99).key()));
      Checks.equal(entry(5).value(), records.get(0));
      Checks.equal(null, records.get(1));
      Checks.equal(entry(99).value(), records.get(2));
      Checks.equal(0, index.multiGet(List.of()).size());
      index.multiPut(List.of());
      Checks.thrown(StaveException.InvalidArgument.class,
          () -> index.multiGet(List.of(new byte[1])));
      try (Stream<Entry> stream = index.stream()) {
        Checks.equal(100, stream.map(one -> ByteBuffer.wrap(one.value()).getLong())
            .collect(Collectors.toSet()).size());
      }
    }
  }

  static void loadsAndRebuilds(Path directory) {
    DiskIndex index = open(directory, "record_size=8");
    Checks.thrown(OwnException.class, () -> index.bulkLoad(failing(100)));
    Checks.thrown(StaveException.Busy.class, () -> index.bulkLoad(() -> LongStream.range(0, 3)
        .mapToObj(DiskIndexTest::entry).filter(one -> index.contains(one.key())).iterator()));
    Checks.thrown(StaveException.InvalidArgument.class,
        () -> index.bulkLoad(List.of(new Entry(new byte[16], new byte[7]))));
    Checks.equal(0L, index.size());
    index.bulkLoad(entries(20_000));
    index.put(entry(20_000).key(), entry(20_000).value());
    index.save(41);
    index.checkpoint(42);
    index.shrinkToFit();
    index.reserve(30_000);
    DiskIndexStats stats = index.stats();
    Checks.that(stats.entries() == 20_001 && stats.lsn() == 42 && stats.deltaEntries() == 0
        && stats.fileBytes() > 24 * 20_000 && stats.segments() > 0 && !stats.writesRefused());
    Set<Long> seen = new HashSet<>();
    index.forEach(one -> {
      Checks.equal(one.value(), Arrays.copyOf(one.key(), 8));
      seen.add(ByteBuffer.wrap(one.value()).getLong());
    });
    Checks.equal(20_001, seen.size());
    try (DiskIndexCursor cursor = index.cursor()) {
      Checks.thrown(StaveException.InvalidArgument.class, cursor::key);
      Checks.that(cursor.next());
      Checks.equal(cursor.record(), Arrays.copyOf(cursor.key(), 8));
      int count = 1;
      for (List<Entry> some = cursor.nextMany(999); !some.isEmpty();
          some = cursor.nextMany(999)) {
        count += some.size();
      }
      Checks.equal(20_001, count);
      Checks.thrown(StaveException.InvalidArgument.class, () -> cursor.nextMany(-1));
    }
    Path path = directory.resolve("index");
    DiskIndexOptions options = new DiskIndexOptions().recordSize(8);
    Checks.thrown(
        StaveException.Locked.class, () -> DiskIndex.rebuild(path, options, entries(1)));
    index.close();
    Checks.thrown(OwnException.class, () -> DiskIndex.rebuild(path, options, failing(1)));
    DiskIndex.rebuild(path, options, entries(5));
    try (DiskIndex again = open(directory, "read_only=yes")) {
      Checks.equal(5L, again.size());
      Checks.thrown(StaveException.ReadOnly.class, () -> again.remove(entry(1).key()));
    }
    Checks.thrown(StaveException.NotFound.class,
        () -> DiskIndex.open(directory.resolve("no").resolve("index")));
  }

  static void verification(Path directory) {
    try (DiskIndex index = open(directory, "record_size=8")) {
      index.bulkLoad(entries(100));
      index.verify();
      boolean[] complete = {false};
      index.verify((done, total) -> complete[0] = done == total);
      Checks.that(complete[0]);
      Checks.thrown(
          StaveException.Cancelled.class, () -> index.verify((done, total) -> false));
      Checks.thrown(
          StaveException.Busy.class, () -> index.verify((done, total) -> index.size() > 0));
      Checks.thrown(OwnException.class, () -> index.verify((done, total) -> {
        throw new OwnException();
      }));
    }
  }

  static void options(Path directory) {
    DiskIndexOptions options =
        new DiskIndexOptions().set("record_size=8, delta_memory=1MiB").background(false);
    Checks.equal("record_size=8 delta_memory=1048576 bulk_memory=268435456 read_only=0 "
        + "create_if_missing=1 create_parents=0 error_if_exists=0 background=0",
        options.toString());
    Checks.thrown(StaveException.InvalidArgument.class, () -> options.set("record_size=257"));
    Checks.that(DiskIndexOptions.describe().startsWith("record_size="));
    Checks.thrown(NullPointerException.class, () -> DiskIndex.open(directory, null));
    Checks.thrown(
        NullPointerException.class, () -> DiskIndex.rebuild(directory, options, null));
  }

  /** Calls, loads and closes from several threads: what comes too late is CLOSED. */
  static void closeWhileOthersAreInside(Path directory) throws Exception {
    for (int round = 0; round < 10; round++) {
      DiskIndex index = open(Files.createDirectory(directory.resolve("d" + round)),
          "record_size=8 delta_memory=64KiB");
      DiskIndexCursor cursor = index.cursor();
      CountDownLatch started = new CountDownLatch(4);
      AtomicReference<Throwable> failure = new AtomicReference<>();
      Thread[] threads = new Thread[4];
      for (int number = 0; number < threads.length; number++) {
        int own = number;
        threads[number] = new Thread(() -> work(index, cursor, own, started, failure));
        threads[number].start();
      }
      started.await();
      if (round % 2 == 0) {
        cursor.close();
      }
      index.close();
      for (Thread thread : threads) {
        thread.join();
      }
      cursor.close();
      Checks.equal(null, failure.get());
    }
  }

  private static void work(DiskIndex index, DiskIndexCursor cursor, int number,
      CountDownLatch started, AtomicReference<Throwable> failure) {
    try {
      for (long i = 0; ; i++) {
        index.put(entry(i % 1000).key(), entry(i % 1000).value());
        byte[] record = index.get(entry(i % 999).key());
        Checks.that(record == null || Arrays.equals(entry(i % 999).value(), record));
        if (i == 0) {
          started.countDown();
        }
        if (i % 50 == number) {
          cursor.nextMany(3);
          index.bulkLoad(entries(20));
        }
      }
    } catch (StaveException.Closed e) {
      // Too late.
    } catch (Throwable e) {
      failure.set(e);
    } finally {
      started.countDown();
    }
  }

  static void garbageIsFreedAndUnlocked(Path directory) throws Exception {
    useAndForget(directory);
    Checks.equal(0L, LifetimeTest.collectGarbage(0));
    try (DiskIndex index = open(directory, "")) {
      Checks.equal(100L, index.size());
    }
  }

  private static void useAndForget(Path directory) {
    DiskIndex index = open(directory, "record_size=8");
    index.cursor().next();
    // The call's own reference is the last one.
    index.bulkLoad(() -> LongStream.range(0, 100).mapToObj(counter -> {
      if (counter % 30 == 0) {
        System.gc();
      }
      return entry(counter);
    }).iterator());
  }
}

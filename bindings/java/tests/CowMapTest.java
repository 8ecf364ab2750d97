import io.github.stavedb.stave.CowMap;
import io.github.stavedb.stave.CowMapChange;
import io.github.stavedb.stave.CowMapCursor;
import io.github.stavedb.stave.CowMapDiff;
import io.github.stavedb.stave.CowMapEntry;
import io.github.stavedb.stave.CowMapOptions;
import io.github.stavedb.stave.CowMapOutcome;
import io.github.stavedb.stave.CowMapStats;
import io.github.stavedb.stave.Pin;
import io.github.stavedb.stave.StaveException;
import io.github.stavedb.stave.ValueList;
import io.github.stavedb.stave.ValueMode;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** What the conformance scripts cannot say of maps. */
final class CowMapTest {
  private static final byte[] ONE = Checks.bytes("one");
  private static final byte[] TWO = Checks.bytes("two");

  private CowMapTest() {}

  private static byte[] number(long number) {
    return ByteBuffer.allocate(8).putLong(number).array();
  }

  static void everyWayToRead(Path directory) {
    byte[] large = new byte[100_000];
    new Random(1).nextBytes(large);
    byte[][] values = {ONE, {}, large, new byte[5000]};
    try (CowMap map = CowMap.create()) {
      for (int key = 0; key < values.length; key++) {
        Checks.that(!map.put(key, values[key]));
        Checks.equal(values[key], map.get(key));
        Checks.equal(values[key], map.getOrThrow(key));
        try (Pin pin = map.getPin(key)) {
          Checks.equal(values[key], map.getAndPut(key, TWO));
          Checks.equal(values[key], pin.toByteArray());
        }
        Checks.that(map.put(key, values[key]));
        byte[] room = new byte[100_001];
        Checks.equal(values[key].length, map.get(key, room));
        Checks.equal(values[key], Arrays.copyOf(room, values[key].length));
        for (ByteBuffer buffer : List.of(
            ByteBuffer.allocate(100_001), ByteBuffer.allocateDirect(100_001))) {
          Checks.equal(values[key].length, map.get(key, buffer.position(1)));
          Checks.equal(values[key].length + 1, buffer.position());
        }
      }
      StaveException.BufferTooSmall small =
          Checks.thrown(StaveException.BufferTooSmall.class, () -> map.get(2, new byte[99]));
      Checks.equal(100_000L, small.needed());
      Checks.equal(null, map.get(9));
      Checks.equal(-1, map.get(9, new byte[1]));
      Checks.equal(null, map.getPin(9));
      Checks.thrown(StaveException.NotFound.class, () -> map.getOrThrow(9));
      List<byte[]> many = map.multiGet(1, 9, 0);
      Checks.that(many.size() == 3 && many.get(0).length == 0 && many.get(1) == null);
      Checks.equal(ONE, many.get(2));
      ValueList list = new ValueList();
      map.multiGet(new long[] {0, 9}, list);
      Checks.that(list.size() == 2 && list.get(1) == null);
      Checks.equal(ONE, list.get(0));
      Checks.equal(0, map.multiGet().size());
    }
  }

  static void aMapOfTheClassLibrary(Path directory) {
    try (CowMap map = CowMap.create(new CowMapOptions().capacity(100))) {
      Map<Long, byte[]> view = map.asMap();
      Set<Long> expected = new HashSet<>();
      for (long key = -500; key < 500; key++) {
        Checks.equal(null, view.put(key * key * key, number(key)));
        expected.add(key * key * key);
      }
      Checks.equal(1000, view.size());
      Checks.equal(expected, view.keySet());
      Checks.equal(number(-2), view.get(-8L));
      Checks.that(view.containsKey(-8L) && !view.containsKey(-9L) && !view.containsKey("-8"));
      Checks.equal(null, view.get(-9L));
      Checks.equal(number(-2), view.remove(-8L));
      Checks.equal(null, view.remove(-8L));
      Checks.equal(-498L, view.values().stream()
          .mapToLong(value -> ByteBuffer.wrap(value).getLong()).sum());
      Checks.that(view.keySet().removeIf(key -> key < 0));
      Checks.equal(500L, map.size());
      Iterator<Map.Entry<Long, byte[]>> iterator = view.entrySet().iterator();
      Checks.thrown(IllegalStateException.class, iterator::remove);
      map.put(-1, ONE); // the iterator shows the moment at which it was made
      int count = 0;
      while (iterator.hasNext()) {
        count++;
        Checks.that(iterator.next().getKey() >= 0);
      }
      Checks.equal(500, count);
      view.clear();
      Checks.that(view.isEmpty() && map.isEmpty());
      map.shrinkToFit();
    }
  }

  static void copiesAndDiffs(Path directory) {
    try (CowMap before = CowMap.create(); CowMap after = filled(before, 1000).copy()) {
      after.put(5, TWO);
      Checks.equal(number(6), after.getAndRemove(6));
      Checks.equal(null, after.getAndRemove(6));
      Checks.that(!after.remove(6));
      Checks.equal(null, after.getAndPut(-1, new byte[0]));
      CowMapStats stats = after.stats();
      Checks.that(stats.entries() == 1000 && stats.sharedBytes() > stats.ownBytes()
          && stats.ownBytes() > 0);
      CowMapDiff diff = before.diff(after);
      CowMapDiff again = before.diff(after);
      after.clear(); // disturbs neither
      Map<Long, CowMapChange> changes = new HashMap<>();
      diff.forEach(change -> changes.put(change.key(), change));
      Checks.thrown(StaveException.Closed.class, diff::next);
      Checks.equal(3, changes.size());
      check(changes.get(5L), CowMapChange.Kind.CHANGED, number(5), TWO);
      check(changes.get(6L), CowMapChange.Kind.REMOVED, number(6), null);
      check(changes.get(-1L), CowMapChange.Kind.ADDED, null, new byte[0]);
      Checks.thrown(StaveException.InvalidArgument.class, again::change);
      Checks.that(again.next() && changes.containsKey(again.change().key()));
      Checks.that(again.beforeMap() == before && again.afterMap() == after);
      try (Stream<CowMapChange> stream = after.diff(before).stream()) {
        Checks.equal(1000L, stream.count());
      }
      after.close();
      Checks.thrown(StaveException.Closed.class, again::next);
      Checks.equal(1000L, before.size());
    }
  }

  private static CowMap filled(CowMap map, long count) {
    for (long key = 0; key < count; key++) {
      map.put(key, number(key));
    }
    return map;
  }

  private static void check(
      CowMapChange change, CowMapChange.Kind kind, byte[] before, byte[] after) {
    Checks.equal(kind, change.kind());
    Checks.equal(before, change.before());
    Checks.equal(after, change.after());
  }

  static void cursors(Path directory) {
    try (CowMap map = filled(CowMap.create(), 1000); CowMapCursor cursor = map.cursor()) {
      Stream<CowMapEntry> stream = map.stream();
      map.clear();
      Checks.equal(1000L, stream.count());
      Checks.thrown(StaveException.InvalidArgument.class, cursor::key);
      Checks.that(cursor.next() && cursor.map() == map);
      Checks.equal(number(cursor.key()), cursor.value());
      Set<Long> seen = new HashSet<>(List.of(cursor.key()));
      for (List<CowMapEntry> some = cursor.nextMany(7, 1000); !some.isEmpty();
          some = cursor.nextMany(7, 1000)) {
        some.forEach(entry -> Checks.equal(number(entry.key()), entry.value()));
        some.forEach(entry -> Checks.that(seen.add(entry.key())));
        Arrays.stream(cursor.nextKeys(3)).forEach(key -> Checks.that(seen.add(key)));
        cursor.nextValues(3, 1000).forEach(
            value -> Checks.that(seen.add(ByteBuffer.wrap(value).getLong())));
      }
      Checks.equal(1000, seen.size());
      Checks.that(!cursor.next());
      Checks.thrown(StaveException.InvalidArgument.class, () -> cursor.nextMany(-1, 1));
      Checks.thrown(StaveException.InvalidArgument.class, () -> cursor.nextKeys(-1));
      Checks.thrown(StaveException.InvalidArgument.class, () -> cursor.nextValues(1, -1));
    }
  }

  private static byte[] withOne(byte[] value) {
    byte[] longer = Arrays.copyOf(value, value.length + 3);
    System.arraycopy(ONE, 0, longer, value.length, 3);
    return longer;
  }

  private static final class OwnException extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private static byte[] fail(byte[] value) {
    throw new OwnException();
  }

  static void functionsMakeValues(Path directory) {
    try (CowMap map = CowMap.create()) {
      Checks.that(!map.modify(1, CowMapTest::fail));
      Checks.that(map.getOrInsert(1, () -> TWO).inserted());
      Checks.equal(TWO, map.getOrInsert(1, () -> fail(null)).value());
      Checks.that(map.modify(1, CowMapTest::withOne));
      CowMapOutcome outcome = map.updateOrInsert(1, CowMapTest::withOne, ONE);
      Checks.that(!outcome.inserted());
      Checks.equal(Checks.bytes("twooneone"), outcome.value());
      Checks.that(map.updateOrInsert(2, CowMapTest::withOne, ONE).inserted());
      outcome = map.getOrInsert(2, TWO);
      Checks.that(!outcome.inserted());
      Checks.equal(ONE, outcome.value());
      Checks.that(map.modify(2, value -> new byte[0]));
      Checks.equal(new byte[0], map.get(2));
    }
  }

  static void whatAFunctionThrowsComesOutUnchanged(Path directory) {
    try (CowMap map = CowMap.create(); CowMap other = CowMap.create()) {
      map.put(1, ONE);
      other.put(1, ONE);
      UnaryOperator<byte[]> fail = CowMapTest::fail;
      Checks.thrown(OwnException.class, () -> map.modify(1, fail));
      Checks.thrown(OwnException.class, () -> map.updateOrInsert(1, fail, TWO));
      Checks.thrown(OwnException.class, () -> map.getOrInsert(2, () -> fail(null)));
      Checks.thrown(NullPointerException.class, () -> map.modify(1, value -> null));
      Checks.thrown(StackOverflowError.class, () -> map.modify(1, value -> {
        throw new StackOverflowError();
      }));
      map.modify(1, value -> {
        Checks.thrown(StaveException.Busy.class, map::close);
        Checks.thrown(StaveException.Busy.class, map::copy);
        Checks.thrown(StaveException.Busy.class, map::cursor);
        Checks.thrown(StaveException.Busy.class, () -> map.diff(other));
        Checks.thrown(StaveException.Busy.class, () -> map.put(2, ONE));
        // A function inside of a function, whose exception this one catches.
        Checks.thrown(OwnException.class, () -> other.modify(1, fail));
        other.modify(1, inner -> withOne(map.get(1)));
        return TWO;
      });
      Checks.equal(TWO, map.get(1));
      Checks.equal(Checks.bytes("oneone"), other.get(1));
      Checks.equal(1L, map.size());
    }
  }

  /** Native code read the bytes of any object as those of an array. */
  @SuppressWarnings({"rawtypes", "unchecked"})
  static void whatIsNotAnArrayIsRefused(Path directory) {
    UnaryOperator text = value -> "two";
    UnaryOperator numbers = value -> new long[] {2};
    Supplier made = () -> "two";
    try (CowMap map = CowMap.create()) {
      map.put(1, ONE);
      Checks.thrown(ClassCastException.class, () -> map.modify(1, text));
      Checks.thrown(ClassCastException.class, () -> map.modify(1, numbers));
      Checks.thrown(ClassCastException.class, () -> map.updateOrInsert(1, text, TWO));
      Checks.thrown(ClassCastException.class, () -> map.getOrInsert(2, made));
      Checks.equal(ONE, map.get(1));
      Checks.equal(1L, map.size());
    }
  }

  static void options(Path directory) {
    CowMapOptions options = new CowMapOptions().set("values=fixed, value_size=3");
    Checks.that(options.values() == ValueMode.FIXED && options.valueSize() == 3);
    Checks.equal("values=fixed value_size=3 capacity=7", options.capacity(7).toString());
    Checks.thrown(StaveException.InvalidArgument.class, () -> options.set("values=none"));
    Checks.that(CowMapOptions.describe().startsWith("values="));
    try (CowMap map = CowMap.create(options)) {
      Checks.equal(options.toString(), map.options().toString());
      Checks.thrown(StaveException.InvalidArgument.class, () -> map.put(1, new byte[4]));
      map.put(1, ONE);
      Checks.thrown(StaveException.InvalidArgument.class,
          () -> map.modify(1, value -> new byte[4]));
    }
    CowMapOptions negative = new CowMapOptions().values(ValueMode.FIXED).valueSize(-1);
    Checks.thrown(StaveException.InvalidArgument.class, () -> CowMap.create(negative));
  }

  /** Maps live as long as what visits them, and everything is freed with the last of them. */
  static void mapsLiveAsLongAsTheirCursors(Path directory) throws Exception {
    long before = LifetimeTest.collectGarbage(0);
    Iterator<CowMapEntry> iterator = filled(CowMap.create(), 1000).iterator();
    CowMapDiff diff = CowMap.create().diff(filled(CowMap.create(), 1000));
    Checks.equal(before + 5, LifetimeTest.collectGarbage(before + 5));
    int count = 0;
    for (; iterator.hasNext(); iterator.next()) {
      count++;
    }
    Checks.equal(1000, count);
    Checks.that(diff.next() && diff.change().kind() == CowMapChange.Kind.ADDED);
  }
}

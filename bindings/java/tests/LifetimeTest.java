import io.github.stavedb.stave.Batch;
import io.github.stavedb.stave.CowMap;
import io.github.stavedb.stave.CowMapCursor;
import io.github.stavedb.stave.CowMapDiff;
import io.github.stavedb.stave.CowMapEntry;
import io.github.stavedb.stave.CowMapOptions;
import io.github.stavedb.stave.Cursor;
import io.github.stavedb.stave.CursorOptions;
import io.github.stavedb.stave.DiskIndex;
import io.github.stavedb.stave.DiskIndexCursor;
import io.github.stavedb.stave.DiskIndexOptions;
import io.github.stavedb.stave.Durability;
import io.github.stavedb.stave.Entry;
import io.github.stavedb.stave.Index;
import io.github.stavedb.stave.IndexCursor;
import io.github.stavedb.stave.IndexEntry;
import io.github.stavedb.stave.IndexOptions;
import io.github.stavedb.stave.IndexValues;
import io.github.stavedb.stave.Memtable;
import io.github.stavedb.stave.MemtableCursor;
import io.github.stavedb.stave.MemtableCursorOptions;
import io.github.stavedb.stave.MemtableOptions;
import io.github.stavedb.stave.MemtableRecord;
import io.github.stavedb.stave.MemtableSnapshot;
import io.github.stavedb.stave.MemtableTransaction;
import io.github.stavedb.stave.MemtableView;
import io.github.stavedb.stave.MigrateAction;
import io.github.stavedb.stave.MigrateProgress;
import io.github.stavedb.stave.Migration;
import io.github.stavedb.stave.Pin;
import io.github.stavedb.stave.Stave;
import io.github.stavedb.stave.StaveException;
import io.github.stavedb.stave.Store;
import io.github.stavedb.stave.StoreHook;
import io.github.stavedb.stave.StoreOptions;
import io.github.stavedb.stave.Timestamps;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Cursors, pins, and what outlives what. */
final class LifetimeTest {
  private static final byte[] KEY = Checks.bytes("key");
  private static final byte[] VALUE = Checks.bytes("value");

  private LifetimeTest() {}

  private static Store open(Path directory) {
    return Store.open(directory, new StoreOptions().durability(Durability.OS));
  }

  static void cursorsVisitEachRecordOnce(Path directory) {
    try (Store store = open(directory)) {
      Set<String> expected = new HashSet<>();
      for (int i = 0; i < 1000; i++) {
        String key = (i % 2 == 0 ? "even" : "odd") + i;
        store.put(Checks.bytes(key), new byte[i]);
        expected.add(key);
      }
      Set<String> seen = new HashSet<>();
      for (Entry entry : store) {
        Checks.that(seen.add(new String(entry.key())));
        Checks.equal(
            Integer.parseInt(new String(entry.key()).replaceAll("[a-z]", "")),
            entry.value().length);
      }
      Checks.equal(expected, seen);
      try (Stream<Entry> stream =
          store.cursor(CursorOptions.ALL.prefix(Checks.bytes("odd")).keysOnly()).stream()) {
        Checks.equal(500L, stream.filter(entry -> entry.value().length == 0).count());
      }
      try (Cursor cursor = store.cursor()) {
        int count = 0;
        for (List<Entry> some = cursor.nextMany(7, 1000); !some.isEmpty();
            some = cursor.nextMany(7, 1000)) {
          count += some.size();
        }
        Checks.equal(1000, count);
        Checks.that(!cursor.next());
        Checks.thrown(StaveException.InvalidArgument.class, cursor::key);
      }
    }
  }

  static void everyCallAfterCloseIsClosed(Path directory) throws Exception {
    Store store = open(directory);
    store.put(KEY, VALUE);
    Pin pin = store.getPin(KEY);
    Cursor cursor = store.cursor();
    Iterator<Entry> iterator = store.iterator();
    store.close();
    store.close();
    Checks.equal(VALUE, pin.toByteArray());
    pin.close();
    pin.close();
    Checks.thrown(StaveException.Closed.class, iterator::next);
    Batch batch = new Batch();
    expectClosed(cursor, batch); // by the store
    expectClosed(store, batch);
    cursor.close();
    batch.close();
    batch.close();
    expectClosed(cursor, batch);
    expectClosed(batch, batch);
    expectClosed(pin, batch);
  }

  static void everyCallOfAClosedIndexIsClosed(Path directory) throws Exception {
    try (Batch batch = new Batch()) {
      for (Index index : List.of(Index.create(), Index.create(new IndexOptions(), value -> KEY))) {
        index.put(KEY, 1);
        IndexCursor cursor = index.cursor();
        Iterator<IndexEntry> iterator = index.iterator();
        index.close();
        index.close();
        Checks.thrown(StaveException.Closed.class, iterator::next);
        expectClosed(index, batch);
        expectClosed(cursor, batch); // by the index
        cursor.close();
        cursor.close();
        expectClosed(cursor, batch);
      }
    }
  }

  static void everyCallOfAClosedMapIsClosed(Path directory) throws Exception {
    try (CowMap other = CowMap.create()) {
      CowMap map = CowMap.create();
      map.put(1, VALUE);
      Pin pin = map.getPin(1);
      CowMapCursor cursor = map.cursor();
      List<CowMapDiff> diffs = List.of(map.diff(other), other.diff(map), map.diff(map));
      Iterator<CowMapEntry> iterator = map.iterator();
      map.close();
      map.close();
      Checks.thrown(StaveException.Closed.class, iterator::next);
      Checks.thrown(StaveException.Closed.class, () -> other.diff(map));
      expectClosed(map, null);
      expectClosed(cursor, null); // by the map
      cursor.close();
      cursor.close();
      expectClosed(cursor, null);
      for (CowMapDiff diff : diffs) {
        expectClosed(diff, null);
        diff.close();
        diff.close();
        expectClosed(diff, null);
      }
      Checks.equal(VALUE, pin.toByteArray());
      pin.close();
      Checks.thrown(StaveException.Closed.class, () -> map.asMap().get(1L));
    }
  }

  static void everyCallOfAClosedDiskIndexIsClosed(Path directory) throws Exception {
    DiskIndex index = DiskIndex.open(directory.resolve("index"));
    DiskIndexCursor cursor = index.cursor();
    index.close();
    index.close();
    Checks.thrown(StaveException.Closed.class, () -> index.put(new byte[16], new byte[24]));
    expectClosed(index, null);
    expectClosed(cursor, null); // by the index
    cursor.close();
    cursor.close();
    expectClosed(cursor, null);
  }

  static void everyCallOfAClosedMemtableIsClosed(Path directory) throws Exception {
    Memtable explicit = Memtable.create(new MemtableOptions().timestamps(Timestamps.EXPLICIT));
    explicit.write(KEY, VALUE, 1);
    MemtableCursor ofExplicit = explicit.cursor(0, 1, MemtableCursorOptions.ALL);
    Memtable table = Memtable.create();
    table.transact(transaction -> transaction.put(KEY, VALUE));
    List<Object> objects = new ArrayList<>(List.of(explicit, ofExplicit, table));
    Pin pin = null;
    for (boolean closedByTable : new boolean[] {false, true}) {
      for (MemtableView view : List.of(table.begin(), table.begin(), table.snapshot())) {
        MemtableCursor cursor = view.cursor();
        Iterator<MemtableRecord> iterator = view.iterator();
        Checks.that(cursor.next());
        objects.addAll(List.of(view, cursor));
        pin = view.getPin(KEY);
        if (!closedByTable) {
          if (objects.size() == 5) {
            ((MemtableTransaction) view).commit();
          } else {
            view.close();
            view.close();
          }
          expectClosed(view, null);
          expectClosed(cursor, null);
          Checks.thrown(StaveException.Closed.class, iterator::next);
          pin.close();
        }
      }
    }
    for (Memtable one : List.of(table, explicit)) {
      one.close();
      one.close();
    }
    for (Object object : objects) {
      expectClosed(object, null);
    }
    Checks.equal(VALUE, pin.toByteArray());
    pin.close();
    for (Object object : objects) {
      ((AutoCloseable) object).close();
      expectClosed(object, null);
    }
  }

  // Lazy ones, and those that no native object is behind.
  private static final Set<String> NOT_CLOSED =
      Set.of("close", "index", "map", "beforeMap", "afterMap", "asMap");

  /** Calls every public method but close with arguments that are fine. */
  private static void expectClosed(Object object, Batch batch) throws Exception {
    for (Method method : methodsOf(object)) {
      int modifiers = method.getModifiers();
      boolean lazy = method.getName().equals("iterator") || method.getName().equals("stream");
      if (!Modifier.isPublic(modifiers) || Modifier.isStatic(modifiers) || method.isSynthetic()
          || NOT_CLOSED.contains(method.getName())
          || lazy && !(object instanceof Store || object instanceof Index
              || object instanceof CowMap || object instanceof DiskIndex
              || object instanceof MemtableView)) {
        continue;
      }
      Object[] arguments = arguments(method, batch);
      Throwable e = Checks.thrown(Throwable.class, () -> {
        try {
          method.invoke(object, arguments);
        } catch (java.lang.reflect.InvocationTargetException wrapped) {
          throw (Exception) wrapped.getCause();
        }
      });
      if (!(e instanceof StaveException.Closed)) {
        throw new AssertionError(method + " threw " + e, e);
      }
    }
  }

  /** Those of its class and of the classes of its parts, and those that come with the interface. */
  private static List<Method> methodsOf(Object object) {
    List<Method> methods = new ArrayList<>(List.of(object.getClass().getDeclaredMethods()));
    for (Class<?> part = object instanceof Store ? Store.class.getSuperclass() : Object.class;
        part != Object.class; part = part.getSuperclass()) {
      for (Method method : part.getDeclaredMethods()) {
        method.setAccessible(true); // the class is not public
        methods.add(method);
      }
    }
    if (object instanceof MemtableView) {
      methods.addAll(List.of(MemtableView.class.getDeclaredMethods()));
    }
    return methods;
  }

  private static Object[] arguments(Method method, Batch batch) {
    Class<?>[] types = method.getParameterTypes();
    Object[] arguments = new Object[types.length];
    for (int i = 0; i < types.length; i++) {
      arguments[i] = argument(types[i], batch);
    }
    return arguments;
  }

  private static Object argument(Class<?> type, Batch batch) {
    if (type == byte[].class) {
      return KEY;
    } else if (type == ByteBuffer.class) {
      return ByteBuffer.allocateDirect(8);
    } else if (type == int.class) {
      return 1;
    } else if (type == boolean.class) {
      return true;
    } else if (type == Instant.class) {
      return Instant.MAX;
    } else if (type == StoreHook.class) {
      return (StoreHook) change -> { };
    } else if (type == Migration.class) {
      return (Migration) (key, value) -> MigrateAction.KEEP;
    } else if (type == MigrateProgress.class) {
      return (MigrateProgress) (done, total, token) -> true;
    } else if (type == long.class) {
      return 1L;
    } else if (type == long[].class) {
      return new long[] {1};
    } else if (type == CowMap.class) {
      return CowMap.create();
    } else if (type == java.util.function.UnaryOperator.class) {
      return java.util.function.UnaryOperator.identity();
    } else if (type == java.util.function.Function.class) {
      return java.util.function.Function.identity();
    } else if (type == java.util.function.Consumer.class) {
      return (java.util.function.Consumer<Object>) ignored -> { };
    } else if (type == MemtableCursorOptions.class) {
      return MemtableCursorOptions.ALL;
    } else if (type == java.util.function.Supplier.class) {
      return (java.util.function.Supplier<byte[]>) () -> VALUE;
    } else if (type == IndexValues.class) {
      return new IndexValues();
    } else if (type == Batch.class) {
      return batch;
    } else if (type == io.github.stavedb.stave.WriteOptions.class) {
      return io.github.stavedb.stave.WriteOptions.DEFAULT;
    } else if (type == CursorOptions.class) {
      return CursorOptions.ALL;
    } else if (type == io.github.stavedb.stave.ValueList.class) {
      return new io.github.stavedb.stave.ValueList();
    } else if (type == io.github.stavedb.stave.VerifyProgress.class) {
      return (io.github.stavedb.stave.VerifyProgress) (done, total) -> true;
    } else if (type == List.class) {
      return new ArrayList<>(); // where results go
    }
    return List.of();
  }

  static void nullIsRefusedEverywhere(Path directory) throws Exception {
    try (Store store = open(directory); Batch batch = new Batch(); Cursor cursor = store.cursor();
        Index index = Index.create(); IndexCursor indexCursor = index.cursor();
        CowMap map = CowMap.create(); CowMapCursor mapCursor = map.cursor();
        DiskIndex diskIndex = DiskIndex.open(directory.resolve("index"));
        Memtable table = Memtable.create(); MemtableTransaction transaction = table.begin();
        MemtableSnapshot snapshot = table.snapshot(); Memtable explicit =
            Memtable.create(new MemtableOptions().timestamps(Timestamps.EXPLICIT))) {
      for (Object object : new Object[] {
          store, batch, cursor, new StoreOptions(), index, indexCursor, new IndexOptions(), map,
          mapCursor, new CowMapOptions(), diskIndex, new DiskIndexOptions(), table, transaction,
          snapshot, explicit, new MemtableOptions(), MemtableCursorOptions.ALL}) {
        for (Method method : methodsOf(object)) {
          if (Modifier.isPublic(method.getModifiers()) && !method.isSynthetic()) {
            expectNullRefused(object, method, batch);
          }
        }
      }
      Checks.equal(0L, store.size());
      Checks.equal(0L, index.size());
      Checks.equal(0L, map.size());
      Checks.equal(0L, diskIndex.size());
      Checks.that(table.isEmpty() && explicit.isEmpty());
    }
    Checks.thrown(NullPointerException.class, () -> Memtable.create(null));
    Checks.thrown(NullPointerException.class, () -> new MemtableRecord(KEY, null));
    Checks.thrown(NullPointerException.class, () -> MemtableRecord.deletion(null));
    Checks.thrown(NullPointerException.class, () -> CowMap.create(null));
    Checks.thrown(NullPointerException.class, () -> Index.create(null));
    Checks.thrown(NullPointerException.class, () -> Index.create(null, value -> KEY));
    Checks.thrown(NullPointerException.class, () -> Index.create(new IndexOptions(), null));
  }

  private static void expectNullRefused(Object object, Method method, Batch batch) {
    for (int i = 0; i < method.getParameterCount(); i++) {
      if (method.getParameterTypes()[i].isPrimitive()
          || Modifier.isStatic(method.getModifiers())) {
        continue;
      }
      Object[] arguments = arguments(method, batch);
      arguments[i] = null;
      Throwable e = Checks.thrown(Throwable.class, () -> method.invoke(object, arguments));
      if (!(e.getCause() instanceof NullPointerException)) {
        throw new AssertionError(method + " of null at " + i + " threw " + e.getCause(), e);
      }
    }
  }

  static void viewsOfPinsOutliveThem(Path directory) throws Exception {
    ByteBuffer view;
    try (Store store = open(directory)) {
      byte[] large = new byte[1 << 20];
      large[large.length - 1] = 42;
      store.put(KEY, large);
      Checks.equal(null, store.getPin(VALUE));
      Pin pin = store.getPin(KEY);
      view = pin.buffer().position(large.length - 1).slice();
      Checks.that(view.isReadOnly() && view.isDirect());
      Checks.equal(large.length, pin.size());
      pin.close();
      store.put(KEY, VALUE);
    }
    Checks.that(collectGarbage(1) >= 1);
    Checks.equal((byte) 42, view.get(0));
    java.lang.ref.Reference.reachabilityFence(view);
  }

  static void garbageIsFreedInAnyOrder(Path directory) throws Exception {
    makeGarbage(directory);
    Checks.equal(0L, collectGarbage(0));
    open(directory).close(); // the lock is gone with the store
  }

  private static void makeGarbage(Path directory) {
    Store store = open(directory);
    store.put(KEY, VALUE);
    List<Object> garbage = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      Pin pin = store.getPin(KEY);
      garbage.add(store.cursor());
      garbage.add(pin);
      garbage.add(pin.buffer().slice());
      garbage.add(new Batch().put(KEY, VALUE));
      addIndexes(garbage);
      addMaps(garbage);
      addMemtables(garbage);
    }
    Checks.that(Stave.liveHandles() > 1000);
  }

  private static void addMaps(List<Object> garbage) {
    CowMap map = CowMap.create();
    // The call's own reference may be the last one.
    map.getOrInsert(1, () -> {
      System.gc();
      return VALUE;
    });
    CowMap copy = map.copy();
    copy.put(1, KEY);
    garbage.add(map.cursor());
    garbage.add(map.diff(copy));
    garbage.add(copy.getPin(1));
  }

  private static void addMemtables(List<Object> garbage) {
    Memtable explicit = Memtable.create(new MemtableOptions().timestamps(Timestamps.EXPLICIT));
    explicit.write(KEY, VALUE, 1);
    Checks.equal(VALUE, explicit.readWith(KEY, 0, 1, value -> {
      System.gc();
      return value;
    }).value());
    garbage.add(explicit.cursor(0, 1, MemtableCursorOptions.ALL));
    Memtable table = Memtable.create();
    MemtableTransaction transaction = table.begin();
    transaction.put(KEY, VALUE);
    garbage.add(transaction.cursor());
    garbage.add(transaction.getPin(KEY));
    garbage.add(table.snapshot().cursor());
    garbage.add(table.snapshot());
  }

  private static void addIndexes(List<Object> garbage) {
    Index owned = Index.create(new IndexOptions().shards(1));
    owned.put(KEY, 1);
    garbage.add(owned.cursor());
    // Its resolver refers to it.
    Index[] itself = new Index[1];
    Index resolved = Index.create(new IndexOptions().shards(1), value -> {
      itself[0].contains(VALUE);
      return KEY;
    });
    itself[0] = resolved;
    resolved.put(KEY, 1);
    Checks.equal(1L, resolved.get(KEY));
    garbage.add(resolved.cursor());
    garbage.add(resolved);
  }

  static void anIndexLivesAsLongAsItsCursor(Path directory) throws Exception {
    Iterator<IndexEntry> iterator = indexOf(1000).iterator();
    IndexCursor cursor = indexOf(1000).cursor();
    System.gc();
    Checks.equal(4L, collectGarbage(4));
    Set<Long> seen = new HashSet<>();
    iterator.forEachRemaining(entry -> seen.add(entry.value()));
    Checks.equal(1000, seen.size());
    Checks.that(cursor.next());
    Checks.equal(1000L, cursor.index().size());
  }

  private static Index indexOf(int entries) {
    Index index = Index.create();
    for (int i = 0; i < entries; i++) {
      index.put(Checks.bytes("key" + i), i);
    }
    return index;
  }

  /** Until so many native handles are left, or no more go away. */
  static long collectGarbage(long expected) throws InterruptedException {
    for (int round = 0; Stave.liveHandles() > expected && round < 50; round++) {
      System.gc();
      Thread.sleep(10);
    }
    return Stave.liveHandles();
  }
}

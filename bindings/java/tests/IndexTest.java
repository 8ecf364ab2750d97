import io.github.stavedb.stave.Index;
import io.github.stavedb.stave.IndexCursor;
import io.github.stavedb.stave.IndexEntry;
import io.github.stavedb.stave.IndexOptions;
import io.github.stavedb.stave.IndexOutcome;
import io.github.stavedb.stave.IndexResolver;
import io.github.stavedb.stave.IndexValues;
import io.github.stavedb.stave.KeyMode;
import io.github.stavedb.stave.StaveException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** The index: what its calls answer, and what its resolver may do. */
final class IndexTest {
  private static final byte[] KEY = Checks.bytes("key");
  private static final byte[] OTHER = Checks.bytes("other");

  private IndexTest() {}

  static void oneKey(Path directory) {
    try (Index index = Index.create()) {
      Checks.equal(null, index.get(KEY));
      Checks.equal(7L, index.getOrDefault(KEY, 7));
      Checks.thrown(StaveException.NotFound.class, () -> index.getOrThrow(KEY));
      Checks.that(index.isEmpty() && !index.contains(KEY));
      Checks.equal(null, index.put(KEY, 1));
      Checks.equal(1L, index.put(KEY, 2));
      Checks.equal(2L, index.insert(KEY, 3));
      Checks.equal(null, index.insert(OTHER, -1));
      Checks.equal(-1L, index.get(OTHER));
      Checks.equal(2L, index.getOrThrow(KEY));
      Checks.equal(2L, index.getOrDefault(KEY, 7));
      Checks.that(index.contains(KEY) && !index.isEmpty());
      Checks.equal(2L, index.size());
      Checks.equal(2L, index.remove(KEY));
      Checks.equal(null, index.remove(KEY));
    }
  }

  static void conditions(Path directory) {
    try (Index index = Index.create()) {
      Checks.that(index.compareAndSwap(KEY, 0, 1).isAbsent());
      Checks.that(index.removeIf(KEY, 0).isAbsent());
      index.put(KEY, 1);
      IndexOutcome outcome = index.compareAndSwap(KEY, 0, 2);
      Checks.that(!outcome.isDone() && !outcome.isAbsent());
      Checks.equal(1L, outcome.actual());
      IndexOutcome done = index.compareAndSwap(KEY, 1, 2);
      Checks.that(done.isDone() && !done.isAbsent());
      Checks.thrown(IllegalStateException.class, done::actual);
      Checks.equal(2L, index.removeIf(KEY, 1).actual());
      Checks.that(index.removeIf(KEY, 2).isDone());
      Checks.that(index.isEmpty());
    }
  }

  static void hashesOfTheCaller(Path directory) {
    try (Index index = Index.create(new IndexOptions().seed(5))) {
      index.put(KEY, 1);
      long hash = index.hash(KEY);
      Checks.equal(hash, index.hash(ByteBuffer.wrap(KEY)));
      Checks.equal(1L, index.getHashed(KEY, hash));
      Checks.that(index.containsHashed(KEY, hash));
      for (long i = 0; i < 1000; i++) {
        Checks.equal(null, index.putHashed(counterKey(i), 7, i));
      }
      for (long i = 0; i < 1000; i++) {
        byte[] key = counterKey(i);
        Checks.equal(i, index.insertHashed(key, 7, 0));
        Checks.equal(i, index.getOrDefaultHashed(key, 7, -1));
        Checks.that(index.compareAndSwapHashed(key, 7, i, i + 1).isDone());
        Checks.equal(i + 1, index.removeIfHashed(key, 7, i).actual());
        Checks.equal(i + 1, index.removeHashed(key, 7));
        Checks.equal(null, index.getHashed(key, 7));
      }
      Checks.equal(1L, index.size());
    }
  }

  private static byte[] counterKey(long counter) {
    return ByteBuffer.allocate(Long.BYTES).putLong(counter).array();
  }

  // Below and above the size at which keys leave the scratch memory of the thread.
  static void keysOfAllSizes(Path directory) {
    try (Index owned = Index.create()) {
      Map<Long, byte[]> records = new ConcurrentHashMap<>();
      try (Index resolved = Index.create(new IndexOptions(), records::get)) {
        for (int size : new int[] {0, 1, 7, 8, 9, 63, 64, 65, 16_375, 16_376, 16_377, 65_535}) {
          byte[] key = new byte[size];
          Arrays.fill(key, (byte) 'k');
          records.put((long) size, key);
          for (Index index : List.of(owned, resolved)) {
            Checks.equal(null, index.put(key, size));
            Checks.equal((long) size, index.get(key));
            Checks.equal((long) size, index.get(ByteBuffer.wrap(key)));
            ByteBuffer direct = ByteBuffer.allocateDirect(size + 2).position(1);
            direct.put(key).limit(size + 1).position(1);
            Checks.equal((long) size, index.get(direct));
            Checks.equal(1, direct.position());
          }
        }
        byte[] tooLong = new byte[65_536];
        for (Index index : List.of(owned, resolved)) {
          Checks.equal(12L, index.size());
          Checks.equal(null, index.get(tooLong));
          Checks.thrown(StaveException.TooLarge.class, () -> index.put(tooLong, 1));
        }
      }
    }
  }

  static void buffers(Path directory) {
    try (Index index = Index.create()) {
      ByteBuffer heap = ByteBuffer.wrap(Checks.bytes("..key..")).position(2).limit(5);
      ByteBuffer direct = ByteBuffer.allocateDirect(9).position(3).put(KEY).flip().position(3);
      for (ByteBuffer key : List.of(heap, direct, direct.asReadOnlyBuffer())) {
        long hash = index.hash(key);
        Checks.equal(null, index.insert(key, 1));
        Checks.equal(1L, index.put(key, 2));
        Checks.equal(2L, index.get(KEY));
        Checks.equal(2L, index.getOrDefault(key, 0));
        Checks.that(index.compareAndSwap(key, 2, 3).isDone() && index.contains(key));
        Checks.equal(3L, index.removeIf(key, 4).actual());
        Checks.equal(3L, index.remove(key));
        Checks.equal(null, index.insertHashed(key, hash, 1));
        Checks.equal(1L, index.putHashed(key, hash, 2));
        Checks.equal(2L, index.getHashed(key, hash));
        Checks.equal(2L, index.getOrDefaultHashed(key, hash, 0));
        Checks.that(index.compareAndSwapHashed(key, hash, 2, 3).isDone());
        Checks.that(index.containsHashed(key, hash));
        Checks.that(index.removeIfHashed(key, hash, 3).isDone());
        Checks.equal(null, index.removeHashed(key, hash));
        Checks.equal(3, key.remaining());
      }
    }
  }

  static void manyKeys(Path directory) {
    try (Index index = Index.create(new IndexOptions().valueBits(44))) {
      List<byte[]> keys = new ArrayList<>();
      List<IndexEntry> entries = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        keys.add(Checks.bytes("key" + i));
        entries.add(new IndexEntry(keys.get(i), i));
      }
      Checks.that(index.multiPut(entries).stream().allMatch(previous -> previous == null));
      IndexValues values = new IndexValues();
      index.multiPut(entries.subList(500, 600), values);
      Checks.equal(100, values.size());
      Checks.equal(599L, values.get(99));
      keys.add(OTHER);
      index.multiGet(keys, values);
      Checks.equal(1001, values.size());
      Checks.that(values.isPresent(0) && !values.isPresent(1000));
      Checks.equal(999L, values.value(999));
      Checks.equal(null, values.get(1000));
      Checks.equal(0L, values.value(1000));
      Checks.thrown(IndexOutOfBoundsException.class, () -> values.get(1001));
      Checks.equal(Arrays.asList(5L, null), index.multiGet(List.of(keys.get(5), OTHER)));
      Checks.equal(List.of(), index.multiGet(List.of()));

      Checks.thrown(StaveException.TooLarge.class, () -> index.multiPut(List.of(
          new IndexEntry(OTHER, 1), new IndexEntry(KEY, 1L << 44), entries.get(0)), values));
      Checks.equal(1, values.size());
      Checks.equal(null, values.get(0));
      Checks.equal(1L, index.get(OTHER));
      Checks.thrown(
          NullPointerException.class, () -> index.multiGet(Arrays.asList(KEY, null), values));
      Checks.equal(0, values.size());
    }
  }

  static void theWhole(Path directory) {
    IndexOptions options = new IndexOptions().set("shards=4,capacity=100").seed(-1);
    Checks.equal("key_mode=owned value_bits=64 shards=4 capacity=100 seed=18446744073709551615",
        options.toString());
    Checks.that(IndexOptions.describe().contains("value_bits"));
    StaveException unknown = Checks.thrown(
        StaveException.InvalidArgument.class, () -> options.set("shards=2 colour=blue"));
    Checks.that(unknown.getMessage().contains("colour"));
    try (Index index = Index.create(options)) {
      Checks.equal(options.toString(), index.options().toString());
      index.reserve(10_000);
      Checks.that(index.capacity() >= 10_000);
      for (long i = 0; i < 5000; i++) {
        index.put(counterKey(i), i);
      }
      Checks.equal(5000L, index.stats().entries());
      Checks.equal(4L, index.stats().shards());
      Checks.that(index.stats().slots() >= 5000 && index.stats().splitsMax() <= 2);
      long sum = 0;
      for (int shard = 0; shard < 4; shard++) {
        sum += index.shardStats(shard).entries();
      }
      Checks.equal(5000L, sum);
      Checks.equal(null, index.shardStats(4));
      index.clear();
      Checks.that(index.isEmpty() && index.values().length == 0);
      index.shrinkToFit();
      Checks.that(index.capacity() < 10_000);
      Checks.thrown(StaveException.TooLarge.class, () -> index.reserve(1L << 37));
    }
    Checks.thrown(StaveException.InvalidArgument.class,
        () -> Index.create(new IndexOptions().keyMode(KeyMode.RESOLVED)));
    Checks.thrown(
        StaveException.InvalidArgument.class, () -> Index.create(new IndexOptions().shards(3)));
  }

  static void cursorsVisitEachEntryOnce(Path directory) {
    try (Index index = Index.create()) {
      Set<Long> expected = new HashSet<>();
      for (long i = 0; i < 1000; i++) {
        index.put(counterKey(i), -i);
        expected.add(-i);
      }
      Set<Long> seen = new HashSet<>();
      for (IndexEntry entry : index) {
        Checks.equal(-ByteBuffer.wrap(entry.key()).getLong(), entry.value());
        Checks.that(seen.add(entry.value()));
      }
      Checks.equal(expected, seen);
      try (Stream<IndexEntry> stream = index.stream()) {
        Checks.equal(1000L, stream.filter(entry -> entry.value() <= 0).count());
      }
      Set<Long> collected = new HashSet<>();
      Arrays.stream(index.values()).forEach(collected::add);
      Checks.equal(expected, collected);
      try (IndexCursor cursor = index.cursor()) {
        Checks.thrown(StaveException.InvalidArgument.class, cursor::value);
        Checks.that(cursor.next());
        Checks.equal(-ByteBuffer.wrap(cursor.key()).getLong(), cursor.value());
        int count = 1 + cursor.nextValues(10).length + cursor.nextMany(10, 16).size();
        Checks.equal(13, count);
        for (long[] some = cursor.nextValues(7); some.length > 0; some = cursor.nextValues(7)) {
          count += some.length;
        }
        Checks.equal(1000, count);
        Checks.that(!cursor.next() && cursor.nextMany(1, 1).isEmpty());
        Checks.thrown(StaveException.InvalidArgument.class, () -> cursor.nextMany(-1, 1));
        Checks.thrown(StaveException.InvalidArgument.class, () -> cursor.nextValues(-1));
      }
    }
  }

  // ---- Resolvers

  static void aLambdaKnowsTheKeys(Path directory) {
    Map<Long, byte[]> records = new ConcurrentHashMap<>();
    try (Index index = Index.create(new IndexOptions(), records::get)) {
      Checks.equal(KeyMode.RESOLVED, index.options().keyMode());
      records.put(1L, KEY);
      records.put(2L, OTHER);
      records.put(3L, KEY);
      Checks.equal(null, index.putHashed(KEY, 7, 1));
      Checks.equal(null, index.putHashed(OTHER, 7, 2));
      Checks.equal(1L, index.getHashed(KEY, 7));
      Checks.equal(2L, index.getHashed(OTHER, 7));
      Checks.equal(1L, index.putHashed(KEY, 7, 3));
      Checks.equal(null, index.getHashed(Checks.bytes("yek"), 7));
      records.remove(2L);
      Checks.equal(null, index.getHashed(OTHER, 7));
      Checks.thrown(StaveException.InvalidArgument.class, () -> index.iterator().next());
      try (IndexCursor cursor = index.cursor()) {
        Checks.that(cursor.next() && records.containsKey(cursor.value()) || cursor.value() == 2);
        Checks.thrown(StaveException.InvalidArgument.class, cursor::key);
      }
    }
  }

  /** The call's key is in memory of the thread that the resolver's own calls use, too. */
  static void resolversMayCallOtherIndexes(Path directory) {
    try (Index other = Index.create()) {
      Index[] itself = new Index[1];
      IndexResolver resolver = value -> {
        byte[] key = counterKey(value);
        other.put(key, value);
        itself[0].get(counterKey(-1));
        return key;
      };
      try (Index index = Index.create(new IndexOptions(), resolver)) {
        itself[0] = index;
        for (long i = 0; i < 100; i++) {
          Checks.equal(null, index.putHashed(counterKey(i), 7, i));
        }
        for (long i = 0; i < 100; i++) {
          Checks.equal(i, index.getHashed(counterKey(i), 7));
        }
        // More references of Java than one native call has room for.
        List<byte[]> keys = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
          index.put(counterKey(1000 + i), 1000 + i);
          keys.add(counterKey(1000 + i));
        }
        Checks.equal(1999L, index.multiGet(keys).get(999));
      }
      Checks.that(other.size() >= 1000);
    }
  }

  /** Checked ones too: what a lambda throws comes out as the same object. */
  static void exceptionsOfResolversComeOutUnchanged(Path directory) {
    Throwable[] mine = {null};
    IndexResolver resolver = value -> {
      if (mine[0] != null) {
        IndexTest.<RuntimeException>throwUnchecked(mine[0]);
      }
      return KEY;
    };
    try (Index index = Index.create(new IndexOptions(), resolver)) {
      index.put(KEY, 1);
      List<Checks.Action> calls = List.of(() -> index.get(KEY), () -> index.put(KEY, 2),
          () -> index.insert(KEY, 2), () -> index.compareAndSwap(KEY, 1, 2),
          () -> index.contains(KEY), () -> index.remove(KEY), () -> index.removeIf(KEY, 1),
          () -> index.multiGet(List.of(KEY, KEY)),
          () -> index.multiPut(List.of(new IndexEntry(KEY, 2))));
      for (Throwable e : new Throwable[] {
          new Exception("checked"), new StackOverflowError(), new IllegalStateException()}) {
        mine[0] = e;
        for (Checks.Action call : calls) {
          Checks.that(Checks.thrown(Throwable.class, call) == e);
        }
      }
      mine[0] = null;
      Checks.equal(1L, index.get(KEY));
    }
  }

  static void resolversMayOnlyRead(Path directory) {
    Index[] itself = new Index[1];
    Runnable[] action = {() -> { }};
    IndexResolver resolver = value -> {
      action[0].run();
      return KEY;
    };
    try (Index index = Index.create(new IndexOptions(), resolver)) {
      itself[0] = index;
      index.put(KEY, 1);
      for (Runnable busy : List.<Runnable>of(() -> itself[0].put(OTHER, 1),
          () -> itself[0].close(), () -> itself[0].clear(), () -> itself[0].cursor())) {
        action[0] = busy;
        Checks.thrown(StaveException.Busy.class, () -> index.get(KEY));
      }
      action[0] = () -> Checks.equal(1L, itself[0].size());
      Checks.equal(1L, index.get(KEY));
    }
  }

  /**
   * 44-bit entries keep too little of the hash to grow without end: the resolver is asked for it when
   * the index has grown by 2^19, which takes 400 MB. At a small scale the index stays below that.
   */
  static void hashesOfResolvers(Path directory) {
    boolean grows = StormThreads.setting("STAVE_TEST_SCALE", 10) >= 100;
    for (boolean own : new boolean[] {true, false}) {
      HashingResolver resolver = new HashingResolver(own);
      IndexOptions options = new IndexOptions().valueBits(44).shards(1);
      try (Index index = Index.create(options, resolver)) {
        for (long i = 0; i < 1000; i++) {
          put(index, own, i);
        }
        resolver.fails = true;
        if (grows) {
          Checks.that(Checks.thrown(HashingResolver.Failed.class, () -> index.reserve(25_000_000))
              == resolver.failure);
        }
        put(index, own, 1000);
        resolver.fails = false;
        index.reserve(grows ? 25_000_000 : 25_000);
        Checks.equal(grows, resolver.asked > 0);
        for (long i = 0; i <= 1000; i++) {
          Checks.equal(
              i, own ? index.getHashed(counterKey(i), i << 20) : index.get(counterKey(i)));
        }
      }
    }
  }

  /** With hashes of its own, or the index's. */
  private static final class HashingResolver implements IndexResolver {
    /** What it throws when it is to fail. */
    static final class Failed extends RuntimeException {
      private static final long serialVersionUID = 1;
    }

    final Failed failure = new Failed();
    boolean fails;
    long asked;
    private final boolean own;

    HashingResolver(boolean own) {
      this.own = own;
    }

    @Override
    public byte[] keyOf(long value) {
      return counterKey(value);
    }

    @Override
    public Long hashOf(long value) {
      asked++;
      if (fails) {
        throw failure;
      }
      return own ? Long.valueOf(value << 20) : null;
    }
  }

  private static void put(Index index, boolean own, long value) {
    Checks.equal(null, own ? index.putHashed(counterKey(value), value << 20, value)
        : index.put(counterKey(value), value));
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> void throwUnchecked(Throwable e) throws E {
    throw (E) e;
  }
}

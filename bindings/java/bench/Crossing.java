import io.github.stavedb.stave.CowMap;
import io.github.stavedb.stave.Durability;
import io.github.stavedb.stave.Index;
import io.github.stavedb.stave.IndexValues;
import io.github.stavedb.stave.IoMode;
import io.github.stavedb.stave.Memtable;
import io.github.stavedb.stave.MemtableSnapshot;
import io.github.stavedb.stave.MemtableTransaction;
import io.github.stavedb.stave.Stave;
import io.github.stavedb.stave.Store;
import io.github.stavedb.stave.StoreOptions;
import io.github.stavedb.stave.ValueList;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The calls of tests/bench/crossing/crossing.c in Java, and those with direct buffers. */
final class Crossing {
  private static final int KEYS = 1000;
  private static final int KEY_SIZE = 16;
  private static final int VALUE_SIZE = 100;
  private static final int CALLS = 50_000;
  private static final int ROUNDS = 16;
  private static final int WARM_UP_NANOSECONDS = 500_000_000; // until all of it is compiled
  private static final int MANY = 100;
  private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();

  private Crossing() {}

  private interface Call {
    void run(int i);
  }

  public static void main(String[] arguments) {
    byte[][] keys = new byte[KEYS][];
    ByteBuffer[] keyBuffers = new ByteBuffer[KEYS];
    for (int i = 0; i < KEYS; i++) {
      keys[i] = String.format("key-%012d", i).getBytes(StandardCharsets.US_ASCII);
      keyBuffers[i] = ByteBuffer.allocateDirect(KEY_SIZE).put(keys[i]).flip();
    }
    byte[] value = new byte[VALUE_SIZE];
    byte[] target = new byte[VALUE_SIZE];
    ByteBuffer valueBuffer = ByteBuffer.allocateDirect(VALUE_SIZE);
    ByteBuffer targetBuffer = ByteBuffer.allocateDirect(VALUE_SIZE);
    List<List<byte[]>> many = new ArrayList<>();
    for (int i = 0; i < KEYS; i++) {
      byte[][] some = new byte[MANY][];
      for (int j = 0; j < MANY; j++) {
        some[j] = keys[(i + j) % KEYS];
      }
      many.add(List.of(some));
    }
    StoreOptions options = new StoreOptions().durability(Durability.MEMORY).io(IoMode.MMAP);
    try (Store store = Store.open(Path.of(arguments[0]), options)) {
      for (byte[] key : keys) {
        store.put(key, value);
      }
      measure("empty", CALLS, 1, i -> check(Stave.versionNumber() > 0 ? VALUE_SIZE : 0));
      measure("get_into_buffer", CALLS, 1, i -> check(store.get(keys[i % KEYS], target)));
      measure("get_fresh", CALLS, 1, i -> check(store.get(keys[i % KEYS]).length));
      measure("multi_get_100_per_key", CALLS / 10, MANY,
          i -> check(store.multiGet(many.get(i % KEYS)).get(MANY - 1).length));
      ValueList values = new ValueList();
      measure("into_multi_get_100_per_key", CALLS / 10, MANY, i -> {
        store.multiGet(many.get(i % KEYS), values);
        check(values.valueSize(MANY - 1));
      });
      measure("put", CALLS, 1, i -> store.put(keys[i % KEYS], value));
      measure("insert_refused", CALLS, 1,
          i -> check(store.insert(keys[i % KEYS], value) ? 0 : VALUE_SIZE));
      measure("direct_get_into_buffer", CALLS, 1,
          i -> check(store.get(keyBuffers[i % KEYS], targetBuffer.clear())));
      measure("direct_put", CALLS, 1, i -> store.put(keyBuffers[i % KEYS], valueBuffer));
    }
    measureIndex(keys, many);
    measureCowMap(value, target);
    measureMemtable(keys, many, value, target);
  }

  private static void measureIndex(byte[][] keys, List<List<byte[]>> many) {
    try (Index index = Index.create()) {
      for (byte[] key : keys) {
        index.put(key, VALUE_SIZE);
      }
      measure("index_put", CALLS, 1, i -> check(index.put(keys[i % KEYS], VALUE_SIZE).intValue()));
      measure("index_get", CALLS, 1, i -> check(index.get(keys[i % KEYS]).intValue()));
      IndexValues values = new IndexValues();
      measure("into_index_many_100_per_key", CALLS / 10, MANY, i -> {
        index.multiGet(many.get(i % KEYS), values);
        check((int) values.value(MANY - 1));
      });
    }
  }

  private static void measureCowMap(byte[] value, byte[] target) {
    long[][] many = new long[KEYS][MANY];
    for (int i = 0; i < KEYS; i++) {
      for (int j = 0; j < MANY; j++) {
        many[i][j] = (i + j) % KEYS;
      }
    }
    try (CowMap map = CowMap.create()) {
      measure("cow_map_put", CALLS, 1, i -> map.put(i % KEYS, value));
      measure("cow_map_get", CALLS, 1, i -> check(map.get(i % KEYS, target)));
      ValueList values = new ValueList();
      measure("into_cow_map_many_100_per_key", CALLS / 10, MANY, i -> {
        map.multiGet(many[i % KEYS], values);
        check(values.valueSize(MANY - 1));
      });
    }
  }

  private static void measureMemtable(
      byte[][] keys, List<List<byte[]>> many, byte[] value, byte[] target) {
    try (Memtable table = Memtable.create()) {
      try (MemtableTransaction transaction = table.begin()) {
        measure("memtable_put", CALLS, 1, i -> transaction.put(keys[i % KEYS], value));
        transaction.commit();
      }
      try (MemtableSnapshot snapshot = table.snapshot()) {
        measure("memtable_get", CALLS, 1, i -> check(snapshot.get(keys[i % KEYS], target)));
        ValueList values = new ValueList();
        measure("into_memtable_many_100_per_key", CALLS / 10, MANY, i -> {
          snapshot.multiGet(many.get(i % KEYS), values);
          check(values.valueSize(MANY - 1));
        });
      }
    }
  }

  private static void check(int size) {
    if (size != VALUE_SIZE) {
      throw new AssertionError("size " + size);
    }
  }

  private static void measure(String name, int calls, int keysPerCall, Call call) {
    for (long end = System.nanoTime() + WARM_UP_NANOSECONDS; System.nanoTime() < end;) {
      timeOfRound(calls, call);
    }
    double best = Double.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      best = Math.min(best, (double) timeOfRound(calls, call) / calls / keysPerCall);
    }
    System.out.printf("%s %.1f%n", name, best);
  }

  private static long timeOfRound(int calls, Call call) {
    long start = CLOCK.getCurrentThreadCpuTime();
    for (int i = 0; i < calls; i++) {
      call.run(i);
    }
    return CLOCK.getCurrentThreadCpuTime() - start;
  }
}

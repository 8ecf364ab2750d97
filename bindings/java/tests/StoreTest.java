import io.github.stavedb.stave.Batch;
import io.github.stavedb.stave.Durability;
import io.github.stavedb.stave.Entry;
import io.github.stavedb.stave.IoMode;
import io.github.stavedb.stave.Stave;
import io.github.stavedb.stave.StaveException;
import io.github.stavedb.stave.Store;
import io.github.stavedb.stave.StoreOptions;
import io.github.stavedb.stave.ValueList;
import io.github.stavedb.stave.WriteOptions;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** The store itself: opening, writing, reading, batches. */
final class StoreTest {
  private static final byte[] KEY = Checks.bytes("key");
  private static final byte[] VALUE = Checks.bytes("value");

  private StoreTest() {}

  private static Store open(Path directory) {
    return Store.open(directory, new StoreOptions().durability(Durability.OS));
  }

  static void putAndGet(Path directory) {
    try (Store store = open(directory)) {
      Checks.equal(null, store.get(KEY));
      store.put(KEY, VALUE);
      Checks.equal(VALUE, store.get(KEY));
      Checks.equal(VALUE, store.getOrThrow(KEY));
      Checks.that(store.contains(KEY));
      Checks.equal(1L, store.size());
      store.put(KEY, new byte[0]);
      Checks.equal(new byte[0], store.get(KEY));
      Checks.that(store.remove(KEY));
      Checks.that(!store.remove(KEY));
      Checks.thrown(StaveException.NotFound.class, () -> store.getOrThrow(KEY));
    }
  }

  static void insertAndReplaceSayWhetherTheyDid(Path directory) {
    try (Store store = open(directory)) {
      WriteOptions memory = WriteOptions.of(Durability.MEMORY);
      Checks.that(!store.replace(KEY, VALUE));
      Checks.that(store.insert(KEY, VALUE, memory));
      Checks.that(!store.insert(KEY, VALUE));
      Checks.that(store.replace(KEY, Checks.bytes("other"), memory));
      Checks.equal(Checks.bytes("other"), store.get(KEY));
    }
  }

  // Below and above the sizes at which copies leave the stack.
  static void valuesOfAllSizes(Path directory) {
    try (Store store = open(directory)) {
      Random random = new Random(1);
      for (int size : new int[] {0, 1, 511, 512, 513, 4095, 4096, 4097, 1 << 16, 64 << 20}) {
        byte[] value = new byte[size];
        random.nextBytes(value);
        byte[] key = new byte[] {0, (byte) size, (byte) (size >> 8), 0, (byte) (size >> 16)};
        store.put(key, value);
        Checks.equal(value, store.get(key));
        byte[] target = new byte[size + 1];
        Checks.equal(size, store.get(key, target));
        Checks.equal(value, Arrays.copyOf(target, size));
        if (size > 0) {
          var e = Checks.thrown(
              StaveException.BufferTooSmall.class, () -> store.get(key, new byte[size - 1]));
          Checks.equal((long) size, e.needed());
        }
      }
    }
  }

  static void longKeys(Path directory) {
    try (Store store = open(directory)) {
      byte[] key = new byte[65_535];
      key[65_534] = 1;
      store.put(key, VALUE);
      Checks.equal(VALUE, store.get(key));
      Checks.thrown(StaveException.TooLarge.class, () -> store.put(new byte[65_536], VALUE));
    }
  }

  static void buffers(Path directory) {
    try (Store store = open(directory)) {
      for (boolean direct : new boolean[] {true, false}) {
        ByteBuffer key = buffer(direct, "..key..").position(2).limit(5);
        ByteBuffer value = buffer(direct, ".value").position(1);
        store.put(key, value);
        Checks.equal(2, key.position());
        Checks.equal(VALUE, store.get(KEY));
        Checks.that(store.contains(key));
        Checks.that(!store.insert(key, value));
        Checks.that(store.replace(key, value));

        ByteBuffer target = buffer(direct, "123456789").position(2);
        Checks.equal(5, store.get(key, target));
        Checks.equal(7, target.position());
        target.clear();
        byte[] content = new byte[9];
        target.get(content);
        Checks.equal(Checks.bytes("12value89"), content);

        target.position(5);
        Checks.thrown(StaveException.BufferTooSmall.class, () -> store.get(key, target));
        Checks.equal(5, target.position());
        Checks.thrown(
            ReadOnlyBufferException.class, () -> store.get(key, target.asReadOnlyBuffer()));
        Checks.that(store.remove(key));
        Checks.equal(-1, store.get(key, target));
        Checks.that(store.insert(key, buffer(direct, "")));
        Checks.equal(0, store.get(key, target));
        store.remove(key);
      }
    }
  }

  private static ByteBuffer buffer(boolean direct, String content) {
    byte[] bytes = Checks.bytes(content);
    ByteBuffer buffer =
        direct ? ByteBuffer.allocateDirect(bytes.length) : ByteBuffer.allocate(bytes.length);
    return buffer.put(bytes).flip();
  }

  static void manyKeys(Path directory) {
    try (Store store = open(directory)) {
      byte[] a = Checks.bytes("a");
      byte[] b = Checks.bytes("b");
      store.multiPut(List.of(new Entry(a, VALUE), new Entry(b, new byte[0])));
      List<byte[]> values = store.multiGet(List.of(b, KEY, a));
      Checks.equal(new byte[0], values.get(0));
      Checks.equal(null, values.get(1));
      Checks.equal(VALUE, values.get(2));
      Checks.equal(0, store.multiGet(List.of()).size());
      Checks.equal(2L, store.multiRemove(List.of(a, b, KEY)));
      Checks.equal(0L, store.size());
      Checks.thrown(NullPointerException.class, () -> store.multiGet(Arrays.asList(a, null)));
    }
  }

  static void manyIntoAList(Path directory) {
    try (Store store = Store.open(directory)) {
      List<byte[]> keys = new ArrayList<>(List.of(KEY));
      // Values that fit the memory of the list, then one that does not, then keys that fill more than
      // the memory of the thread.
      for (int size : new int[] {0, 100, 5000, 100_000}) {
        byte[] key = Checks.bytes("of " + size);
        keys.add(size < 100_000 ? key : Arrays.copyOf(key, 60_000));
        store.put(keys.get(keys.size() - 1), new byte[size]);
        ValueList list = new ValueList();
        for (int round = 0; round < 2; round++) {
          store.multiGet(keys, list);
          Checks.equal(keys.size(), list.size());
          for (int i = 0; i < keys.size(); i++) {
            byte[] value = store.get(keys.get(i));
            Checks.equal(value, list.get(i));
            Checks.equal(value == null ? -1 : value.length, list.valueSize(i));
            Checks.equal(value == null ? null : ByteBuffer.wrap(value), list.view(i));
          }
        }
        Checks.that(list.view(1).isReadOnly() && list.view(1).position() == 0);
        Checks.thrown(IndexOutOfBoundsException.class, () -> list.get(keys.size()));
        Checks.thrown(IndexOutOfBoundsException.class, () -> list.view(-1));
        Checks.thrown(
            NullPointerException.class, () -> store.multiGet(Arrays.asList(KEY, null), list));
        Checks.equal(0, list.size());
      }
      Checks.thrown(NullPointerException.class, () -> store.multiGet(keys, null));
    }
  }

  static void batchesAreAtomic(Path directory) {
    try (Store store = open(directory); Batch batch = new Batch()) {
      batch.requireAbsent(KEY).put(KEY, VALUE);
      store.write(batch);
      StaveException.Mismatch e =
          Checks.thrown(StaveException.Mismatch.class, () -> store.write(batch));
      Checks.equal(0L, e.position());
      batch.clear().put(Checks.bytes("other"), VALUE).requireExists(KEY)
          .requireEqual(KEY, Checks.bytes("wrong"));
      Checks.equal(3L, batch.count());
      e = Checks.thrown(StaveException.Mismatch.class, () -> store.write(batch));
      Checks.equal(2L, e.position());
      Checks.equal(1L, store.size());
      store.write(batch.clear().remove(KEY));
      Checks.equal(0L, store.size());
    }
  }

  static void optionsAndStatistics(Path directory) {
    StoreOptions options = new StoreOptions().set("durability=memory,shards=4")
        .io(IoMode.MMAP).segmentSize(1 << 20).createIfMissing(true).errorIfExists(true);
    Checks.equal("durability=memory io=mmap shards=4 segment_size=1048576 read_only=0 "
        + "create_if_missing=1 error_if_exists=1 background=1 keydir=stored "
        + "checkpoint_interval=268435456 default_ttl=0 shard_prefix_bits=0", options.toString());
    StaveException unknown = Checks.thrown(
        StaveException.InvalidArgument.class, () -> options.set("durability=os colour=blue"));
    Checks.that(unknown.getMessage().contains("colour"));
    Checks.equal(Durability.MEMORY, options.durability());
    Checks.that(StoreOptions.describe().contains("segment_size"));
    try (Store store = Store.open(directory.resolve("new"), options)) {
      Checks.equal(4, store.options().shards());
      Checks.equal(IoMode.MMAP, store.options().io());
      store.put(KEY, VALUE);
      store.get(KEY);
      Checks.equal(1L, store.stats().keys());
      Checks.equal(1L, store.stats().commits());
      Checks.equal(1L, store.stats().reads());
      Checks.that(!store.stats().recovered());
    }
    Checks.thrown(
        StaveException.Exists.class, () -> Store.open(directory.resolve("new"), options));
  }

  static void errorsOfOpening(Path directory) {
    StaveException.NotFound missing = Checks.thrown(StaveException.NotFound.class,
        () -> Store.open(directory, new StoreOptions().createIfMissing(false)));
    Checks.equal("not_found", missing.statusName());
    Checks.equal(1, missing.status());
    Checks.that(missing.getMessage().contains(directory.toString()));
    Checks.thrown(StaveException.InvalidArgument.class,
        () -> Store.open("with a \0 in it", new StoreOptions()));
    try (Store store = open(directory)) {
      StaveException locked = Checks.thrown(StaveException.Locked.class, () -> open(directory));
      Checks.that(locked.getMessage().contains("this process"));
    }
    try (Store reader = Store.open(directory, new StoreOptions().readOnly(true))) {
      Checks.thrown(StaveException.ReadOnly.class, () -> reader.put(KEY, VALUE));
    }
  }

  // Beyond the basic plane UTF-8 and Java's modified UTF-8 differ.
  static void pathsAreUtf8(Path directory) {
    String name = directory + "/\uD83D\uDC1D\u00FC";
    Store.open(name, new StoreOptions()).close();
    StaveException e = Checks.thrown(StaveException.class,
        () -> Store.open(name, new StoreOptions().errorIfExists(true)));
    Checks.that(e.getMessage().contains("\uD83D\uDC1D\u00FC"));
  }

  static void verification(Path directory) {
    try (Store store = open(directory)) {
      store.put(KEY, VALUE);
      store.flush();
      store.sync();
      store.verify();
      long[] last = new long[2];
      store.verify((done, total) -> {
        last[0] = done;
        last[1] = total;
        return true;
      });
      Checks.that(last[1] > 0 && last[0] == last[1]);
      Checks.thrown(StaveException.Cancelled.class, () -> store.verify((done, total) -> false));
    }
  }

  /** Checked ones too: what a lambda throws comes out as the same object. */
  static void exceptionsOfCallbacksComeOutUnchanged(Path directory) {
    try (Store store = open(directory)) {
      store.put(KEY, VALUE);
      Exception checked = new Exception("of the callback");
      Error error = new StackOverflowError();
      for (Throwable mine : new Throwable[] {checked, error, new IllegalStateException()}) {
        Throwable out = Checks.thrown(Throwable.class, () -> store.verify((done, total) -> {
          StoreTest.<RuntimeException>throwUnchecked(mine);
          return true;
        }));
        Checks.that(out == mine);
      }
      store.verify((done, total) -> store.size() == 1);
      Checks.thrown(StaveException.Busy.class, () -> store.verify((d, t) -> store.remove(KEY)));
      Checks.thrown(StaveException.Busy.class, () -> store.verify((d, t) -> {
        store.close();
        return true;
      }));
      Checks.equal(VALUE, store.get(KEY));
    }
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> void throwUnchecked(Throwable e) throws E {
    throw (E) e;
  }

  static void versions(Path directory) {
    String[] parts = Stave.version().split("\\.");
    Checks.equal(Stave.versionNumber(), Long.parseLong(parts[0]) * 1_000_000
        + Long.parseLong(parts[1]) * 1000 + Long.parseLong(parts[2]));
    Checks.equal("corruption", Stave.statusName(-40));
    Checks.that(!Stave.statusMessage(-40).isEmpty());
  }
}

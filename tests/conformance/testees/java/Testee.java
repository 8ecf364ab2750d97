import io.github.stavedb.stave.Batch;
import io.github.stavedb.stave.CowMap;
import io.github.stavedb.stave.CowMapCursor;
import io.github.stavedb.stave.CowMapDiff;
import io.github.stavedb.stave.Cursor;
import io.github.stavedb.stave.DiskIndex;
import io.github.stavedb.stave.DiskIndexCursor;
import io.github.stavedb.stave.IndexCursor;
import io.github.stavedb.stave.Memtable;
import io.github.stavedb.stave.MemtableCursor;
import io.github.stavedb.stave.MemtableSnapshot;
import io.github.stavedb.stave.MemtableTransaction;
import io.github.stavedb.stave.MemtableView;
import io.github.stavedb.stave.Pin;
import io.github.stavedb.stave.Stave;
import io.github.stavedb.stave.StaveException;
import io.github.stavedb.stave.Store;
import io.github.stavedb.stave.Visible;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Conformance testee for Java, on the package's public classes. The protocol: ../../README.md. */
final class Testee {
  private static final Set<String> MAKERS = Set.of("store.open", "store.get_pin", "store.cursor",
      "store.cursor_on", "batch.create", "index.create", "index.cursor", "cow_map.create", "cow_map.clone",
      "cow_map.get_pin", "cow_map.cursor", "cow_map.diff", "disk_index.open", "disk_index.cursor",
      "memtable.create", "memtable.begin", "memtable.snapshot", "memtable.cursor",
      "memtable_transaction.get_pin", "memtable_transaction.cursor", "memtable_snapshot.get_pin",
      "memtable_snapshot.cursor");
  private static final Map<Class<?>, String> TYPES = Map.ofEntries(
      Map.entry(Store.class, "store"), Map.entry(Batch.class, "batch"),
      Map.entry(Cursor.class, "cursor"), Map.entry(Pin.class, "pin"),
      Map.entry(ScriptedIndex.class, "index"), Map.entry(IndexCursor.class, "index_cursor"),
      Map.entry(CowMap.class, "cow_map"), Map.entry(CowMapCursor.class, "cow_map_cursor"),
      Map.entry(CowMapDiff.class, "cow_map_diff"), Map.entry(DiskIndex.class, "disk_index"),
      Map.entry(DiskIndexCursor.class, "disk_index_cursor"), Map.entry(Memtable.class, "memtable"),
      Map.entry(MemtableTransaction.class, "memtable_transaction"),
      Map.entry(MemtableSnapshot.class, "memtable_snapshot"),
      Map.entry(MemtableCursor.class, "memtable_cursor"));

  private final Map<String, Object> handles = new HashMap<>();
  private final Verbs verbs = new Verbs(handles);
  private String lastMessage = "";
  private int lastErrno;
  // Directories and files are locked until the collector has found what has them open. And what a
  // dropped map alone refers to is its copy's own. And a memtable's children are closed with it, and hold
  // keys and moments.
  private boolean mustCollect;

  public static void main(String[] arguments) throws IOException {
    Testee testee = new Testee();
    InputStream in = new BufferedInputStream(System.in, 1 << 16);
    OutputStream out = new BufferedOutputStream(System.out, 1 << 16);
    for (byte[] line = readLine(in); line != null; line = readLine(in)) {
      testee.answer(line, out);
      out.flush();
    }
  }

  private static byte[] readLine(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        return null;
      }
      line.write(next);
    }
    return line.toByteArray();
  }

  private void answer(byte[] line, OutputStream out) throws IOException {
    Reply reply;
    try {
      reply = run(Notation.words(line));
      if (mustCollect) {
        mustCollect = false;
        collectGarbage(handles.size());
      }
    } catch (StaveException e) {
      lastMessage = e.getMessage();
      lastErrno = e.osErrno();
      reply = Reply.failed(e);
    } catch (UncheckedIOException e) { // of a resolver
      lastMessage = e.getMessage();
      lastErrno = 0;
      reply = Reply.status("error io");
    } catch (ScriptedFailure e) {
      reply = Reply.status("error " + e.getMessage());
    } catch (RuntimeException e) { // the script asks for what the testee does not know
      reply = Reply.status("testee_error " + e);
    }
    for (byte[] data : reply.lines) {
      out.write(' ');
      out.write(' ');
      out.write(data);
      out.write('\n');
    }
    out.write(reply.status);
    out.write('\n');
  }

  /** A word is a byte[] where the line has quotes, else a String. */
  private Reply run(List<Object> words) {
    String name = null;
    if (words.size() > 2 && words.get(1).equals("=")) {
      name = (String) words.get(0);
      words = words.subList(2, words.size());
    }
    String verb = (String) words.get(0);
    List<Object> arguments = new ArrayList<>(words.subList(1, words.size()));
    Object handle = handles.get(verb);
    if (handle != null) {
      String handleName = verb;
      verb = TYPES.get(handle.getClass()) + "." + arguments.remove(0);
      if (verb.endsWith(".free")) {
        handles.remove(handleName);
        mustCollect = handle instanceof Store || handle instanceof CowMap
            || handle instanceof DiskIndex || handle instanceof Memtable
            || handle instanceof MemtableView;
        return Reply.ok();
      }
      if (MAKERS.contains(verb)) {
        return bind(name, verbs.make(verb, handle, arguments));
      }
    } else if (MAKERS.contains(verb)) {
      return bind(name, verbs.make(verb, null, arguments));
    }
    if (verb.equals("memtable.read_pin")) {
      Visible<Pin> read = MemtableVerbs.readPin((Memtable) handle, arguments);
      return read.exists() ? bind(name, read.value()) : MemtableVerbs.notPinned(read);
    }
    return runGeneral(verb, handle, arguments);
  }

  private Reply runGeneral(String verb, Object handle, List<Object> arguments) {
    switch (verb) {
      case "hello":
        return Reply.ok("format=2 language=java capabilities=store,modify,keydir,index,cow_map,disk_index,memtable");
      case "handles":
        return Reply.ok(collectGarbage(handles.size()));
      case "error_mentions":
        byte[] text = (byte[]) arguments.get(0);
        return Reply.ok(
            lastMessage.contains(new String(text, StandardCharsets.UTF_8)) ? 1 : 0);
      case "error_errno":
        return Reply.ok(lastErrno);
      default:
        return verbs.run(verb, handle, arguments);
    }
  }

  private Reply bind(String name, Object made) {
    if (made == null) {
      return Reply.status("not_found");
    }
    handles.put(name, made);
    return Reply.ok();
  }

  /** Until so many native handles are left, or no more seem to go away; how many are left. */
  private static long collectGarbage(long expected) {
    long live = Stave.liveHandles();
    for (int round = 0; live > expected && round < 100; round++) {
      System.gc();
      try {
        Thread.sleep(5); // the cleaner has a thread of its own
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      live = Stave.liveHandles();
    }
    return live;
  }
}

import io.github.stavedb.stave.StaveException;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * The threads of a storm, which count its calls and those that found something closed.
 *
 * <p>STAVE_TEST_SCALE is a percentage of the calls, STAVE_SEED makes the same choices again.
 */
final class StormThreads {
  private static final int THREADS = 6;

  private final long seed = setting("STAVE_SEED", 20240817);
  private final long callsMax;
  private final AtomicLong calls = new AtomicLong();
  private final AtomicLong closed = new AtomicLong();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();

  StormThreads(long callsMax) {
    this.callsMax = callsMax * setting("STAVE_TEST_SCALE", 10) / 100;
  }

  /** Makes the call again and again, which may throw that something is CLOSED and nothing else. */
  void run(Consumer<Random> call) throws InterruptedException {
    System.out.println("seed " + seed + ", " + callsMax + " calls, " + THREADS + " threads");
    Thread[] threads = new Thread[THREADS];
    for (int i = 0; i < THREADS; i++) {
      Random random = new Random(seed + i);
      threads[i] = new Thread(() -> work(call, random), "storm-" + i);
      threads[i].start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    if (failure.get() != null) {
      failure.get().printStackTrace(System.out);
      throw new AssertionError("the storm failed with seed " + seed);
    }
  }

  private void work(Consumer<Random> call, Random random) {
    try {
      while (calls.incrementAndGet() <= callsMax && failure.get() == null) {
        try {
          call.accept(random);
        } catch (StaveException.Closed e) {
          closed.incrementAndGet();
        }
      }
    } catch (Throwable e) {
      failure.compareAndSet(null, e);
    }
  }

  /** Prints what happened, the storm's own counts as well. All that it made must be garbage by now. */
  void checkNothingLeft(String counts) throws InterruptedException {
    long left = LifetimeTest.collectGarbage(0);
    System.out.println(calls + " calls, " + closed + " of them CLOSED, " + counts + ", " + left
        + " handles left");
    Checks.equal(0L, left);
    Checks.that(closed.get() > 0);
  }

  static long setting(String name, long otherwise) {
    String text = System.getenv(name);
    return text == null || text.isEmpty() ? otherwise : Long.parseLong(text);
  }
}

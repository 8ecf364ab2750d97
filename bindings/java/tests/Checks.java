import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;
import java.util.stream.Stream;

/** Runs test classes: every static method without a result that takes a fresh directory is a test. */
final class Checks {
  private Checks() {}

  /** Something that is expected to throw. */
  interface Action {
    void run() throws Exception;
  }

  public static void main(String[] classes) throws Exception {
    int passed = 0;
    int failed = 0;
    for (String name : classes) {
      Method[] methods = Class.forName(name).getDeclaredMethods();
      Arrays.sort(methods, Comparator.comparing(Method::getName));
      for (Method method : methods) {
        if (!isTest(method)) {
          continue;
        }
        Throwable problem = problemOf(method);
        if (problem == null) {
          passed++;
        } else {
          failed++;
          System.out.println("FAILED " + name + "." + method.getName());
          problem.printStackTrace(System.out);
        }
      }
    }
    System.out.println(passed + " passed, " + failed + " failed");
    System.exit(failed == 0 && passed > 0 ? 0 : 1);
  }

  private static boolean isTest(Method method) {
    return Modifier.isStatic(method.getModifiers()) && !Modifier.isPrivate(method.getModifiers())
        && !method.isSynthetic() && method.getReturnType() == void.class
        && Arrays.equals(method.getParameterTypes(), new Class<?>[] {Path.class});
  }

  private static Throwable problemOf(Method method) throws IOException, IllegalAccessException {
    Path directory = Files.createTempDirectory("stave-java");
    try {
      method.invoke(null, directory);
      return null;
    } catch (InvocationTargetException e) {
      return e.getCause();
    } finally {
      remove(directory);
    }
  }

  static void remove(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : (Iterable<Path>) paths.sorted(Comparator.reverseOrder())::iterator) {
        Files.delete(path);
      }
    }
  }

  // ---- Expectations

  static void equal(Object expected, Object actual) {
    boolean same = expected instanceof byte[] && actual instanceof byte[]
        ? Arrays.equals((byte[]) expected, (byte[]) actual) : Objects.equals(expected, actual);
    if (!same) {
      throw new AssertionError("expected " + show(expected) + ", was " + show(actual));
    }
  }

  static void that(boolean condition) {
    if (!condition) {
      throw new AssertionError("is false");
    }
  }

  static <E extends Throwable> E thrown(Class<E> type, Action action) {
    try {
      action.run();
    } catch (Throwable e) {
      if (type.isInstance(e)) {
        return type.cast(e);
      }
      throw new AssertionError("expected " + type + ", was " + e, e);
    }
    throw new AssertionError("expected " + type + ", nothing was thrown");
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String show(Object value) {
    return value instanceof byte[] ? Arrays.toString((byte[]) value) : String.valueOf(value);
  }
}

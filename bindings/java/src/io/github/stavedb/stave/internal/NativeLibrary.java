package io.github.stavedb.stave.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/**
 * Loads the native code: the file that the system property {@code stave.library} names; else the
 * jar's own, which is copied to a temporary file (in the directory of the property
 * {@code java.io.tmpdir}) and unlinked once it is loaded; else what
 * {@link System#loadLibrary} finds in {@code java.library.path}.
 */
final class NativeLibrary {
  static final String PROPERTY = "stave.library";
  private static final String NAME = "stavejni";

  private NativeLibrary() {}

  static void load() {
    String file = System.getProperty(PROPERTY);
    if (file != null) {
      System.load(Path.of(file).toAbsolutePath().toString());
      return;
    }
    try (InputStream library = NativeLibrary.class.getResourceAsStream(resource())) {
      if (library == null) {
        System.loadLibrary(NAME);
      } else {
        loadCopy(library);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot copy Stave's native library to " + System.getProperty("java.io.tmpdir")
              + "; set java.io.tmpdir, or " + PROPERTY + " to a copy of it", e);
    }
  }

  private static void loadCopy(InputStream library) throws IOException {
    Path copy = Files.createTempFile("stave-", System.mapLibraryName(NAME));
    try {
      Files.copy(library, copy, StandardCopyOption.REPLACE_EXISTING);
      System.load(copy.toString());
    } finally {
      Files.delete(copy);
    }
  }

  /** The path within the jar: the system and the processor, such as linux-x86_64. */
  private static String resource() {
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String processor = System.getProperty("os.arch");
    if (processor.equals("amd64")) {
      processor = "x86_64";
    }
    return "/io/github/stavedb/stave/native/" + system + "-" + processor + "/"
        + System.mapLibraryName(NAME);
  }
}

package io.github.stavedb.stave;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.UnaryOperator;

/** Checks arguments and brings them into the form that the native code takes. */
final class Arguments {
  static final byte[] EMPTY = {};

  private Arguments() {}

  static byte[] key(byte[] key) {
    return Objects.requireNonNull(key, "key");
  }

  static byte[] value(byte[] value) {
    return Objects.requireNonNull(value, "value");
  }

  /**
   * The function as it is for native code, which would take an object of any class for an array: here
   * it is a {@link ClassCastException} when a raw type, or another language, lets one through.
   */
  static UnaryOperator<byte[]> edit(UnaryOperator<byte[]> edit) {
    Objects.requireNonNull(edit, "edit");
    return value -> edit.apply(value);
  }

  /** UTF-8 with a zero byte at the end. */
  static byte[] text(String text, String name) {
    if (Objects.requireNonNull(text, name).indexOf('\0') >= 0) {
      throw Errors.invalidArgument("the " + name + " has a zero character");
    }
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return Arrays.copyOf(utf8, utf8.length + 1);
  }

  /** Exactly the bytes from position to limit, which native code can read: no more, no less. */
  static ByteBuffer direct(ByteBuffer buffer) {
    if (!buffer.isDirect()) {
      ByteBuffer copy = ByteBuffer.allocateDirect(buffer.remaining());
      return copy.put(buffer.duplicate()).flip();
    }
    return buffer.remaining() == buffer.capacity() ? buffer : buffer.slice();
  }

  /** A copy of the bytes from position to limit. */
  static byte[] array(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}

package io.github.stavedb.stave;

import io.github.stavedb.stave.internal.Raw;
import io.github.stavedb.stave.internal.RawConstants;
import java.nio.charset.StandardCharsets;

/**
 * A call failed. There is one subclass for each status of the C interface, so that a program catches
 * what it can handle:
 *
 * <pre>{@code
 * try (Store store = Store.open(path)) {
 *   ...
 * } catch (StaveException.Locked e) {
 *   ...
 * }
 * }</pre>
 *
 * <p>The message says what failed, in which file, at which offset, and what to do. Expected outcomes
 * of single keys (an absent key, a key that exists already) are return values, not exceptions.
 *
 * <p>A {@code null} where it is not allowed is a {@link NullPointerException}, as everywhere in Java.
 */
public class StaveException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** See {@link #status()}. */
  private final int status;

  /** See {@link #osErrno()}. */
  private final int osErrno;

  StaveException(int status, String message, int osErrno) {
    super(message);
    this.status = status;
    this.osErrno = osErrno;
  }

  /**
   * The number of the status in the C header {@code stave/errors.h}. Numbers never change meaning; a
   * newer library may have more of them than there are subclasses here.
   */
  public int status() {
    return status;
  }

  /** The name of the status in lower case, such as {@code "not_found"}. */
  public String statusName() {
    return Raw.stave_status_name(status);
  }

  /** The system's error number ({@code errno}) of the call that failed, or 0. */
  public int osErrno() {
    return osErrno;
  }

  /** Called by the native code; {@code detail} is the number that some exceptions carry. */
  static StaveException of(int status, byte[] utf8, int osErrno, long detail) {
    StaveException e = of(status, new String(utf8, StandardCharsets.UTF_8), osErrno, detail);
    Throwable thrown = RegisteredHook.takeThrown();
    if (status == RawConstants.STAVE_HOOK_FAILED) {
      e.initCause(thrown);
    }
    return e;
  }

  static StaveException of(int status, String message, int osErrno, long detail) {
    switch (status) {
      case RawConstants.STAVE_NOT_FOUND:
        return new NotFound(message, osErrno);
      case RawConstants.STAVE_EXISTS:
        return new Exists(message, osErrno);
      case RawConstants.STAVE_MISMATCH:
        return new Mismatch(message, osErrno, detail);
      case RawConstants.STAVE_CONFLICT:
        return new Conflict(message, osErrno, detail);
      case RawConstants.STAVE_INVALID_ARGUMENT:
        return new InvalidArgument(message, osErrno);
      case RawConstants.STAVE_TOO_LARGE:
        return new TooLarge(message, osErrno);
      case RawConstants.STAVE_BUFFER_TOO_SMALL:
        return new BufferTooSmall(message, osErrno, detail);
      case RawConstants.STAVE_CLOSED:
        return new Closed(message, osErrno);
      case RawConstants.STAVE_BUSY:
        return new Busy(message, osErrno);
      case RawConstants.STAVE_READ_ONLY:
        return new ReadOnly(message, osErrno);
      case RawConstants.STAVE_SHARD_MISMATCH:
        return new ShardMismatch(message, osErrno);
      case RawConstants.STAVE_FORKED:
        return new Forked(message, osErrno);
      case RawConstants.STAVE_NO_MEMORY:
        return new NoMemory(message, osErrno);
      case RawConstants.STAVE_IO:
        return new InputOutput(message, osErrno);
      case RawConstants.STAVE_NO_SPACE:
        return new NoSpace(message, osErrno);
      case RawConstants.STAVE_LOCKED:
        return new Locked(message, osErrno);
      case RawConstants.STAVE_PERMISSION_DENIED:
        return new PermissionDenied(message, osErrno);
      case RawConstants.STAVE_CORRUPTION:
        return new Corruption(message, osErrno);
      case RawConstants.STAVE_UNSUPPORTED_VERSION:
        return new UnsupportedVersion(message, osErrno);
      case RawConstants.STAVE_TOO_OLD:
        return new TooOld(message, osErrno);
      case RawConstants.STAVE_WRONG_FAMILY:
        return new WrongFamily(message, osErrno);
      case RawConstants.STAVE_HOOK_FAILED:
        return new HookFailed(message, osErrno);
      case RawConstants.STAVE_CANCELLED:
        return new Cancelled(message, osErrno);
      case RawConstants.STAVE_INTERNAL:
        return new Internal(message, osErrno);
      default:
        return new StaveException(status, message, osErrno);
    }
  }

  /** The key, or at open the store, does not exist. */
  public static final class NotFound extends StaveException {
    private static final long serialVersionUID = 1;

    NotFound(String message, int osErrno) {
      super(RawConstants.STAVE_NOT_FOUND, message, osErrno);
    }
  }

  /** The key, or at open the store, exists already. */
  public static final class Exists extends StaveException {
    private static final long serialVersionUID = 1;

    Exists(String message, int osErrno) {
      super(RawConstants.STAVE_EXISTS, message, osErrno);
    }
  }

  /** A condition of a batch does not hold; nothing was written. */
  public static final class Mismatch extends StaveException {
    private static final long serialVersionUID = 1;

    /** See {@link #position()}. */
    private final long position;

    Mismatch(String message, int osErrno, long position) {
      super(RawConstants.STAVE_MISMATCH, message, osErrno);
      this.position = position;
    }

    /**
     * The first condition that does not hold: its position among the batch's changes and conditions,
     * counted from 0 in the order they were added.
     */
    public long position() {
      return position;
    }
  }

  /** Another transaction changed the same data first. */
  public static final class Conflict extends StaveException {
    private static final long serialVersionUID = 1;

    /** See {@link #written()}. */
    private final long written;

    Conflict(String message, int osErrno, long written) {
      super(RawConstants.STAVE_CONFLICT, message, osErrno);
      this.written = written;
    }

    /** Of a call that writes many keys: how many it has written before, which stay. Else 0. */
    public long written() {
      return written;
    }
  }

  /** An argument is not allowed: an unknown option, a value out of range. */
  public static final class InvalidArgument extends StaveException {
    private static final long serialVersionUID = 1;

    InvalidArgument(String message, int osErrno) {
      super(RawConstants.STAVE_INVALID_ARGUMENT, message, osErrno);
    }
  }

  /** A limit is exceeded; nothing was written. */
  public static final class TooLarge extends StaveException {
    private static final long serialVersionUID = 1;

    TooLarge(String message, int osErrno) {
      super(RawConstants.STAVE_TOO_LARGE, message, osErrno);
    }
  }

  /** The value does not fit into the caller's array or buffer, which is left as it was. */
  public static final class BufferTooSmall extends StaveException {
    private static final long serialVersionUID = 1;

    /** See {@link #needed()}. */
    private final long needed;

    BufferTooSmall(String message, int osErrno, long needed) {
      super(RawConstants.STAVE_BUFFER_TOO_SMALL, message, osErrno);
      this.needed = needed;
    }

    /** The value's size in bytes; another writer may change it meanwhile. */
    public long needed() {
      return needed;
    }
  }

  /** The object, or the store it belongs to, has been closed. */
  public static final class Closed extends StaveException {
    private static final long serialVersionUID = 1;

    Closed(String message, int osErrno) {
      super(RawConstants.STAVE_CLOSED, message, osErrno);
    }
  }

  /** Called from inside a callback that may not call this. */
  public static final class Busy extends StaveException {
    private static final long serialVersionUID = 1;

    Busy(String message, int osErrno) {
      super(RawConstants.STAVE_BUSY, message, osErrno);
    }
  }

  /** The store was opened for reading only. */
  public static final class ReadOnly extends StaveException {
    private static final long serialVersionUID = 1;

    ReadOnly(String message, int osErrno) {
      super(RawConstants.STAVE_READ_ONLY, message, osErrno);
    }
  }

  /** The key belongs to another shard. */
  public static final class ShardMismatch extends StaveException {
    private static final long serialVersionUID = 1;

    ShardMismatch(String message, int osErrno) {
      super(RawConstants.STAVE_SHARD_MISMATCH, message, osErrno);
    }
  }

  /** The object was made by the parent process. */
  public static final class Forked extends StaveException {
    private static final long serialVersionUID = 1;

    Forked(String message, int osErrno) {
      super(RawConstants.STAVE_FORKED, message, osErrno);
    }
  }

  /** Memory outside the Java heap is lacking; nothing was written. */
  public static final class NoMemory extends StaveException {
    private static final long serialVersionUID = 1;

    NoMemory(String message, int osErrno) {
      super(RawConstants.STAVE_NO_MEMORY, message, osErrno);
    }
  }

  /**
   * The operating system reports a failure; see {@link #osErrno}. After a failed sync the store
   * refuses writes until it is opened again.
   */
  public static final class InputOutput extends StaveException {
    private static final long serialVersionUID = 1;

    InputOutput(String message, int osErrno) {
      super(RawConstants.STAVE_IO, message, osErrno);
    }
  }

  /** The device or quota is full; reads and removals go on. */
  public static final class NoSpace extends StaveException {
    private static final long serialVersionUID = 1;

    NoSpace(String message, int osErrno) {
      super(RawConstants.STAVE_NO_SPACE, message, osErrno);
    }
  }

  /** Another process or object holds the directory; the message has the process's number. */
  public static final class Locked extends StaveException {
    private static final long serialVersionUID = 1;

    Locked(String message, int osErrno) {
      super(RawConstants.STAVE_LOCKED, message, osErrno);
    }
  }

  /** The operating system denies access. */
  public static final class PermissionDenied extends StaveException {
    private static final long serialVersionUID = 1;

    PermissionDenied(String message, int osErrno) {
      super(RawConstants.STAVE_PERMISSION_DENIED, message, osErrno);
    }
  }

  /** Damaged bytes; the message names the file and the offset. */
  public static final class Corruption extends StaveException {
    private static final long serialVersionUID = 1;

    Corruption(String message, int osErrno) {
      super(RawConstants.STAVE_CORRUPTION, message, osErrno);
    }
  }

  /** The files have a format that this library cannot read. */
  public static final class UnsupportedVersion extends StaveException {
    private static final long serialVersionUID = 1;

    UnsupportedVersion(String message, int osErrno) {
      super(RawConstants.STAVE_UNSUPPORTED_VERSION, message, osErrno);
    }
  }

  /** The requested history is no longer kept. */
  public static final class TooOld extends StaveException {
    private static final long serialVersionUID = 1;

    TooOld(String message, int osErrno) {
      super(RawConstants.STAVE_TOO_OLD, message, osErrno);
    }
  }

  /** The directory belongs to another kind of store. */
  public static final class WrongFamily extends StaveException {
    private static final long serialVersionUID = 1;

    WrongFamily(String message, int osErrno) {
      super(RawConstants.STAVE_WRONG_FAMILY, message, osErrno);
    }
  }

  /** A hook failed; the change is committed all the same. The cause is what the hook has thrown. */
  public static final class HookFailed extends StaveException {
    private static final long serialVersionUID = 1;

    HookFailed(String message, int osErrno) {
      super(RawConstants.STAVE_HOOK_FAILED, message, osErrno);
    }
  }

  /** A progress callback asked to stop. */
  public static final class Cancelled extends StaveException {
    private static final long serialVersionUID = 1;

    Cancelled(String message, int osErrno) {
      super(RawConstants.STAVE_CANCELLED, message, osErrno);
    }
  }

  /** A bug in Stave: please report the message. */
  public static final class Internal extends StaveException {
    private static final long serialVersionUID = 1;

    Internal(String message, int osErrno) {
      super(RawConstants.STAVE_INTERNAL, message, osErrno);
    }
  }
}

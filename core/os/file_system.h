// The one interface through which Stave touches files, randomness and the time of day.
//
// Everything on disk goes through it, so that tests can stand a simulated disk in its place
// (simulated_file_system.h) which forgets unsynced bytes, tears writes and fails any call. The
// POSIX implementation is posix_file_system.h. The calls are as raw as the kernel's: a read or
// write may be short; read, write, both sync_data and sync_directory may be interrupted (EINTR),
// the other calls finish by themselves. file_io.h has the loops for these four; layers above call
// those loops, not the raw calls.
//
// Errors name the path, and the offset where there is one. A path that does not exist is
// `not_found`, also when the message says more.
//
// Paths are '/'-separated. All calls may be made from any thread; two calls on one File may run at
// the same time when they touch different bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/status.h"

namespace stave::os {

enum class OpenMode {
  read_only,   // must exist
  read_write,  // must exist
  create_new,  // read and write; fails with `exists` when the name is taken
};

// A shared mapping of a file from its offset 0. Stores through data() reach the file as a write
// does: at once for every reader of the file, on the device after File::sync_data(). Bytes beyond
// the file's size must not be touched; they become usable when the file grows. Unmapped by the
// destructor; outlives its File.
class Mapping {
 public:
  virtual ~Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  std::byte* data() const noexcept { return data_; }
  uint64_t size() const noexcept { return size_; }

  // As File::sync_data(), for a range of whole pages within the file and no others: its bytes and
  // what it takes to find them reach the device (msync).
  virtual Status sync_data(uint64_t offset, uint64_t size) = 0;

  // Hints. Single pages will be read, or stored into and synced, here and there: a page that is not
  // in memory is worth reading, its neighbours are not.
  virtual void expect_random_reads() noexcept {}
  // No longer that.
  virtual void expect_any_reads() noexcept {}
  // The others are for ranges of whole pages within the file. All of it will be read soon.
  virtual void expect_reads(uint64_t /*offset*/, uint64_t /*size*/) noexcept {}
  // It was just written and will be read: mapping many pages at once costs less than mapping each
  // when it is read.
  virtual void prefault_read(uint64_t /*offset*/, uint64_t /*size*/) noexcept {}
  // All of it will be stored into. To make many pages ready at once costs less than each on its
  // first store.
  virtual void expect_stores(uint64_t /*offset*/, uint64_t /*size*/) noexcept {}
  // Nothing much will be stored into it before the next sync_data(), which then need
  // not interrupt all processors for each of its pages to find out when they are stored into again.
  virtual void expect_sync(uint64_t /*offset*/, uint64_t /*size*/) noexcept {}

 protected:
  Mapping(std::byte* data, uint64_t size) noexcept : data_(data), size_(size) {}
  std::byte* data_;
  uint64_t size_;
};

class File {
 public:
  virtual ~File() = default;  // closes; unsynced bytes stay with the kernel
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Transfers at least 1 byte unless `into` is empty or `offset` is at or beyond the end (0).
  // An interrupted call is `io` with os_errno EINTR and has transferred nothing.
  virtual Result<size_t> read(uint64_t offset, MutableBytes into) = 0;
  virtual Result<size_t> write(uint64_t offset, Bytes from) = 0;
  // All bytes written so far (also through mappings) and the size reach the device (fdatasync).
  // A failure is final: what was covered may be lost although a second call would succeed.
  virtual Status sync_data() = 0;
  // A hint: begins to bring these bytes to the device, so that the next sync_data() finds less to
  // do. Does not wait for it.
  virtual void start_sync(uint64_t /*offset*/, uint64_t /*size*/) noexcept {}
  virtual Result<uint64_t> size() = 0;
  // Sets the size. Bytes beyond a smaller size are gone; a larger size reads as zeros.
  virtual Status truncate(uint64_t size) = 0;
  // Real blocks for [0, size), so that later writes there cannot run out of space; grows the file,
  // never shrinks it. A failure leaves the size as it was. One thread at a time; meanwhile others
  // may write only where a call has allocated before.
  virtual Status allocate(uint64_t size) = 0;
  // `size` is not 0 and may exceed the file's; see Mapping. Stores need `writable` and a file that
  // was opened for writing.
  virtual Result<std::unique_ptr<Mapping>> map(uint64_t size, bool writable) = 0;
  // Forgets clean cached pages that nothing maps: the next read shows what the device holds. A
  // hint.
  virtual Status drop_cache() = 0;
};

// Held until destroyed.
class FileLock {
 public:
  virtual ~FileLock() = default;
  // ok while the path by which it was locked leads to the locked file. Otherwise what lies beside
  // it is not what the lock keeps others out of: `io`.
  virtual Status check_in_place() { return {}; }
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  FileSystem() = default;
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;

  // The one path of the file that `path` leads to, so that names made from it (a lock file's) are
  // the same whichever symbolic link a caller came by, and stay true when the working directory
  // changes. Of a file or directory that does not exist, what there is of it is resolved.
  virtual Result<std::string> resolve(const std::string& path) = 0;
  // `not_found` when there is no such file and the mode does not create it; `invalid_argument` when
  // it is anything but a regular file. Does not wait for the other end of a FIFO.
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  // Replaces `to` atomically. Durable only after sync_directory of the parent.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  // Removes a file, not a directory. It lives on while it is open anywhere.
  virtual Status remove(const std::string& path) = 0;
  // `exists` when the directory is already there; the parent must exist.
  virtual Status make_directory(const std::string& path) = 0;
  // Makes creations, renames and removals in the directory durable.
  virtual Status sync_directory(const std::string& path) = 0;
  // Names without "." and "..", unordered. `not_found` when there is no such directory.
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
  // Locks the file at `path`, which is created when it is not there: also by a shared lock, which
  // would keep nobody out without it. Null for a shared lock where there is no file and none may be
  // made (read-only media, a directory that this user may not write). Does not wait: `locked`, with
  // the holder's pid in the message where it is known, when another lock of any process, this one
  // included, forbids it. An exclusive holder's pid is written into the file, so that what is not a
  // regular file, or a symbolic link to one, is refused: `invalid_argument`.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path, bool exclusive) = 0;

  // Unpredictable bytes from the system.
  virtual Status random(MutableBytes into) = 0;

  // The time of day in milliseconds since 1970. May go backwards.
  virtual uint64_t unix_time_ms() noexcept = 0;
};

}  // namespace stave::os

#include "core/os/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <string_view>

#include "core/os/file_io.h"
#include "core/os/path_error.h"
#include "core/os/posix_file.h"

namespace stave::os {

namespace {

// The pid in a lock file is text and a newline; a file without one names no holder. It helps
// people, the lock itself is the kernel's: failures to write or read it are ignored.
void write_holder(int descriptor, pid_t holder) noexcept {
  std::array<char, 16> text;
  size_t size = 0;
  if (holder > 0)
    size = static_cast<size_t>(
        std::to_chars(text.data(), text.data() + text.size() - 1, holder).ptr - text.data());
  text[size++] = '\n';
  if (::pwrite(descriptor, text.data(), size, 0) < 0) return;
}

// 0 when unknown: no pid, or one that no process has (its holder was killed, and the reader that
// holds the lock now does not write its own).
pid_t read_holder(int descriptor) noexcept {
  std::array<char, 16> text;
  const ssize_t count = ::pread(descriptor, text.data(), text.size(), 0);
  if (count <= 0) return 0;
  pid_t holder = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + count, holder);
  if (failure != std::errc() || end == text.data() + count || *end != '\n' || holder <= 0) return 0;
  return ::kill(holder, 0) == 0 || errno == EPERM ? holder : 0;
}

// A file that exists is opened without O_CREAT, which the kernel may refuse for files of other
// users in directories like /tmp. A reader that ran as another user, root perhaps, may have made
// one that this user may read and not write: a user that may write the directory can lock it all
// the same, and only the pid is not written.
Descriptor open_lock_file(const std::string& path, bool exclusive) {
  const int flags = (exclusive ? O_RDWR : O_RDONLY) | O_NOFOLLOW;
  Descriptor descriptor = open_descriptor(path, flags);
  if (descriptor.valid()) return descriptor;
  const int failure = errno;
  if (failure == ENOENT) return open_descriptor(path, flags | O_CREAT);
  if (exclusive && failure == EACCES &&
      ::faccessat(AT_FDCWD, parent_of(path).c_str(), W_OK | X_OK, AT_EACCESS) == 0)
    return open_descriptor(path, O_RDONLY | O_NOFOLLOW);
  errno = failure;
  return descriptor;
}

// Whether `failure` to open the file at `path` means that it is not there and cannot be made.
bool may_not_be_made(int failure, const std::string& path) noexcept {
  if (failure != EROFS && failure != EACCES && failure != EPERM) return false;
  const bool is_missing =
      ::faccessat(AT_FDCWD, path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
  errno = failure;
  return is_missing;
}

class PosixFileLock final : public FileLock {
 public:
  PosixFileLock(Descriptor descriptor, std::string path, bool exclusive) noexcept
      : descriptor_(std::move(descriptor)), path_(std::move(path)), exclusive_(exclusive) {}

  // Unlocks by name, not by closing: a child forked meanwhile still has the file open. In that
  // child the destructor must leave the parent's lock alone.
  ~PosixFileLock() override {
    if (::getpid() != owner_) return;
    if (exclusive_) write_holder(descriptor_.number(), 0);
    ::flock(descriptor_.number(), LOCK_UN);
  }

  Status check_in_place() override {
    struct stat locked;
    struct stat found;
    if (::fstat(descriptor_.number(), &locked) != 0)
      return path_error(errno, "read the kind of", path_);
    if (::lstat(path_.c_str(), &found) == 0 && found.st_dev == locked.st_dev &&
        found.st_ino == locked.st_ino)
      return Status();
    return Status::error(Code::io, "'" + path_ +
                                       "' is not the file that was locked: it, or its directory, "
                                       "was moved, removed or replaced");
  }

 private:
  Descriptor descriptor_;
  const std::string path_;
  bool exclusive_;
  pid_t owner_ = ::getpid();
};

// Follows the links of the last name one by one, since the last may lead to a file that is yet to
// be made, for which realpath() would fail.
Result<std::string> resolve_path(std::string path) {
  constexpr int links_max = 40;  // the kernel's limit
  std::array<char, PATH_MAX> target;
  int links = 0;
  for (;;) {
    const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
    if (size <= 0) break;
    if (++links > links_max) return path_error(ELOOP, "resolve", path);
    const std::string_view next(target.data(), static_cast<size_t>(size));
    path = next.front() == '/' ? std::string(next) : join_path(parent_of(path), next);
  }
  if (path.empty() || path.back() == '/')
    return path;  // no file's name: left to the open to refuse
  const std::unique_ptr<char, void (*)(void*)> directory(
      ::realpath(parent_of(path).c_str(), nullptr), ::free);
  if (!directory) return path;  // not there yet, or not to be named
  const size_t slash = path.rfind('/');
  return join_path(directory.get(), slash == std::string::npos ? path : path.substr(slash + 1));
}

Status locked_by(pid_t holder, const std::string& path) {
  std::string message = "'" + path + "' is locked by ";
  if (holder == ::getpid())
    message += "this process (" + std::to_string(holder) + ")";
  else if (holder > 0)
    message += "process " + std::to_string(holder);
  else
    message += "another process";
  message += holder == ::getpid() ? "; close it first" : "; close it there first";
  return Status::error(Code::locked, message);
}

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::string> resolve(const std::string& path) override { return resolve_path(path); }

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    return open_posix_file(path, mode);
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0)
      return path_error(errno, "rename to '" + to + "'", from);
    return Status();
  }

  Status remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return path_error(errno, "remove", path);
    return Status();
  }

  Status make_directory(const std::string& path) override {
    if (::mkdir(path.c_str(), 0755) != 0) return path_error(errno, "make directory", path);
    return Status();
  }

  Status sync_directory(const std::string& path) override {
    const Descriptor descriptor = open_descriptor(path, O_RDONLY | O_DIRECTORY);
    if (!descriptor.valid()) return path_error(errno, "open directory", path);
    if (::fsync(descriptor.number()) != 0) return path_error(errno, "sync directory", path);
    return Status();
  }

  Result<std::vector<std::string>> list(const std::string& path) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
    if (!directory) return path_error(errno, "list directory", path);
    std::vector<std::string> names;
    for (;;) {
      errno = 0;  // readdir tells the end from a failure by errno alone
      const dirent* entry = ::readdir(directory.get());
      if (!entry) break;
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) return path_error(errno, "list directory", path);
    return names;
  }

  Result<std::unique_ptr<FileLock>> lock(const std::string& path, bool exclusive) override {
    Descriptor descriptor = open_lock_file(path, exclusive);
    if (!descriptor.valid()) {
      if (!exclusive && may_not_be_made(errno, path)) return std::unique_ptr<FileLock>();
      if (errno == ELOOP)
        return Status::error(Code::invalid_argument,
                             "the lock file '" + path + "' is a symbolic link; remove it", ELOOP);
      return path_error(errno, "open lock file", path);
    }
    STAVE_TRY(check_regular(descriptor, path));
    while (::flock(descriptor.number(), (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno == EWOULDBLOCK) return locked_by(read_holder(descriptor.number()), path);
      return path_error(errno, "lock", path);
    }
    if (exclusive) write_holder(descriptor.number(), ::getpid());
    return std::unique_ptr<FileLock>(
        std::make_unique<PosixFileLock>(std::move(descriptor), path, exclusive));
  }

  Status random(MutableBytes into) override {
    while (!into.empty()) {
      const ssize_t count = ::getrandom(into.data(), into.size(), 0);
      if (count < 0 && errno != EINTR)
        return Status::from_errno(errno, "cannot get random bytes from the system");
      if (count > 0) into = into.subspan(static_cast<size_t>(count));
    }
    return Status();
  }

  uint64_t unix_time_ms() noexcept override {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1000 +
           static_cast<uint64_t>(now.tv_nsec) / 1'000'000;
  }
};

}  // namespace

FileSystem& posix_file_system() {
  static PosixFileSystem instance;
  return instance;
}

}  // namespace stave::os

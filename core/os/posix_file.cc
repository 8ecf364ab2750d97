#include "core/os/posix_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "core/os/path_error.h"

namespace stave::os {

namespace {

static_assert(sizeof(off_t) == 8, "files are larger than 2 GiB");

class PosixMapping final : public Mapping {
 public:
  PosixMapping(std::byte* data, uint64_t size, std::string path)
      : Mapping(data, size), path_(std::move(path)) {}
  ~PosixMapping() override { ::munmap(data_, size_); }

  Status sync_data(uint64_t offset, uint64_t size) override {
    if (::msync(data_ + offset, size, MS_SYNC) != 0)
      return path_error(errno, "sync", path_, offset);
    return Status();
  }

  void expect_random_reads() noexcept override {
    static_cast<void>(::madvise(data_, size_, MADV_RANDOM));
  }
  void expect_any_reads() noexcept override {
    static_cast<void>(::madvise(data_, size_, MADV_NORMAL));
  }
  void expect_reads(uint64_t offset, uint64_t size) noexcept override {
    static_cast<void>(::madvise(data_ + offset, size, MADV_WILLNEED));
  }
  void prefault_read(uint64_t offset, uint64_t size) noexcept override {
#ifdef MADV_POPULATE_READ
    static_cast<void>(::madvise(data_ + offset, size, MADV_POPULATE_READ));
#else
    Mapping::prefault_read(offset, size);
#endif
  }
  void expect_stores(uint64_t offset, uint64_t size) noexcept override {
#ifdef MADV_POPULATE_WRITE
    static_cast<void>(::madvise(data_ + offset, size, MADV_POPULATE_WRITE));
#else
    Mapping::expect_stores(offset, size);
#endif
  }
  // Of a shared mapping this drops no bytes, only the table entries that lead to them.
  void expect_sync(uint64_t offset, uint64_t size) noexcept override {
    static_cast<void>(::madvise(data_ + offset, size, MADV_DONTNEED));
  }

 private:
  std::string path_;
};

class PosixFile final : public File {
 public:
  PosixFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Result<size_t> read(uint64_t offset, MutableBytes into) override;
  Result<size_t> write(uint64_t offset, Bytes from) override;
  Status sync_data() override;
  void start_sync(uint64_t offset, uint64_t size) noexcept override;
  Result<uint64_t> size() override;
  Status truncate(uint64_t size) override;
  Status allocate(uint64_t size) override;
  Result<std::unique_ptr<Mapping>> map(uint64_t size, bool writable) override;
  Status drop_cache() override;

 private:
  // 0 or an errno.
  int fill_holes(uint64_t end) noexcept;
  int write_zeros(uint64_t begin, uint64_t end) noexcept;
  int set_size(uint64_t size) noexcept;

  Descriptor descriptor_;
  std::string path_;
  // Up to here there is no hole, where the file system cannot allocate.
  std::atomic<uint64_t> filled_{0};
};

Result<size_t> PosixFile::read(uint64_t offset, MutableBytes into) {
  const ssize_t count =
      ::pread(descriptor_.number(), into.data(), into.size(), static_cast<off_t>(offset));
  if (count < 0) return path_error(errno, "read", path_, offset);
  return static_cast<size_t>(count);
}

Result<size_t> PosixFile::write(uint64_t offset, Bytes from) {
  const ssize_t count =
      ::pwrite(descriptor_.number(), from.data(), from.size(), static_cast<off_t>(offset));
  if (count < 0) return path_error(errno, "write", path_, offset);
  return static_cast<size_t>(count);
}

void PosixFile::start_sync(uint64_t offset, uint64_t size) noexcept {
#ifdef SYNC_FILE_RANGE_WRITE
  // What fails here fails in sync_data(), which tells.
  static_cast<void>(::sync_file_range(descriptor_.number(), static_cast<off_t>(offset),
                                      static_cast<off_t>(size), SYNC_FILE_RANGE_WRITE));
#else
  File::start_sync(offset, size);
#endif
}

Status PosixFile::sync_data() {
  if (::fdatasync(descriptor_.number()) != 0) return path_error(errno, "sync", path_);
  return Status();
}

Result<uint64_t> PosixFile::size() {
  struct stat status;
  if (::fstat(descriptor_.number(), &status) != 0)
    return path_error(errno, "read the size of", path_);
  return static_cast<uint64_t>(status.st_size);
}

int PosixFile::set_size(uint64_t size) noexcept {
  while (::ftruncate(descriptor_.number(), static_cast<off_t>(size)) != 0)
    if (errno != EINTR) return errno;
  return 0;
}

Status PosixFile::truncate(uint64_t size) {
  if (size < filled_.load(std::memory_order_relaxed))
    filled_.store(size, std::memory_order_relaxed);
  if (const int failure = set_size(size))
    return path_error(failure, "set the size of", path_, size);
  return Status();
}

// A failed fallocate may have grown the file part of the way (ext4 does), hence the old size is
// restored. Interruption is repeated here: a caller could not tell how far the call came.
Status PosixFile::allocate(uint64_t size) {
  if (size == 0) return Status();
  Result<uint64_t> old_size = this->size();
  if (!old_size) return old_size.status();
  int failure = 0;
  do {
    failure = ::fallocate(descriptor_.number(), 0, 0, static_cast<off_t>(size)) == 0 ? 0 : errno;
  } while (failure == EINTR);
  if (failure == EOPNOTSUPP) failure = fill_holes(size);
  if (failure == 0) return Status();
  if (Result<uint64_t> new_size = this->size(); new_size && *new_size > *old_size)
    set_size(*old_size);
  return path_error(failure, "allocate space for", path_, size);
}

// Where the file system cannot allocate, zeros are written over [0, end) wherever there is no data
// yet. lseek may be used: nothing else depends on the descriptor's position but this function.
//
// What an earlier call has filled is left alone: others write there by now, and a file system that
// stores no zeros (ZFS) calls a page a hole that was only stored into through a mapping.
int PosixFile::fill_holes(uint64_t end) noexcept {
  const int descriptor = descriptor_.number();
  // Relaxed: one thread at a time allocates.
  const uint64_t filled = filled_.load(std::memory_order_relaxed);
  uint64_t at = filled;
  while (at < end) {
    const off_t hole = ::lseek(descriptor, static_cast<off_t>(at), SEEK_HOLE);
    if (hole < 0 && errno != ENXIO) return errno;  // ENXIO: `at` is the end of the file
    if (hole >= 0) at = static_cast<uint64_t>(hole);
    if (at >= end) break;
    const off_t data = ::lseek(descriptor, static_cast<off_t>(at), SEEK_DATA);
    if (data < 0 && errno != ENXIO) return errno;  // ENXIO: no data after the hole
    const uint64_t hole_end = data < 0 ? end : std::min(end, static_cast<uint64_t>(data));
    if (const int failure = write_zeros(at, hole_end)) return failure;
    at = hole_end;
  }
  filled_.store(std::max(filled, end), std::memory_order_relaxed);
  return 0;
}

int PosixFile::write_zeros(uint64_t begin, uint64_t end) noexcept {
  static constexpr std::array<std::byte, 65536> zeros{};
  while (begin < end) {
    const ssize_t count =
        ::pwrite(descriptor_.number(), zeros.data(),
                 static_cast<size_t>(std::min<uint64_t>(zeros.size(), end - begin)),
                 static_cast<off_t>(begin));
    if (count < 0 && errno != EINTR) return errno;
    if (count == 0) return EIO;
    if (count > 0) begin += static_cast<uint64_t>(count);
  }
  return 0;
}

Result<std::unique_ptr<Mapping>> PosixFile::map(uint64_t size, bool writable) {
  void* data = ::mmap(nullptr, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED,
                      descriptor_.number(), 0);
  if (data == MAP_FAILED) return path_error(errno, "map", path_);
  return std::unique_ptr<Mapping>(
      std::make_unique<PosixMapping>(static_cast<std::byte*>(data), size, path_));
}

Status PosixFile::drop_cache() {
  if (const int failure = ::posix_fadvise(descriptor_.number(), 0, 0, POSIX_FADV_DONTNEED))
    return path_error(failure, "drop the cache of", path_);
  return Status();
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Descriptor open_descriptor(const std::string& path, int flags) noexcept {
  for (;;) {
    // Group and others read what the umask lets them. Opening a FIFO would wait until its other
    // end is opened; regular files and directories ignore O_NONBLOCK.
    const int number = ::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK, 0644);
    if (number >= 0 || errno != EINTR) return Descriptor(number);
  }
}

Status check_regular(const Descriptor& descriptor, const std::string& path) {
  struct stat status;
  if (::fstat(descriptor.number(), &status) != 0)
    return path_error(errno, "read the kind of", path);
  if (S_ISREG(status.st_mode)) return Status();
  if (S_ISDIR(status.st_mode)) return path_error(EISDIR, "open", path);
  return Status::error(Code::invalid_argument, "'" + path + "' is not a regular file");
}

Result<std::unique_ptr<File>> open_posix_file(const std::string& path, OpenMode mode) {
  int flags = O_RDONLY;
  if (mode == OpenMode::read_write) flags = O_RDWR;
  if (mode == OpenMode::create_new) flags = O_RDWR | O_CREAT | O_EXCL;
  Descriptor descriptor = open_descriptor(path, flags);
  if (!descriptor.valid())
    return path_error(errno, mode == OpenMode::create_new ? "create" : "open", path);
  STAVE_TRY(check_regular(descriptor, path));
  return std::unique_ptr<File>(std::make_unique<PosixFile>(std::move(descriptor), path));
}

}  // namespace stave::os

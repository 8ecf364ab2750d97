// Files and mappings of the POSIX file system. Only posix_file_system.cc uses this header.
#pragma once

#include <memory>
#include <string>

#include "core/os/file_system.h"

namespace stave::os {

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number) noexcept : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : number_(other.number_) { other.number_ = -1; }
  Descriptor& operator=(Descriptor&&) = delete;
  int number() const noexcept { return number_; }
  bool valid() const noexcept { return number_ >= 0; }

 private:
  int number_;
};

// open(2) with O_CLOEXEC and O_NONBLOCK, repeated when interrupted; errno when the result is not
// valid().
Descriptor open_descriptor(const std::string& path, int flags) noexcept;
// `invalid_argument` when it is open on anything but a regular file.
Status check_regular(const Descriptor& descriptor, const std::string& path);

Result<std::unique_ptr<File>> open_posix_file(const std::string& path, OpenMode mode);

}  // namespace stave::os

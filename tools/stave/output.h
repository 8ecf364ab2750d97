// Standard output and files, with every error reported.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "tools/stave/json_object.h"

namespace stave::tool {

// A file descriptor that closes itself.
class FileDescriptor {
 public:
  FileDescriptor() noexcept = default;
  explicit FileDescriptor(int number) noexcept : number_(number) {}
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  int number() const noexcept { return number_; }
  bool valid() const noexcept { return number_ >= 0; }
  // Closes early, to learn what the file system only says then: 0 or an errno.
  int close() noexcept;

 private:
  int number_ = -1;
};

// Each writes all of it or throws Failure; `name` is for the message.
void write_fully(int file, std::string_view bytes, const std::string& name);
void write_and_close(FileDescriptor file, std::string_view bytes, const std::string& name);
void write_output(std::string_view bytes);
void write_json(const JsonObject& object);  // a line of the standard output

// Reads up to the end of the file. 0, or an errno; EFBIG when there are more than `size_max` bytes.
int read_fully(int file, size_t size_max, std::string& bytes);

// "1.5 MiB", "17 bytes".
std::string human_bytes(double bytes);

}  // namespace stave::tool

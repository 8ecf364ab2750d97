#include "tools/stave/output.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "tools/stave/failure.h"
#include "tools/stave/format.h"
#include "tools/stave/json_object.h"

namespace stave::tool {

FileDescriptor::~FileDescriptor() {
  if (valid()) ::close(number_);
}

int FileDescriptor::close() noexcept {
  return ::close(std::exchange(number_, -1)) == 0 ? 0 : errno;
}

void write_fully(int file, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      throw system_failure(formatted("cannot write {}", name), errno);
    }
  }
}

void write_and_close(FileDescriptor file, std::string_view bytes, const std::string& name) {
  write_fully(file.number(), bytes, name);
  if (const int os_errno = file.close(); os_errno != 0) {
    throw system_failure(formatted("cannot write {}", name), os_errno);
  }
}

void write_output(std::string_view bytes) {
  write_fully(STDOUT_FILENO, bytes, "the standard output");
}

void write_json(const JsonObject& object) {
  write_output(object.line() + "\n");
}

int read_fully(int file, size_t size_max, std::string& bytes) {
  size_t expected = size_t{64} << 10;
  struct stat status {};
  if (fstat(file, &status) == 0 && S_ISREG(status.st_mode)) {
    expected = std::min(static_cast<size_t>(status.st_size), size_max);
  }
  bytes.resize(expected + 1);  // room for the read that meets the end
  for (size_t filled = 0; filled <= size_max;) {
    if (filled == bytes.size()) bytes.resize(2 * filled);
    const ssize_t count = read(file, bytes.data() + filled, bytes.size() - filled);
    if (count == 0) {
      bytes.resize(filled);
      return 0;
    }
    if (count > 0) {
      filled += static_cast<size_t>(count);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return EFBIG;
}

std::string human_bytes(double bytes) {
  static constexpr std::array units = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return formatted("{:.0f} bytes", bytes);
  size_t unit = 0;
  for (bytes /= 1024; bytes >= 1024 && unit + 1 < units.size(); ++unit) bytes /= 1024;
  return formatted("{:.1f} {}", bytes, units[unit]);
}

}  // namespace stave::tool

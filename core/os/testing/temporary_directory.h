// For tests: a directory of the real file system that disappears with its object.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace stave::os {

class TemporaryDirectory {
 public:
  enum class Where {
    disk,    // TMPDIR
    memory,  // a file system in memory where there is one: for many short runs
  };
  explicit TemporaryDirectory(Where where = Where::disk) {
    constexpr const char* memory = "/dev/shm";
    const bool in_memory = where == Where::memory && std::filesystem::is_directory(memory);
    const std::filesystem::path parent =
        in_memory ? memory : std::filesystem::temp_directory_path();
    std::string pattern = (parent / "stave-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::filesystem::filesystem_error("mkdtemp", {});
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const noexcept { return path_; }
  std::string operator/(const std::string& name) const { return path_ + '/' + name; }

 private:
  std::string path_;
};

}  // namespace stave::os

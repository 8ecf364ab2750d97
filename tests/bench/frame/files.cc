#include "tests/bench/frame/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "tests/bench/frame/program.h"

namespace stave::bench {

uint64_t allocated_bytes(const std::string& directory) {
  constexpr uint64_t block_size = 512;  // of st_blocks, whatever the file system's is
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    struct stat status;
    if (entry.is_regular_file() && stat(entry.path().c_str(), &status) == 0)
      bytes += static_cast<uint64_t>(status.st_blocks) * block_size;
  }
  return bytes;
}

void remove_files(const std::string& directory) {
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    std::filesystem::remove_all(entry.path());
}

void drop_cached(const std::string& directory) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    const int file = open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0 || fsync(file) != 0 || posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) != 0)
      fail("the memory of a file cannot be dropped");
    close(file);
  }
}

void in_killed_child(const std::function<void()>& work) {
  const pid_t child = fork();
  if (child < 0) fail("fork failed");
  if (child == 0) {
    work();
    _exit(1);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
    fail("the child did not die by SIGKILL");
}

}  // namespace stave::bench

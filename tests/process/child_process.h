// A child process that writes lines to a pipe.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace stave::test {

class ChildProcess {
 public:
  // Runs `arguments` with "%REPORT%" replaced by the number of the pipe's descriptor.
  explicit ChildProcess(std::vector<std::string> arguments);
  ~ChildProcess();  // kills it if it still runs
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const noexcept { return pid_; }
  // Takes in lines until `timeout_ms` have passed (-1: no limit) or the pipe is closed; true when
  // it is closed.
  bool read_lines(int timeout_ms);
  // Waits for one line more; false when the pipe was closed instead.
  bool wait_for_line();
  void kill();
  // Reads the rest, waits for the end; the status of waitpid.
  int finish();

  // Complete lines so far.
  const std::vector<std::string>& lines() const noexcept { return lines_; }

 private:
  bool read_some(int timeout_ms);  // false at the end of the pipe

  pid_t pid_ = -1;
  int descriptor_ = -1;
  bool closed_ = false;
  std::string partial_;
  std::vector<std::string> lines_;
};

}  // namespace stave::test

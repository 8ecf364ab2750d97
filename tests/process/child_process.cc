#include "tests/process/child_process.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>

namespace stave::test {

ChildProcess::ChildProcess(std::vector<std::string> arguments) {
  int ends[2];
  if (pipe(ends) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  for (std::string& argument : arguments)
    if (argument == "%REPORT%") argument = std::to_string(ends[1]);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    close(ends[0]);
    execvp(pointers[0], pointers.data());
    _exit(127);
  }
  close(ends[1]);
  descriptor_ = ends[0];
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0) {
    kill();
    finish();
  }
  close(descriptor_);
}

bool ChildProcess::read_some(int timeout_ms) {
  pollfd waiting{descriptor_, POLLIN, 0};
  if (closed_ || poll(&waiting, 1, timeout_ms) <= 0) return !closed_;
  char buffer[4096];
  const ssize_t size = read(descriptor_, buffer, sizeof buffer);
  if (size < 0) return errno == EINTR;
  if (size == 0) closed_ = true;
  partial_.append(buffer, static_cast<size_t>(size));
  size_t begin = 0;
  for (size_t end; (end = partial_.find('\n', begin)) != std::string::npos; begin = end + 1)
    lines_.push_back(partial_.substr(begin, end - begin));
  partial_.erase(0, begin);
  return !closed_;
}

bool ChildProcess::read_lines(int timeout_ms) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end = Clock::now() + std::chrono::milliseconds(timeout_ms);
  while (!closed_) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    if (timeout_ms >= 0 && left.count() <= 0) return false;
    read_some(timeout_ms < 0 ? -1 : static_cast<int>(left.count()));
  }
  return true;
}

bool ChildProcess::wait_for_line() {
  const size_t before = lines_.size();
  while (lines_.size() == before)
    if (!read_some(-1) && lines_.size() == before) return false;
  return true;
}

void ChildProcess::kill() {
  ::kill(pid_, SIGKILL);
}

int ChildProcess::finish() {
  read_lines(-1);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

}  // namespace stave::test

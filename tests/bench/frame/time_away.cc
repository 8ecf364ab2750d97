#include "tests/bench/frame/time_away.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace stave::bench {
namespace {

uint64_t nanoseconds_of(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

// The second figure of a schedstat file; 0 without one.
uint64_t ready_time(int file) {
  std::array<char, 128> text;
  const ssize_t size = file < 0 ? -1 : ::pread(file, text.data(), text.size(), 0);
  if (size <= 0) return 0;
  const char* const end = text.data() + size;
  const char* const space = std::find<const char*>(text.data(), end, ' ');
  uint64_t nanoseconds = 0;
  if (space != end) std::from_chars(space + 1, end, nanoseconds);
  return nanoseconds;
}

}  // namespace

TimeAway::TimeAway()
    : ready_file_(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)), last_(now()) {}

TimeAway::~TimeAway() {
  if (ready_file_ >= 0) ::close(ready_file_);
}

TimeAway::Counters TimeAway::now() const {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return {nanoseconds_of(CLOCK_MONOTONIC), nanoseconds_of(CLOCK_THREAD_CPUTIME_ID),
          ready_time(ready_file_), usage.ru_nvcsw};
}

uint64_t TimeAway::take() {
  const Counters before = last_;
  last_ = now();
  if (last_.waits != before.waits) return last_.ready - before.ready;
  const uint64_t passed = last_.clock - before.clock;
  return passed - std::min(passed, last_.processor - before.processor);
}

}  // namespace stave::bench

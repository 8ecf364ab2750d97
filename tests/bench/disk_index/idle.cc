// No index: a thread that looks at the clock, beside one that writes a file and syncs it, as the
// merging of an index does. What it sees of the machine's interruptions, any put would see.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/bench/frame/measure.h"
#include "tests/bench/frame/operation_times.h"
#include "tests/bench/frame/program.h"

namespace stave::bench {
namespace {

constexpr size_t piece_size = 256 << 10;
constexpr size_t pieces = 1024;
constexpr size_t pieces_a_sync = 128;

// Makes each piece out of one that lies anywhere in memory, as a merge does.
void write_until(const std::atomic<bool>& done) {
  const int file = ::open("idle", O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (file < 0) fail("cannot make a file");
  std::vector<char> piece(piece_size);
  const std::vector<char> source(64 << 20);
  // Relaxed: nothing is read behind it.
  for (size_t i = 0; !done.load(std::memory_order_relaxed); i++) {
    for (size_t at = 0; at < piece_size; at++)
      piece[at] = static_cast<char>(piece[at] + source[(i * 7919 + at) * 64 % source.size()]);
    const auto offset = static_cast<off_t>(i % pieces * piece_size);
    if (::pwrite(file, piece.data(), piece_size, offset) != static_cast<ssize_t>(piece_size))
      fail("cannot write a file");
    if (i % pieces_a_sync == 0 && ::fdatasync(file) != 0) fail("cannot sync a file");
  }
  ::close(file);
  ::unlink("idle");
}

// Does the work beside the thread that writes.
template <typename Work>
void beside_writer(Work&& work) {
  std::atomic<bool> done{false};
  std::thread writer([&] { write_until(done); });
  work();
  done.store(true, std::memory_order_relaxed);
  writer.join();
}

// As long as a put takes.
void wait_from(Clock::time_point begin) {
  constexpr std::chrono::nanoseconds put{500};
  while (Clock::now() - begin < put) {
  }
}

// The longest of as many waits as there are puts.
std::string slowest_put(uint64_t count, Counted counted) {
  OperationTimes times(counted);
  beside_writer([&] {
    for (uint64_t i = 0; i < count; i++) {
      wait_from(times.begin());
      times.next();
    }
  });
  return slowest_answer(times.durations());
}

double recurring_slowest_put(uint64_t count) {
  RecurringTimes times(count);
  beside_writer([&] {
    for (unsigned run = 0; run < RecurringTimes::runs; run++)
      times.run([](uint64_t) { wait_from(Clock::now()); });
  });
  return times.slowest_milliseconds();
}

}  // namespace
}  // namespace stave::bench

// IDLE RECORDS VALUE_BYTES, as the programs that it stands beside.
int main(int argc, char** argv) {
  if (argc != 3) stave::bench::fail("usage: RECORDS VALUE_BYTES");
  const uint64_t records = stave::bench::parse_count(argv[1]);
  stave::bench::Questions questions;
  const auto add = [&](const char* name, stave::bench::Counted counted) {
    questions.add(name, [=](unsigned) { return stave::bench::slowest_put(records, counted); });
  };
  add("slowest_put", stave::bench::Counted::not_away);
  add("slowest_put_by_clock", stave::bench::Counted::whole);
  questions.add_number("recurring_slowest_put",
                       [=](unsigned) { return stave::bench::recurring_slowest_put(records); });
  return questions.serve();
}

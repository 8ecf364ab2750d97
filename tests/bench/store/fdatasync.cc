// No store: records appended to a preallocated file, fdatasync after each. No store that answers
// one writer at a time can be faster than that.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "tests/bench/frame/measure.h"
#include "tests/bench/frame/program.h"

namespace stave::bench {
namespace {

double durable_rate(uint64_t records, size_t record_size) {
  const uint64_t count = std::min<uint64_t>(records / 4, 4000);
  const std::string record(record_size, 'r');
  const int file = open("data", O_RDWR | O_CREAT, 0644);
  if (file < 0) fail("cannot make a file");
  // Written once, so that what is timed changes no metadata: the file system waits for none.
  const std::string content(count * record_size, '\0');
  if (write(file, content.data(), content.size()) != static_cast<ssize_t>(content.size()) ||
      fsync(file) != 0)
    fail("cannot fill the file");
  const Clock::time_point start = Clock::now();
  for (uint64_t i = 0; i < count; i++) {
    const auto offset = static_cast<off_t>(i * record_size);
    if (pwrite(file, record.data(), record_size, offset) != static_cast<ssize_t>(record_size) ||
        fdatasync(file) != 0)
      fail("cannot write to the file");
  }
  const double nanoseconds = nanoseconds_since(start);
  close(file);
  return static_cast<double>(count) / nanoseconds * 1e6;
}

}  // namespace
}  // namespace stave::bench

// FDATASYNC RECORDS VALUE_BYTES, as the programs that it stands beside.
int main(int argc, char** argv) {
  if (argc != 3) stave::bench::fail("usage: RECORDS VALUE_BYTES");
  const uint64_t records = stave::bench::parse_count(argv[1]);
  const size_t record_size = stave::bench::parse_count(argv[2]) + 40;
  stave::bench::Questions questions;
  // More threads would make it another thing: it is what one thread can reach.
  questions.add("durable", [&](unsigned threads) {
    return threads == 1 ? stave::bench::to_answer(stave::bench::durable_rate(records, record_size))
                        : std::string("-");
  });
  return questions.serve();
}

// Counters that many threads and no crash can make wrong: page views, votes, quotas.
//
//   counters STORE NAME THREADS TIMES    each thread adds 1 to the counter, so many times
//   counters STORE                       prints all counters
//
// Each addition is a batch with a condition: "write the new number if the old one is still there".
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <stave/stave.hpp>
#include <string>
#include <thread>
#include <vector>

namespace {

// A small program ends at its first error. A server would hand the Result on instead.
template <typename T>
T check(stave::Result<T> result) {
  if (!result) {
    std::cerr << "counters: " << result.error().message() << '\n';
    std::exit(EXIT_FAILURE);
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

void add_one(stave::Store& store, const std::string& name, stave::Batch& batch,
             stave::Buffer& buffer) {
  for (;;) {
    check(batch.clear());
    // The view lies in `buffer`, which the next call with it reuses.
    const stave::Result<stave::Bytes> old_value = store.get(name, buffer);
    std::uint64_t count = 0;
    if (old_value) {
      count = std::stoull(std::string(old_value->text()));
      check(batch.require(name, stave::Condition::equal, *old_value));
    } else if (old_value.status() == stave::Status::not_found) {
      check(batch.require(name, stave::Condition::absent));
    }
    check(batch.put(name, std::to_string(count + 1)));
    // Survives kill -9 of this process. Durability::device would survive a power loss as well, and
    // all threads that wait would share one sync of the disk.
    stave::Result<void> written = store.write(batch, stave::Durability::os);
    if (written) return;
    // A mismatch says that another thread was faster: nothing was written, look again.
    if (written.status() != stave::Status::mismatch) check(std::move(written));
  }
}

void count(stave::Store& store, const std::string& name, int threads, int times) {
  std::vector<std::jthread> workers;
  for (int thread = 0; thread < threads; ++thread) {
    // The store is for all threads; a batch and a buffer belong to one.
    workers.emplace_back([&store, &name, times] {
      stave::Batch batch = check(stave::Batch::create());
      stave::Buffer buffer;
      for (int i = 0; i < times; ++i) add_one(store, name, batch, buffer);
    });
  }
}

void print_all(stave::Store& store) {
  // A hash store does not sort, so the printer does.
  std::map<std::string, std::string> counters;
  stave::Cursor cursor = check(store.open_cursor());
  while (cursor.next()) {
    counters[std::string(check(cursor.key()).text())] = check(cursor.value()).text();
  }
  for (const auto& [name, value] : counters) std::cout << name << ' ' << value << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 5) {
    std::cerr << "usage: counters STORE [NAME THREADS TIMES]\n";
    return 2;
  }
  stave::Store store = check(stave::Store::open(argv[1]));
  if (argc == 5) count(store, argv[2], std::stoi(argv[3]), std::stoi(argv[4]));
  print_all(store);
  check(store.close());
}

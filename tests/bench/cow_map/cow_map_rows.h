// The rows of the cow_map family, for any map from i64 to u64 that can be copied.
//
// An adapter is a class:
//
//   Adapter();                                   an empty map
//   std::unique_ptr<Adapter> clone();            a copy that neither side's writes show through
//   void put(int64_t key, uint64_t value);       inserts or replaces
//   bool get(int64_t key, uint64_t& value);
//   template <typename Visit> void for_each(Visit visit);    visit(int64_t key, uint64_t value)
//
// One thread. Answers are checked while they are timed: a wrong one ends the program.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/frame/measure.h"
#include "tests/bench/frame/program.h"
#include "tests/bench/frame/workload.h"

namespace stave::bench::cow_map {

template <typename Adapter>
class CowMapRows {
 public:
  explicit CowMapRows(uint64_t entries) : entries_(entries) {
    if (entries == 0) fail("a map without entries");
  }

  double get() {
    Adapter& map = filled();
    const std::vector<Entry> wanted = random_entries(operations());
    const Clock::time_point start = Clock::now();
    for (const Entry& entry : wanted) {
      uint64_t value = 0;
      const bool found = map.get(entry.key, value);
      check("get", entry.number, found && value == entry.number);
    }
    return nanoseconds_since(start) / static_cast<double>(wanted.size());
  }

  // Into maps that begin empty and that nobody shares.
  double insert() {
    const uint64_t rounds = std::max<uint64_t>(1, operations() / entries_);
    double nanoseconds = 0;
    for (uint64_t round = 0; round < rounds; round++) {
      Adapter map;
      const Clock::time_point start = Clock::now();
      fill(map);
      nanoseconds += nanoseconds_since(start);
    }
    return nanoseconds / static_cast<double>(rounds * entries_);
  }

  double clone() {
    Adapter& map = filled();
    // Cheap copies are timed by the dozen: looking at the clock costs as much as one.
    const size_t batch = median_of_rounds([&] { return time_clones(map, 1); }) < 10'000 ? 64 : 1;
    return median_of_rounds([&] { return time_clones(map, batch); });
  }

  double first_update_after_clone() {
    Adapter& map = filled();
    os::SeededRandom random(1);
    return median_of_rounds([&] {
      const std::unique_ptr<Adapter> clone = map.clone();
      const uint64_t number = uniform(random, entries_);
      const Clock::time_point start = Clock::now();
      map.put(key(number), changed);
      const double nanoseconds = nanoseconds_since(start);
      uint64_t value = 0;
      check("clone", number, clone->get(key(number), value) && value == number);
      check("update", number, map.get(key(number), value) && value == changed);
      map.put(key(number), number);
      return nanoseconds;
    });
  }

  // A clone, ten updates of it, its end.
  double clone_and_ten_updates() {
    Adapter& map = filled();
    os::SeededRandom random(1);
    return median_of_rounds([&] {
      std::array<int64_t, 10> keys;
      for (int64_t& each : keys) each = key(uniform(random, entries_));
      const Clock::time_point start = Clock::now();
      {
        const std::unique_ptr<Adapter> clone = map.clone();
        for (const int64_t each : keys) clone->put(each, changed);
      }
      return nanoseconds_since(start);
    });
  }

  // Per entry.
  double iterate() {
    Adapter& map = filled();
    const uint64_t expected = entries_ * (entries_ - 1) / 2;
    return median_of_rounds([&] {
             uint64_t sum = 0;
             const Clock::time_point start = Clock::now();
             map.for_each([&](int64_t, uint64_t value) { sum += value; });
             const double nanoseconds = nanoseconds_since(start);
             if (sum != expected) fail("a walk over all entries missed some");
             return nanoseconds;
           }) /
           static_cast<double>(entries_);
  }

  // What filling has left resident, per entry. Meant for a fresh process.
  double bytes() {
    const uint64_t before = anonymous_bytes();
    filled();
    return static_cast<double>(anonymous_bytes() - before) / static_cast<double>(entries_);
  }

 private:
  static constexpr uint64_t changed = UINT64_MAX;

  // A key and its number, which is its value, chosen before the clock runs: computing one costs as
  // much as finding it in a small map.
  struct Entry {
    int64_t key;
    uint64_t number;
  };
  std::vector<Entry> random_entries(uint64_t count) const {
    os::SeededRandom random(1);
    std::vector<Entry> entries(count);
    for (Entry& entry : entries) {
      entry.number = uniform(random, entries_);
      entry.key = key(entry.number);
    }
    return entries;
  }
  static int64_t key(uint64_t number) noexcept {
    return static_cast<int64_t>(key_of<Key8>(number));
  }
  [[gnu::always_inline]] static void check(const char* operation, uint64_t number, bool right) {
    if (!right) [[unlikely]]
      went_wrong(operation, number);
  }
  [[noreturn, gnu::cold, gnu::noinline]] static void went_wrong(const char* operation,
                                                                uint64_t number) {
    fail(std::string(operation) + " of key number " + std::to_string(number) + " went wrong");
  }
  uint64_t operations() const { return std::min<uint64_t>(2'000'000, 200 * entries_); }

  Adapter& filled() {
    if (!map_) {
      map_ = std::make_unique<Adapter>();
      fill(*map_);
    }
    return *map_;
  }
  void fill(Adapter& map) const {
    for (uint64_t number = 0; number < entries_; number++) map.put(key(number), number);
  }

  static double time_clones(Adapter& map, size_t count) {
    std::vector<std::unique_ptr<Adapter>> clones(count);
    const Clock::time_point start = Clock::now();
    for (std::unique_ptr<Adapter>& clone : clones) clone = map.clone();
    return nanoseconds_since(start) / static_cast<double>(count);
  }

  // Three rounds at least, and as many as there are entries if they fit into a fifth of a second.
  template <typename Round>
  double median_of_rounds(Round&& round) const {
    std::vector<double> times;
    const Clock::time_point start = Clock::now();
    while (times.size() < 3 || (times.size() < entries_ && nanoseconds_since(start) < 2e8))
      times.push_back(round());
    std::nth_element(times.begin(), times.begin() + static_cast<ptrdiff_t>(times.size() / 2),
                     times.end());
    return times[times.size() / 2];
  }

  uint64_t entries_;
  std::unique_ptr<Adapter> map_;
};

// main() of an adapter's program: PROGRAM ENTRIES.
template <typename Adapter>
int serve_cow_map(int argc, char** argv) {
  if (argc != 2) fail("usage: ENTRIES");
  CowMapRows<Adapter> rows(parse_count(argv[1]));
  Questions questions;
  questions.add_number("get", [&](unsigned) { return rows.get(); });
  questions.add_number("insert", [&](unsigned) { return rows.insert(); });
  questions.add_number("clone", [&](unsigned) { return rows.clone(); });
  questions.add_number("first_update", [&](unsigned) { return rows.first_update_after_clone(); });
  questions.add_number("ten_updates", [&](unsigned) { return rows.clone_and_ten_updates(); });
  questions.add_number("iterate", [&](unsigned) { return rows.iterate(); });
  questions.add_number("bytes", [&](unsigned) { return rows.bytes(); });
  return questions.serve();
}

}  // namespace stave::bench::cow_map

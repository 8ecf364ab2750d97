// Threads that write, clone, read, walk and free the same maps. A writer changes its keys in a
// known order, so that every state of the map is known: reads and clones must show one of them.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "core/cow_map/cursor.h"
#include "core/cow_map/diff.h"
#include "core/cow_map/map.h"
#include "core/sync/epoch.h"
#include "tests/support/ladder.h"
#include "tests/support/random.h"

namespace stave::test {
namespace {

using cow_map::Cursor;
using cow_map::Map;
using cow_map::Options;

constexpr size_t writers = 2;
constexpr uint64_t keys_per_writer = 400;

// Write number n (from 1) of a writer puts n under key n % keys_per_writer, or removes the key when
// n is a multiple of 7. So after n writes key k holds the greatest m <= n with m % keys_per_writer
// == k, unless that m is a multiple of 7.
bool is_removal(uint64_t n) {
  return n % 7 == 0;
}
uint64_t latest_write(uint64_t key, uint64_t last) {
  const uint64_t remainder = last % keys_per_writer;
  const uint64_t back = remainder >= key ? remainder - key : remainder + keys_per_writer - key;
  return back >= last ? 0 : last - back;
}
int64_t key_of(size_t writer, uint64_t key) {
  return static_cast<int64_t>((key * writers + writer) << 32);
}

class Storm {
 public:
  explicit Storm(const Options& options) : options_(options) {
    EXPECT_TRUE(map_.create(options, 5).ok());
  }

  void run(uint64_t count, uint64_t seed) {
    std::vector<std::thread> threads;
    for (size_t writer = 0; writer < writers; writer++)
      threads.emplace_back([this, writer, count] { write(writer, count); });
    for (uint64_t i = 0; i < 2; i++) {
      threads.emplace_back([this, seed, i] { read(seed + i); });
      threads.emplace_back([this, seed, i] { copy(seed + 10 + i); });
    }
    for (size_t i = 0; i < threads.size(); i++) {
      threads[i].join();
      if (i + 1 == writers) stop_.store(true);
    }
  }

  std::atomic<uint64_t> reads{0}, copies{0}, writes{0};

 private:
  // The number as bytes of a value, wide or not.
  std::array<std::byte, 64> bytes_of(uint64_t number) const {
    std::array<std::byte, 64> bytes{};
    for (size_t i = 0; i < bytes.size(); i += sizeof number)
      std::memcpy(bytes.data() + i, &number, sizeof number);
    return bytes;
  }
  size_t value_size() const { return options_.fixed_values ? options_.value_size : 64; }
  uint64_t number_of(Bytes bytes) const {
    uint64_t number = 0;
    EXPECT_EQ(bytes.size(), value_size());
    for (size_t i = 0; i + sizeof number <= bytes.size(); i += sizeof number) {
      uint64_t part = 0;
      std::memcpy(&part, bytes.data() + i, sizeof part);
      EXPECT_TRUE(i == 0 || part == number) << "a torn value";
      number = part;
    }
    return number;
  }

  void write(size_t writer, uint64_t count) {
    for (uint64_t n = 1; n <= count; n++) {
      const int64_t key = key_of(writer, n % keys_per_writer);
      if (is_removal(n)) {
        EXPECT_FALSE(map_.remove(key, [](Bytes) { return Status(); }).is_error());
      } else {
        const auto bytes = bytes_of(n);
        const Status status =
            map_.put(key, Bytes(bytes).first(value_size()), [](Bytes) { return Status(); });
        EXPECT_TRUE(status.ok());
      }
      // Release: whoever reads the number may expect the write.
      done_[writer].store(n, std::memory_order_release);
      writes.fetch_add(1, std::memory_order_relaxed);
    }
  }

  void read(uint64_t seed) {
    Random random(seed);
    while (!stop_.load()) {
      const size_t writer = random.below(writers);
      const uint64_t key = random.below(keys_per_writer);
      const uint64_t before = done_[writer].load(std::memory_order_acquire);
      uint64_t number = 0;
      EXPECT_FALSE(map_.get(key_of(writer, key),
                            [&](Bytes bytes) {
                              number = number_of(bytes);
                              return Status();
                            })
                       .is_error());
      if (random.one_in(8)) {
        auto pin = map_.get_pin(key_of(writer, key));
        if (pin) number_of(pin->bytes());
      }
      const uint64_t least = latest_write(key, before);
      if (number != 0) {
        EXPECT_EQ(number % keys_per_writer, key) << "a value of another key";
        EXPECT_FALSE(is_removal(number)) << "a value that was never written";
        EXPECT_GE(number, least) << "an overwritten value";
      } else if (least != 0 && !is_removal(least)) {
        // The key was there before: a later write has removed it.
        uint64_t removal = least;
        while (!is_removal(removal)) removal += keys_per_writer;
        EXPECT_LE(removal, done_[writer].load(std::memory_order_acquire) + 1);
      }
      reads.fetch_add(1, std::memory_order_relaxed);
    }
  }

  // What a copy shows of a writer must be the state after one number of writes, between those that
  // were done before and after copying. Copies are written to and copied themselves.
  void copy(uint64_t seed) {
    Random random(seed);
    std::vector<std::unique_ptr<Map>> kept;
    while (!stop_.load()) {
      std::array<uint64_t, writers> before{};
      std::array<uint64_t, writers> after{};
      for (size_t i = 0; i < writers; i++) before[i] = done_[i].load(std::memory_order_acquire);
      auto clone = std::make_unique<Map>();
      ASSERT_TRUE(clone->clone_from(map_).ok());
      for (size_t i = 0; i < writers; i++) after[i] = done_[i].load(std::memory_order_acquire) + 1;
      check(*clone, before, after);
      Map second;
      ASSERT_TRUE(second.clone_from(*clone).ok());
      const auto bytes = bytes_of(1);
      for (uint64_t i = 0; i < 20; i++) {
        const int64_t key = key_of(random.below(writers), random.below(keys_per_writer));
        EXPECT_TRUE(
            second.put(key, Bytes(bytes).first(value_size()), [](Bytes) { return Status(); }).ok());
      }
      check(*clone, before, after);
      kept.push_back(std::move(clone));
      if (kept.size() > 8) {
        std::swap(kept[random.below(kept.size())], kept.back());
        kept.pop_back();
      }
      copies.fetch_add(1, std::memory_order_relaxed);
    }
  }

  void check(Map& clone, const std::array<uint64_t, writers>& before,
             const std::array<uint64_t, writers>& after) {
    std::array<std::array<uint64_t, keys_per_writer>, writers> found{};
    auto snapshot = clone.snapshot();
    ASSERT_TRUE(snapshot);
    Cursor cursor(*std::move(snapshot));
    uint64_t entries = 0;
    while (cursor.next()) {
      const uint64_t place = static_cast<uint64_t>(cursor.key()) >> 32;
      found[place % writers][place / writers] = number_of(cursor.value());
      entries++;
    }
    EXPECT_EQ(entries, clone.size());
    for (size_t writer = 0; writer < writers; writer++) {
      bool matches = false;
      for (uint64_t n = before[writer]; n <= after[writer] && !matches; n++) {
        matches = true;
        for (uint64_t key = 0; key < keys_per_writer && matches; key++) {
          const uint64_t latest = latest_write(key, n);
          matches = found[writer][key] == (is_removal(latest) ? 0 : latest);
        }
      }
      EXPECT_TRUE(matches) << "a copy shows no state between " << before[writer] << " and "
                           << after[writer];
    }
  }

  Options options_;
  Map map_;
  std::array<std::atomic<uint64_t>, writers> done_{};
  std::atomic<bool> stop_{false};
};

TEST(CowMapStress, ReadersCopiesAndWritersOfOneMap) {
  const uint64_t seed = ladder_seed(17);
  uint64_t reads = 0;
  uint64_t writes = 0;
  uint64_t copies = 0;
  for (const Options& options : {Options{.fixed_values = true, .value_size = 8}, Options{}}) {
    Storm storm(options);
    storm.run(scaled(2'500'000), seed);
    reads += storm.reads;
    writes += storm.writes;
    copies += storm.copies;
  }
  report_counts("cow_map stress", {{"writes", writes}, {"reads", reads}, {"copies", copies}});
  while (sync::EpochRegistry::waiting() != 0) EXPECT_TRUE(sync::EpochRegistry::reclaim_all());
}

}  // namespace
}  // namespace stave::test

// The rows of the index family, for any in-memory hash index from keys of 8 or 16 bytes to u64.
//
// An adapter is a class template over the key type (Key8 or Key16):
//
//   Adapter();
//   void reserve(uint64_t keys);               makes room for that many
//   bool put(const Key&, uint64_t value);      inserts or replaces; true when the key was absent
//   bool get(const Key&, uint64_t& value) const;
//   bool erase(const Key&);                    true when the key was there
//   uint64_t size() const;
//   void multi_get(const std::array<Key, batch>& keys, std::array<uint64_t, batch>& values,
//                  std::array<uint8_t, batch>& found) const;
//                                              optional: without it the rows get one by one
//   static void prepare(uint64_t keys);        optional, called once and first: for an index
//   without
//                                              keys, whose caller keeps them in records
//
// put, get, erase and multi_get are called by several threads at the same time. Every answer is
// checked while it is timed: a wrong one ends the program.
//
// A value is the number of its key in the low 32 bits, and a version above, 44 bits in all.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/bench/frame/measure.h"
#include "tests/bench/frame/program.h"
#include "tests/bench/frame/workload.h"

namespace stave::bench::index {

inline constexpr size_t batch = 32;  // keys of a multi_get
inline constexpr unsigned number_bits = 32;
inline constexpr uint64_t versions = 1 << 12;

inline uint64_t value_of(uint64_t number, uint64_t version) noexcept {
  return number | (version % versions) << number_bits;
}
inline uint64_t number_of(uint64_t value) noexcept {
  return value & ((uint64_t{1} << 32) - 1);
}

template <typename Adapter, typename Key>
class IndexRows {
 public:
  explicit IndexRows(uint64_t keys) : keys_(keys) {
    if (keys == 0 || keys >> number_bits != 0) fail("the number of keys is out of range");
    if constexpr (requires { Adapter::prepare(keys); }) Adapter::prepare(keys);
  }

  double hit(unsigned threads) {
    const Adapter& index = filled();
    const Draws draws = draw(threads, 0);
    return per_operation(threads, [&](unsigned thread, uint64_t count) {
      const Drawn* drawn = draws[thread].data();
      for (const Drawn* end = drawn + count; drawn != end; drawn++) {
        uint64_t value = 0;
        const bool found = index.get(drawn->key, value);
        check("hit", drawn->number, found && number_of(value) == drawn->number);
      }
    });
  }

  double miss(unsigned threads) {
    const Adapter& index = filled();
    const Draws draws = draw(threads, absent_numbers_begin);
    return per_operation(threads, [&](unsigned thread, uint64_t count) {
      const Drawn* drawn = draws[thread].data();
      for (const Drawn* end = drawn + count; drawn != end; drawn++) {
        uint64_t value = 0;
        check("miss", drawn->number, !index.get(drawn->key, value));
      }
    });
  }

  double multi_get(unsigned threads) {
    const Adapter& index = filled();
    const Draws draws = draw(threads, 0);
    return per_operation(threads, [&](unsigned thread, uint64_t count) {
      const Drawn* drawn = draws[thread].data();
      std::array<uint64_t, batch> values;
      std::array<Key, batch> keys;
      std::array<uint8_t, batch> found;
      for (uint64_t done = 0; done < count; done += batch, drawn += batch) {
        for (size_t i = 0; i < batch; i++) keys[i] = drawn[i].key;
        get_batch(index, keys, values, found);
        for (size_t i = 0; i < batch; i++)
          check("multi_get", drawn[i].number,
                found[i] != 0 && number_of(values[i]) == drawn[i].number);
      }
    });
  }

  // Reads and updates of keys that are there, with the popularity of YCSB.
  double zipf(unsigned threads, uint64_t updates_percent) {
    Adapter& index = filled();
    if (!zipf_) zipf_ = std::make_unique<Zipf>(keys_);
    Draws draws(threads);
    std::vector<std::vector<uint8_t>> updates(threads);
    for (unsigned thread = 0; thread < threads; thread++) {
      os::SeededRandom random(thread);
      for (const uint32_t number : zipf_->draw(operations() / threads, thread)) {
        draws[thread].push_back({key_of<Key>(number), number});
        updates[thread].push_back(uniform(random, 100) < updates_percent ? 1 : 0);
      }
    }
    return per_operation(threads, [&](unsigned thread, uint64_t count) {
      for (uint64_t i = 0; i < count; i++) {
        const auto& [key, number] = draws[thread][i];
        if (updates[thread][i] != 0) {
          check("update", number, !index.put(key, value_of(number, i)));
        } else {
          uint64_t value = 0;
          const bool found = index.get(key, value);
          check("read", number, found && number_of(value) == number);
        }
      }
    });
  }

  double insert(unsigned threads, bool reserved) {
    index_ = std::make_unique<Adapter>();
    if (reserved) index_->reserve(keys_);
    const double nanoseconds =
        run_team(threads, [&](unsigned thread) { put_part(thread, threads); });
    check_size(keys_);
    return nanoseconds / static_cast<double>(keys_);
  }

  double erase(unsigned threads) {
    Adapter& index = filled();
    const double nanoseconds = run_team(threads, [&](unsigned thread) {
      for (uint64_t i = thread; i < keys_; i += threads) {
        const uint64_t number = shuffled(i, keys_);
        check("erase", number, index.erase(key_of<Key>(number)));
      }
    });
    check_size(0);
    index_.reset();
    return nanoseconds / static_cast<double>(keys_);
  }

  // What growing to all keys has left resident, per key. Meant for a fresh process.
  double bytes() {
    const uint64_t before = anonymous_bytes();
    index_ = std::make_unique<Adapter>();
    put_part(0, 1);
    return static_cast<double>(anonymous_bytes() - before) / static_cast<double>(keys_);
  }

  // The most that was resident while growing to all keys, per key. Meant for a fresh process.
  double peak_bytes() {
    // What came before may have had peaks of its own: an adapter makes its records.
    const uint64_t before = begin_peak();
    index_ = std::make_unique<Adapter>();
    put_part(0, 1);
    return static_cast<double>(peak_resident_bytes() - before) / static_cast<double>(keys_);
  }

  // Single inserts while growing to all keys. An operation ends where the next begins: no
  // interruption falls between two.
  std::string latency() {
    index_ = std::make_unique<Adapter>();
    Histogram durations;
    Clock::time_point begin = Clock::now();
    for (uint64_t number = 0; number < keys_; number++) {
      check("insert", number, index_->put(key_of<Key>(number), value_of(number, 0)));
      const Clock::time_point end = Clock::now();
      durations.record(static_cast<uint64_t>((end - begin).count()));
      begin = end;
    }
    return latency_answer(durations);
  }

 private:
  using Drawn = bench::Drawn<Key>;
  using Draws = std::vector<std::vector<Drawn>>;
  // For each thread, of the numbers from `begin` on.
  Draws draw(unsigned threads, uint64_t begin) const {
    Draws draws;
    for (unsigned thread = 0; thread < threads; thread++)
      draws.push_back(draw_uniform<Key>(operations() / threads + batch, thread, keys_, begin));
    return draws;
  }

  static void check(const char* operation, uint64_t number, bool right) {
    if (!right) [[unlikely]]
      fail(std::string(operation) + " of key number " + std::to_string(number) + " went wrong");
  }
  void check_size(uint64_t expected) const {
    if (index_->size() != expected)
      fail("size is " + std::to_string(index_->size()) + " instead of " + std::to_string(expected));
  }

  // Enough to last half a second at 10 M keys, and no more than all caches can stand at few keys.
  uint64_t operations() const { return std::min<uint64_t>(20 * keys_, 4'000'000); }

  template <typename Work>
  double per_operation(unsigned threads, Work&& work) const {
    const uint64_t each = operations() / threads;
    const double nanoseconds = run_team(threads, [&](unsigned thread) { work(thread, each); });
    return nanoseconds / static_cast<double>(each * threads);
  }

  Adapter& filled() {
    if (!index_) {
      index_ = std::make_unique<Adapter>();
      put_part(0, 1);
      check_size(keys_);
    }
    return *index_;
  }

  void put_part(unsigned thread, unsigned threads) {
    for (uint64_t number = thread; number < keys_; number += threads)
      check("insert", number, index_->put(key_of<Key>(number), value_of(number, 0)));
  }

  static void get_batch(const Adapter& index, const std::array<Key, batch>& keys,
                        std::array<uint64_t, batch>& values, std::array<uint8_t, batch>& found) {
    if constexpr (requires { index.multi_get(keys, values, found); }) {
      index.multi_get(keys, values, found);
    } else {
      for (size_t i = 0; i < batch; i++) found[i] = index.get(keys[i], values[i]);
    }
  }

  uint64_t keys_;
  std::unique_ptr<Adapter> index_;
  std::unique_ptr<Zipf> zipf_;
};

template <typename Adapter, typename Key>
int serve_rows(uint64_t keys) {
  IndexRows<Adapter, Key> rows(keys);
  Questions questions;
  questions.add_number("hit", [&](unsigned threads) { return rows.hit(threads); });
  questions.add_number("miss", [&](unsigned threads) { return rows.miss(threads); });
  questions.add_number("multi_get", [&](unsigned threads) { return rows.multi_get(threads); });
  questions.add_number("zipf_95_5", [&](unsigned threads) { return rows.zipf(threads, 5); });
  questions.add_number("zipf_50_50", [&](unsigned threads) { return rows.zipf(threads, 50); });
  questions.add_number("insert", [&](unsigned threads) { return rows.insert(threads, false); });
  questions.add_number("insert_reserved",
                       [&](unsigned threads) { return rows.insert(threads, true); });
  questions.add_number("erase", [&](unsigned threads) { return rows.erase(threads); });
  questions.add_number("bytes", [&](unsigned) { return rows.bytes(); });
  questions.add_number("peak_bytes", [&](unsigned) { return rows.peak_bytes(); });
  questions.add("latency", [&](unsigned) { return rows.latency(); });
  return questions.serve();
}

// main() of an adapter's program: PROGRAM KEYS KEY_BYTES.
template <template <typename> typename Adapter>
int serve_index(int argc, char** argv) {
  if (argc != 3) fail("usage: KEYS KEY_BYTES (8 or 16)");
  const uint64_t keys = parse_count(argv[1]);
  const std::string key_bytes = argv[2];
  if (key_bytes == "8") return serve_rows<Adapter<Key8>, Key8>(keys);
  if (key_bytes == "16") return serve_rows<Adapter<Key16>, Key16>(keys);
  fail("keys have 8 or 16 bytes");
}

}  // namespace stave::bench::index

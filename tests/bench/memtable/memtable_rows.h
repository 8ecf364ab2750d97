// The rows of the memtable family: keys of 16 bytes, values of 8.
//
// An adapter is a class
//
//   Adapter();
//   uint64_t size();                                keys that have a value
//   class Snapshot                                  of this moment; used by several threads at once
//     explicit Snapshot(Adapter&);
//     bool get(const Key16&, uint64_t& value);
//   class Transaction                               rolled back at its end unless it was committed
//     explicit Transaction(Adapter&);
//     bool get(const Key16&, uint64_t& value);
//     bool put(const Key16&, uint64_t value);       false: another transaction was first
//     void commit();
//
// Every answer is checked while it is timed: a wrong one ends the program. A value is the number of
// its key in the low 32 bits, and a version above.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/bench/frame/measure.h"
#include "tests/bench/frame/program.h"
#include "tests/bench/frame/workload.h"

namespace stave::bench::memtable {

inline constexpr uint64_t writes_per_commit = 100;  // where single writes are timed

inline uint64_t value_of(uint64_t number, uint64_t version) noexcept {
  return number | version << 32;
}
inline uint64_t number_of(uint64_t value) noexcept {
  return value & UINT32_MAX;
}

template <typename Adapter>
class MemtableRows {
 public:
  using Snapshot = typename Adapter::Snapshot;
  using Transaction = typename Adapter::Transaction;

  explicit MemtableRows(uint64_t keys) : keys_(keys) {
    if (keys < 2 || keys > UINT32_MAX) fail("the number of keys is out of range");
  }

  double read(unsigned threads) {
    Snapshot snapshot(filled());
    return each_drawn(threads, 0, 1, [&](const auto& draws) {
      for (const auto& [key, number] : draws) {
        uint64_t value = 0;
        const bool found = snapshot.get(key, value);
        check("read", number, found && number_of(value) == number);
      }
    });
  }

  double miss(unsigned threads) {
    Snapshot snapshot(filled());
    return each_drawn(threads, absent_numbers_begin, 1, [&](const auto& draws) {
      for (const auto& [key, number] : draws) {
        uint64_t value = 0;
        check("miss", number, !snapshot.get(key, value));
      }
    });
  }

  // New values for keys that are there, each thread its own; the commits are part of it.
  double write(unsigned threads) {
    Adapter& table = filled();
    const double nanoseconds = each_drawn(threads, 0, threads, [&](const auto& draws) {
      for (uint64_t done = 0; done < draws.size();) {
        Transaction transaction(table);
        for (uint64_t i = 0; i < writes_per_commit && done < draws.size(); i++, done++) {
          const auto& [key, number] = draws[done];
          check("write", number, transaction.put(key, value_of(number, done)));
        }
        transaction.commit();
      }
    });
    check_size(keys_);
    return nanoseconds;
  }

  double insert(unsigned threads) {
    table_ = std::make_unique<Adapter>();
    const double nanoseconds = run_team(threads, [&](unsigned thread) { fill(thread, threads); });
    check_size(keys_);
    return nanoseconds / static_cast<double>(keys_);
  }

  // Two reads, two writes of what was read, uniformly chosen; one that meets another begins anew.
  double transaction(unsigned threads) {
    Adapter& table = filled();
    const double nanoseconds =
        per_operation(threads, operations() / 4, [&](unsigned thread, uint64_t count) {
          os::SeededRandom random(thread);
          for (uint64_t i = 0; i < count;) i += change_two(table, random, i) ? 1 : 0;
        });
    check_size(keys_);
    return nanoseconds;
  }

  // Reads of one key at a random one of `versions` moments between its versions.
  double history(unsigned versions) {
    Adapter table;
    std::vector<std::unique_ptr<Snapshot>> moments;
    const auto key = key_of<Key16>(0);
    for (uint64_t version = 0; version < versions; version++) {
      Transaction transaction(table);
      check("write", version, transaction.put(key, value_of(0, version)));
      transaction.commit();
      moments.push_back(std::make_unique<Snapshot>(table));
    }
    return per_operation(1, operations(), [&](unsigned thread, uint64_t count) {
      os::SeededRandom random(thread);
      for (uint64_t i = 0; i < count; i++) {
        const uint64_t version = uniform(random, versions);
        uint64_t value = 0;
        const bool found = moments[version]->get(key, value);
        check("history", version, found && value == value_of(0, version));
      }
    });
  }

  // What growing to all keys has left resident, per key. Meant for a fresh process.
  double bytes() {
    const uint64_t before = anonymous_bytes();
    filled();
    return static_cast<double>(anonymous_bytes() - before) / static_cast<double>(keys_);
  }

 private:
  static void check(const char* operation, uint64_t number, bool right) {
    if (!right) [[unlikely]]
      fail(std::string(operation) + " of number " + std::to_string(number) + " went wrong");
  }
  void check_size(uint64_t expected) {
    if (table_->size() != expected)
      fail("size is " + std::to_string(table_->size()) + " instead of " + std::to_string(expected));
  }
  uint64_t operations() const { return std::min<uint64_t>(20 * keys_, 2'000'000); }

  template <typename Work>
  static double per_operation(unsigned threads, uint64_t operations, Work&& work) {
    const uint64_t each = operations / threads;
    const double nanoseconds = run_team(threads, [&](unsigned thread) { work(thread, each); });
    return nanoseconds / static_cast<double>(each * threads);
  }

  // Runs work(draws) in each thread. `step` 1: all keys from `begin` on are for all threads; else
  // every `step`-th, beginning with the thread's number.
  template <typename Work>
  double each_drawn(unsigned threads, uint64_t begin, unsigned step, Work&& work) {
    const uint64_t each = operations() / threads;
    std::vector<std::vector<Drawn<Key16>>> draws;
    for (unsigned thread = 0; thread < threads; thread++) {
      const uint64_t first = step == 1 ? begin : begin + thread;
      draws.push_back(draw_uniform<Key16>(each, thread, keys_ / step, first, step));
    }
    const double nanoseconds = run_team(threads, [&](unsigned thread) { work(draws[thread]); });
    return nanoseconds / static_cast<double>(each * threads);
  }

  bool change_two(Adapter& table, os::SeededRandom& random, uint64_t version) {
    Transaction transaction(table);
    for (int i = 0; i < 2; i++) {
      const uint64_t number = uniform(random, keys_);
      const auto key = key_of<Key16>(number);
      uint64_t value = 0;
      const bool found = transaction.get(key, value);
      check("read", number, found && number_of(value) == number);
      if (!transaction.put(key, value_of(number, version))) return false;
    }
    transaction.commit();
    return true;
  }

  Adapter& filled() {
    if (!table_) {
      table_ = std::make_unique<Adapter>();
      fill(0, 1);
      check_size(keys_);
    }
    return *table_;
  }
  void fill(unsigned thread, unsigned threads) {
    for (uint64_t number = thread; number < keys_;) {
      Transaction transaction(*table_);
      for (uint64_t i = 0; i < writes_per_commit && number < keys_; i++, number += threads)
        check("insert", number, transaction.put(key_of<Key16>(number), value_of(number, 0)));
      transaction.commit();
    }
  }

  uint64_t keys_;
  std::unique_ptr<Adapter> table_;
};

// main() of an adapter's program: PROGRAM KEYS.
template <typename Adapter>
int serve_memtable(int argc, char** argv) {
  if (argc != 3) fail("usage: KEYS VALUE_BYTES (8)");
  if (std::string(argv[2]) != "8") fail("values have 8 bytes");
  MemtableRows<Adapter> rows(parse_count(argv[1]));
  Questions questions;
  questions.add_number("read", [&](unsigned threads) { return rows.read(threads); });
  questions.add_number("miss", [&](unsigned threads) { return rows.miss(threads); });
  questions.add_number("write", [&](unsigned threads) { return rows.write(threads); });
  questions.add_number("insert", [&](unsigned threads) { return rows.insert(threads); });
  questions.add_number("transaction", [&](unsigned threads) { return rows.transaction(threads); });
  questions.add_number("history", [&](unsigned versions) { return rows.history(versions); });
  questions.add_number("bytes", [&](unsigned) { return rows.bytes(); });
  return questions.serve();
}

}  // namespace stave::bench::memtable

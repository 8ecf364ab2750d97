// The rows of the store family, for any embedded store of bytes under keys of 16 bytes.
//
// An adapter is a class:
//
//   explicit Adapter(const Setup&);            opens "data" in the working directory, making it
//   ~Adapter();                                closes it cleanly
//   Session session();                         what one thread works with: an object, or *this by
//                                              reference where threads need nothing of their own
//   void bulk_load(Next next);                 optional: all records of an empty store at once;
//                                              next(Key16&, std::string& value) answers false
//                                              behind the last
//
// and its session has
//
//   void put(Bytes key, Bytes value);          inserts or replaces
//   bool get(Bytes key, Visit visit);          calls visit(Bytes value), false when it is absent
//   void erase(Bytes key);
//   void multi_get(const Key16* keys, size_t count, Visit visit);
//                                              optional, visit(position, value); else one by one
//
// Failures of the system end the program in the adapter. Every value is checked while it is timed.
#pragma once

#include <csignal>
#include <memory>
#include <string>
#include <utility>

#include "tests/bench/frame/files.h"
#include "tests/bench/frame/measure.h"
#include "tests/bench/frame/operation_times.h"
#include "tests/bench/frame/program.h"
#include "tests/bench/store/setup.h"
#include "tests/bench/store/values.h"

namespace stave::bench::store {

template <typename Adapter>
class StoreRows {
 public:
  static constexpr size_t batch = 32;

  StoreRows(uint64_t records, size_t value_size)
      : setup_{records, value_size, Durability::os}, values_(value_size) {
    if (records == 0 || records >> 32 != 0) fail("the number of records is out of range");
  }

  // Thousand single puts of new records a second.
  double load() {
    store_ = std::make_unique<Adapter>(setup_);
    const Clock::time_point start = Clock::now();
    put_all(*store_);
    return rate(setup_.records, nanoseconds_since(start));
  }

  // After every record has been read once, and what loading has left to do is done.
  double warm_get(unsigned threads) {
    warmed();
    return get(threads);
  }

  double get(unsigned threads) {
    return rate_of(threads, [&](auto& session, unsigned thread, uint64_t count) {
      os::SeededRandom random(thread);
      for (uint64_t i = 0; i < count; i++) read(session, uniform(random, setup_.records));
    });
  }

  double warm_miss(unsigned threads) {
    warmed();
    return miss(threads);
  }

  double miss(unsigned threads) {
    return rate_of(threads, [&](auto& session, unsigned thread, uint64_t count) {
      os::SeededRandom random(thread);
      for (uint64_t i = 0; i < count; i++)
        expect_absent(session, absent_numbers_begin + uniform(random, setup_.records));
    });
  }

  double multi_get(unsigned threads) {
    return rate_of(threads, [&](auto& session, unsigned thread, uint64_t count) {
      os::SeededRandom random(thread);
      std::array<uint64_t, batch> numbers;
      for (uint64_t done = 0; done < count; done += batch) {
        for (uint64_t& number : numbers) number = uniform(random, setup_.records);
        read_batch(session, numbers);
      }
    });
  }

  // New values for old keys, each thread its own ones.
  double update(unsigned threads) {
    return rate_of(threads, [&](auto& session, unsigned thread, uint64_t count) {
      os::SeededRandom random(thread);
      std::string value;
      for (uint64_t i = 0; i < count; i++) {
        const uint64_t number = uniform(random, setup_.records / threads) * threads + thread;
        write(session, number, i, value);
      }
    });
  }

  // A workload of YCSB: reads, the rest updates or read-modify-writes, popularity zipf 0.99.
  double ycsb(unsigned threads, uint64_t reads_percent, bool read_before_write) {
    filled();
    if (!zipf_) zipf_ = std::make_unique<Zipf>(setup_.records);
    std::vector<std::vector<uint32_t>> draws;
    for (unsigned thread = 0; thread < threads; thread++)
      draws.push_back(zipf_->draw(operations() / threads, thread));
    return rate_of(threads, [&](auto& session, unsigned thread, uint64_t count) {
      os::SeededRandom random(thread);
      std::string value;
      for (uint64_t i = 0; i < count; i++) {
        const uint64_t number = draws[thread][i];
        const bool writes = uniform(random, 100) >= reads_percent;
        if (!writes || read_before_write) read(session, number);
        if (writes) write(session, number, i, value);
      }
    });
  }

  // Half of the records, in another order than that of loading; thousand a second.
  double erase_half() {
    auto&& session = filled().session();
    const uint64_t half = setup_.records / 2;
    const Clock::time_point start = Clock::now();
    for (uint64_t i = 0; i < half; i++)
      session.erase(bytes_of(key_of<Key16>(shuffled(i, setup_.records))));
    const double nanoseconds = nanoseconds_since(start);
    for (uint64_t i = 0; i < setup_.records; i += 7) {
      const uint64_t number = shuffled(i, setup_.records);
      i < half ? expect_absent(session, number) : read(session, number);
    }
    return rate(half, nanoseconds);
  }

  // Bytes of the device per record, after a clean close.
  double disk_bytes() {
    filled();
    store_.reset();
    return static_cast<double>(allocated_bytes(".")) / static_cast<double>(setup_.records);
  }

  // The same on the way, on average from half of the records to all of them.
  double growing_disk_bytes() {
    constexpr uint64_t samples = 16;
    store_ = std::make_unique<Adapter>(setup_);
    auto&& session = store_->session();
    std::string value;
    double sum = 0;
    uint64_t number = 0;
    for (uint64_t sample = 1; sample <= samples; sample++) {
      const uint64_t until = setup_.records / 2 + setup_.records * sample / (2 * samples);
      for (; number < until; number++) write(session, number, 0, value);
      sum += static_cast<double>(allocated_bytes(".")) / static_cast<double>(number);
    }
    return sum / samples;
  }

  // Bytes of the device per record, after loading all at once and a clean close.
  std::string bulk_disk_bytes() {
    if constexpr (requires(Adapter & store, bool (*next)(Key16&, std::string&)) {
                    store.bulk_load(next);
                  }) {
      store_ = std::make_unique<Adapter>(setup_);
      uint64_t number = 0;
      store_->bulk_load([&](Key16& key, std::string& value) {
        if (number == setup_.records) return false;
        key = key_of<Key16>(number);
        values_.make(number, 0, value);
        number++;
        return true;
      });
      auto&& session = store_->session();
      for (uint64_t i = 0; i < setup_.records; i += 7) read(session, i);
      return to_answer(disk_bytes());
    } else {
      return "-";
    }
  }

  // Milliseconds of the slowest single put while loading.
  std::string slowest_put(Counted counted) {
    store_ = std::make_unique<Adapter>(setup_);
    auto&& session = store_->session();
    std::string value;
    OperationTimes times(counted);
    for (uint64_t number = 0; number < setup_.records; number++) {
      write(session, number, 0, value);
      times.next();
    }
    return slowest_answer(times.durations());
  }

  // The same, as far as it comes again each time that a store is loaded.
  double recurring_slowest_put() {
    RecurringTimes times(setup_.records);
    for (unsigned run = 0; run < RecurringTimes::runs; run++) {
      store_.reset();
      remove_files(".");
      store_ = std::make_unique<Adapter>(setup_);
      auto&& session = store_->session();
      std::string value;
      times.run([&](uint64_t number) { write(session, number, 0, value); });
    }
    return times.slowest_milliseconds();
  }

  // Memory that no file backs, per record, after loading. Meant for a fresh process.
  double memory_bytes() {
    const uint64_t before = anonymous_bytes();
    filled();
    return static_cast<double>(anonymous_bytes() - before) / static_cast<double>(setup_.records);
  }

  // Milliseconds.
  double clean_open() {
    filled();
    store_.reset();
    return open_milliseconds();
  }

  // Bytes of memory that an open takes, with those of files, when nothing of them is in memory:
  // another process has loaded the records and closed.
  double cold_open_bytes() {
    in_killed_child([this] {
      {
        Adapter store(setup_);
        put_all(store);
      }
      raise(SIGKILL);
    });
    drop_cached(".");
    const uint64_t before = resident_bytes();
    store_ = std::make_unique<Adapter>(setup_);
    return static_cast<double>(resident_bytes()) - static_cast<double>(before);
  }

  // Milliseconds, after another process that loaded the records was killed. Everything that was
  // put must be there: that is what durability `os` means.
  double open_after_kill() {
    in_killed_child([this] {
      Adapter store(setup_);
      put_all(store);
      raise(SIGKILL);
    });
    const double milliseconds = open_milliseconds();
    auto&& session = store_->session();
    for (uint64_t number = 0; number < setup_.records; number++) read(session, number);
    return milliseconds;
  }

  // Thousand puts of new records a second into an empty store, each on the device when it returns.
  double durable(unsigned threads) {
    setup_.durability = Durability::device;
    store_ = std::make_unique<Adapter>(setup_);
    const uint64_t each =
        std::max<uint64_t>(1, std::min<uint64_t>(setup_.records / 4, 4000) / threads);
    const double nanoseconds = run_team(threads, [&](unsigned thread) {
      auto&& session = store_->session();
      std::string value;
      for (uint64_t i = 0; i < each; i++) write(session, i * threads + thread, 0, value);
    });
    auto&& session = store_->session();
    for (uint64_t number = 0; number < each * threads; number++) read(session, number);
    return rate(each * threads, nanoseconds);
  }

 private:
  static double rate(uint64_t operations, double nanoseconds) {
    return static_cast<double>(operations) / nanoseconds * 1e6;
  }
  uint64_t operations() const { return std::min<uint64_t>(5 * setup_.records, 1'000'000); }

  static void check(const char* operation, uint64_t number, bool right) {
    if (!right) [[unlikely]]
      fail(std::string(operation) + " of record number " + std::to_string(number) + " went wrong");
  }
  void read(auto& session, uint64_t number) const {
    bool right = false;
    session.get(bytes_of(key_of<Key16>(number)),
                [&](Bytes value) { right = values_.right(number, value); });
    check("get", number, right);
  }
  void expect_absent(auto& session, uint64_t number) const {
    check("miss", number, !session.get(bytes_of(key_of<Key16>(number)), [](Bytes) {}));
  }
  void write(auto& session, uint64_t number, uint64_t version, std::string& value) const {
    values_.make(number, version, value);
    session.put(bytes_of(key_of<Key16>(number)), as_bytes(value));
  }
  void read_batch(auto& session, const std::array<uint64_t, batch>& numbers) const {
    std::array<Key16, batch> keys;
    for (size_t i = 0; i < batch; i++) keys[i] = key_of<Key16>(numbers[i]);
    const auto visit = [&](size_t i, Bytes value) {
      check("multi_get", numbers[i], values_.right(numbers[i], value));
    };
    if constexpr (requires { session.multi_get(keys.data(), batch, visit); }) {
      session.multi_get(keys.data(), batch, visit);
    } else {
      for (const uint64_t number : numbers) read(session, number);
    }
  }

  template <typename Work>
  double rate_of(unsigned threads, Work&& work) {
    Adapter& store = filled();
    const uint64_t each = operations() / threads;
    const double nanoseconds = run_team(threads, [&](unsigned thread) {
      auto&& session = store.session();
      work(session, thread, each);
    });
    return rate(each * threads, nanoseconds);
  }

  Adapter& filled() {
    if (!store_) {
      store_ = std::make_unique<Adapter>(setup_);
      put_all(*store_);
    }
    return *store_;
  }
  void warmed() {
    if (std::exchange(is_warm_, true)) return;
    auto&& session = filled().session();
    for (uint64_t number = 0; number < setup_.records; number++) read(session, number);
  }
  void put_all(Adapter& store) const {
    auto&& session = store.session();
    std::string value;
    for (uint64_t number = 0; number < setup_.records; number++) write(session, number, 0, value);
  }
  double open_milliseconds() {
    const Clock::time_point start = Clock::now();
    store_ = std::make_unique<Adapter>(setup_);
    const double nanoseconds = nanoseconds_since(start);
    auto&& session = store_->session();
    read(session, setup_.records - 1);
    return nanoseconds / 1e6;
  }

  Setup setup_;
  Values values_;
  std::unique_ptr<Adapter> store_;
  std::unique_ptr<Zipf> zipf_;
  bool is_warm_ = false;
};

// main() of an adapter's program: PROGRAM RECORDS VALUE_BYTES.
template <typename Adapter>
int serve_store(int argc, char** argv) {
  if (argc != 3) fail("usage: RECORDS VALUE_BYTES");
  StoreRows<Adapter> rows(parse_count(argv[1]), parse_count(argv[2]));
  Questions questions;
  questions.add_number("load", [&](unsigned) { return rows.load(); });
  questions.add_number("get", [&](unsigned threads) { return rows.get(threads); });
  questions.add_number("warm_get", [&](unsigned threads) { return rows.warm_get(threads); });
  questions.add_number("warm_miss", [&](unsigned threads) { return rows.warm_miss(threads); });
  questions.add_number("miss", [&](unsigned threads) { return rows.miss(threads); });
  questions.add_number("multi_get", [&](unsigned threads) { return rows.multi_get(threads); });
  questions.add_number("update", [&](unsigned threads) { return rows.update(threads); });
  questions.add_number("ycsb_a", [&](unsigned threads) { return rows.ycsb(threads, 50, false); });
  questions.add_number("ycsb_b", [&](unsigned threads) { return rows.ycsb(threads, 95, false); });
  questions.add_number("ycsb_c", [&](unsigned threads) { return rows.ycsb(threads, 100, false); });
  questions.add_number("ycsb_f", [&](unsigned threads) { return rows.ycsb(threads, 50, true); });
  questions.add_number("erase_half", [&](unsigned) { return rows.erase_half(); });
  questions.add_number("disk_bytes", [&](unsigned) { return rows.disk_bytes(); });
  questions.add_number("growing_disk_bytes", [&](unsigned) { return rows.growing_disk_bytes(); });
  questions.add("bulk_disk_bytes", [&](unsigned) { return rows.bulk_disk_bytes(); });
  questions.add("slowest_put", [&](unsigned) { return rows.slowest_put(Counted::not_away); });
  questions.add("slowest_put_by_clock", [&](unsigned) { return rows.slowest_put(Counted::whole); });
  questions.add_number("recurring_slowest_put",
                       [&](unsigned) { return rows.recurring_slowest_put(); });
  questions.add_number("memory_bytes", [&](unsigned) { return rows.memory_bytes(); });
  questions.add_number("clean_open", [&](unsigned) { return rows.clean_open(); });
  questions.add_number("cold_open_bytes", [&](unsigned) { return rows.cold_open_bytes(); });
  questions.add_number("open_after_kill", [&](unsigned) { return rows.open_after_kill(); });
  questions.add_number("durable", [&](unsigned threads) { return rows.durable(threads); });
  return questions.serve();
}

}  // namespace stave::bench::store

// Histories of concurrent calls on pairs of keys of a store: each pair's is that of two registers,
// which some calls change together.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/os/posix_file_system.h"
#include "core/os/testing/temporary_directory.h"
#include "core/store/store_atomic.h"
#include "tests/support/ladder.h"
#include "tests/support/linearizability.h"
#include "tests/support/random.h"
#include "tests/support/store_access.h"

namespace stave::test {
namespace {

constexpr uint64_t histories_total = 1000;
constexpr uint64_t threads_count = 4;
constexpr uint64_t calls_per_thread = 120;
constexpr uint64_t pairs = 2;
constexpr uint64_t default_seed = 20'261'125;

// A value, or 0 for an absent key.
struct Pair {
  uint32_t first = 0;
  uint32_t second = 0;

  static Pair of(uint64_t state) {
    return {static_cast<uint32_t>(state >> 32), static_cast<uint32_t>(state)};
  }
  uint64_t state() const { return uint64_t{first} << 32 | second; }
  uint32_t& part(bool is_second) { return is_second ? second : first; }
};

enum class CallKind : uint8_t {
  get,
  put,
  insert,
  replace,
  remove,
  compare_and_swap,
  update,  // adds `value`
  exchange,
  atomic,     // reads both, and writes `value` and `value` + 1
  cancelled,  // the same, and then fails
  batch,      // puts both if the first is `expected`
};
constexpr uint64_t kinds_count = 11;

struct Call {
  Interval interval;
  CallKind kind = CallKind::get;
  uint64_t pair = 0;
  bool is_second = false;
  uint32_t value = 0;
  uint32_t expected = 0;
  Code code = Code::ok;  // answered
  uint32_t met = 0;      // value that was there, where the call says
  Pair met_pair;

  // The state after it; whether it answered rightly.
  bool apply(uint64_t& state) const {
    Pair pair_of_keys = Pair::of(state);
    const bool right = apply_to(pair_of_keys);
    state = pair_of_keys.state();
    return right;
  }

 private:
  bool apply_to(Pair& both) const {
    uint32_t& part = both.part(is_second);
    const Code if_present = part != 0 ? Code::ok : Code::not_found;
    switch (kind) {
      case CallKind::get:
        return code == if_present && met == part;
      case CallKind::put:
        part = value;
        return code == Code::ok;
      case CallKind::insert:
        if (part != 0) return code == Code::exists;
        part = value;
        return code == Code::ok;
      case CallKind::replace:
        if (part != 0) part = value;
        return code == if_present;
      case CallKind::remove:
        part = 0;
        return code == if_present;
      case CallKind::compare_and_swap:
        if (part == 0) return code == Code::not_found;
        if (part != expected) return code == Code::mismatch;
        part = value;
        return code == Code::ok;
      case CallKind::update:
        if (part == 0) return code == Code::not_found;
        if (code != Code::ok || met != part) return false;
        part += value;
        return true;
      case CallKind::exchange:
        if (code != Code::ok || met != part) return false;
        part = value;
        return true;
      case CallKind::atomic:
        if (code != Code::ok || met_pair.state() != both.state()) return false;
        both = {value, value + 1};
        return true;
      case CallKind::cancelled:
        return code == Code::cancelled && met_pair.state() == both.state();
      case CallKind::batch:
        if (both.first != expected) return code == Code::mismatch;
        both = {value, value + 1};
        return code == Code::ok;
    }
    return false;
  }
};

uint32_t number_of(std::string_view text) {
  return static_cast<uint32_t>(std::stoul(std::string(text)));
}

class History {
 public:
  explicit History(uint64_t seed) : seed_(seed) {
    store::Options options = base_options();
    options.shard_prefix_bits = 16;  // the keys of a pair are in one shard
    options.segment_size = 1 << 16;
    auto opened = store::Store::open(os::posix_file_system(), directory_ / "store", options);
    EXPECT_TRUE(opened) << opened.status().message();
    store_ = *std::move(opened);
  }

  void run() {
    std::array<std::vector<Call>, threads_count> calls;
    std::vector<std::thread> threads;
    for (uint64_t thread = 0; thread < threads_count; thread++)
      threads.emplace_back([this, thread, &mine = calls[thread]] { run_thread(thread, mine); });
    for (std::thread& thread : threads) thread.join();
    for (const auto& of_thread : calls)
      calls_.insert(calls_.end(), of_thread.begin(), of_thread.end());
  }

  bool is_linearizable() const {
    for (uint64_t pair = 0; pair < pairs; pair++) {
      std::vector<Call> of_pair;
      std::copy_if(calls_.begin(), calls_.end(), std::back_inserter(of_pair),
                   [pair](const Call& call) { return call.pair == pair; });
      if (!linearizable(of_pair, 0)) return false;
    }
    return true;
  }

  uint64_t calls() const { return calls_.size(); }
  uint64_t overlaps() const {
    return static_cast<uint64_t>(std::count_if(calls_.begin(), calls_.end(), [](const Call& call) {
      return call.interval.end > call.interval.begin + 1;
    }));
  }

 private:
  void run_thread(uint64_t thread, std::vector<Call>& calls) {
    Random random(seed_ * threads_count + thread);
    started_.fetch_add(1);
    while (started_.load() < threads_count) std::this_thread::yield();
    for (uint64_t i = 0; i < calls_per_thread; i++) {
      Call call;
      call.kind = static_cast<CallKind>(random.below(kinds_count));
      call.pair = random.below(pairs);
      call.is_second = call.kind != CallKind::batch && random.one_in(2);
      call.value = static_cast<uint32_t>(thread << 16 | (2 * i + 2));
      // A value that is likely to be there.
      call.expected = newest_[call.pair].load();
      const auto durability = random.one_in(40)  ? store::Durability::device
                              : random.one_in(2) ? store::Durability::os
                                                 : store::Durability::memory;
      call.interval.begin = clock_.fetch_add(1);
      make(call, durability);
      call.interval.end = clock_.fetch_add(1);
      if (!call.is_second && call.code == Code::ok) newest_[call.pair].store(call.value);
      calls.push_back(call);
    }
  }

  void make(Call& call, store::Durability durability) {
    const std::string name = key(call.pair, call.is_second);
    const Bytes of_key = as_bytes(name);
    const std::string value = std::to_string(call.value);
    const std::string expected = std::to_string(call.expected);
    const store::WriteMode mode = call.kind == CallKind::insert    ? store::WriteMode::insert
                                  : call.kind == CallKind::replace ? store::WriteMode::replace
                                                                   : store::WriteMode::put;
    switch (call.kind) {
      case CallKind::get: {
        const Result<std::string> got = get(*store_, name);
        call.code = got.status().code();
        if (got) call.met = number_of(*got);
        break;
      }
      case CallKind::put:
      case CallKind::insert:
      case CallKind::replace:
        call.code = store_->put(of_key, as_bytes(value), mode, durability).code();
        break;
      case CallKind::remove:
        call.code = store_->remove(of_key, durability).code();
        break;
      case CallKind::compare_and_swap:
        call.code =
            store_->compare_and_swap(of_key, as_bytes(expected), as_bytes(value), durability)
                .code();
        break;
      case CallKind::update: {
        std::string sum;
        const auto add = [&](Bytes present) -> Result<Bytes> {
          call.met = number_of(as_text(present));
          sum = std::to_string(call.met + call.value);
          return as_bytes(sum);
        };
        call.code = store_->update(of_key, add, durability).code();
        break;
      }
      case CallKind::exchange: {
        const auto take = [&](const Bytes* present) -> Result<Bytes> {
          if (present != nullptr) call.met = number_of(as_text(*present));
          return as_bytes(value);
        };
        call.code = store_->modify(of_key, take, durability).code();
        break;
      }
      case CallKind::atomic:
      case CallKind::cancelled:
        call.code = store_
                        ->atomic(
                            of_key, [&](store::Atomic& atomic) { return inside(atomic, call); },
                            durability, nullptr)
                        .code();
        break;
      case CallKind::batch:
        call.code = write_batch(call, durability);
        break;
    }
  }

  Status inside(store::Atomic& atomic, Call& call) {
    for (const bool is_second : {false, true}) {
      const std::string name = key(call.pair, is_second);
      std::string got = "0";
      const Status status = atomic.get(as_bytes(name), [&got](size_t size) {
        got.resize(size);
        return MutableBytes(reinterpret_cast<std::byte*>(got.data()), size);
      });
      if (status.is_error()) return status;
      call.met_pair.part(is_second) = number_of(got);
      const std::string value = std::to_string(call.value + (is_second ? 1 : 0));
      STAVE_TRY(atomic.put(as_bytes(name), as_bytes(value), store::WriteMode::put));
    }
    return call.kind == CallKind::cancelled ? Code::cancelled : Code::ok;
  }

  Code write_batch(const Call& call, store::Durability durability) {
    using Kind = store::Batch::Kind;
    store::Batch batch;
    const std::string first = key(call.pair, false);
    const std::string expected = std::to_string(call.expected);
    const std::string values[] = {std::to_string(call.value), std::to_string(call.value + 1)};
    const Kind condition = call.expected == 0 ? Kind::require_absent : Kind::require_equal;
    EXPECT_TRUE(batch.add(condition, as_bytes(first), as_bytes(expected)).ok());
    EXPECT_TRUE(batch.add(Kind::put, as_bytes(first), as_bytes(values[0])).ok());
    EXPECT_TRUE(batch.add(Kind::put, as_bytes(key(call.pair, true)), as_bytes(values[1])).ok());
    return store_->write(batch, durability, nullptr, nullptr).code();
  }

  static std::string key(uint64_t pair, bool is_second) {
    return "p" + std::to_string(pair) + (is_second ? "/second" : "/first");
  }

  const uint64_t seed_;
  const os::TemporaryDirectory directory_;
  std::unique_ptr<store::Store> store_;
  std::array<std::atomic<uint32_t>, pairs> newest_{};  // a first value that was written lately
  std::atomic<uint64_t> started_{0};
  std::atomic<uint64_t> clock_{0};
  std::vector<Call> calls_;
};

TEST(StoreLinearizability, EachPairOfKeysIsTwoRegisters) {
  const uint64_t seed = ladder_seed(default_seed);
  const uint64_t histories = scaled(histories_total);
  uint64_t calls = 0;
  uint64_t overlaps = 0;
  for (uint64_t i = 0; i < histories; i++) {
    History history(seed + i);
    history.run();
    ASSERT_TRUE(history.is_linearizable()) << "history " << i;
    calls += history.calls();
    overlaps += history.overlaps();
  }
  report_counts("store, linearizability",
                {{"histories", histories}, {"calls", calls}, {"overlapping calls", overlaps}});
  EXPECT_GT(overlaps, calls / 100);
}

}  // namespace
}  // namespace stave::test

// Histories of concurrent calls on one map that is copied, written, walked and compared meanwhile.
// The object is the map as a whole, not each key: a copy must show all keys as they were at one
// moment of the call that made it.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "core/cow_map/cursor.h"
#include "core/cow_map/map.h"
#include "core/sync/epoch.h"
#include "tests/support/ladder.h"
#include "tests/support/linearizability.h"
#include "tests/support/random.h"

namespace stave::cow_map {
namespace {

constexpr uint64_t histories = 1000;
constexpr uint64_t thread_count = 4;
constexpr uint64_t calls_per_thread = 250;
constexpr uint64_t keys = 4;
constexpr uint64_t fillers = 200;  // other keys that come and go, a thread
constexpr uint64_t default_seed = 20'261'121;

// The state of the map: 16 bits a key, its value or 0 when it is absent.
constexpr uint64_t value_of(uint64_t state, uint64_t key) {
  return (state >> (16 * key)) & 0xffff;
}
constexpr uint64_t with_value(uint64_t state, uint64_t key, uint64_t value) {
  return (state & ~(uint64_t{0xffff} << (16 * key))) | value << (16 * key);
}

enum class CallKind : uint8_t { get, insert, remove, get_or_insert, clone, walk, clear };

struct Call {
  test::Interval interval;
  CallKind kind = CallKind::get;
  uint64_t key = 0;
  uint64_t value = 0;
  uint64_t answer = 0;  // the value met, or the whole state that a copy shows

  bool apply(uint64_t& state) const {
    const uint64_t now = value_of(state, key);
    switch (kind) {
      case CallKind::get:
        return answer == now;
      case CallKind::insert:
        state = with_value(state, key, value);
        return answer == now;
      case CallKind::remove:
        state = with_value(state, key, 0);
        return answer == now;
      case CallKind::get_or_insert:
        if (now == 0) state = with_value(state, key, value);
        return answer == now;
      case CallKind::clone:
      case CallKind::walk:
        return answer == state;
      case CallKind::clear:
        state = 0;
        return true;
    }
    return false;
  }
};

// One map and the calls on it.
class History {
 public:
  History(const Options& options, uint64_t seed) : options_(options), seed_(seed) {
    EXPECT_TRUE(map_.create(options, seed).ok());
  }

  void run() {
    std::array<std::vector<Call>, thread_count> calls;
    std::vector<std::thread> threads;
    for (uint64_t thread = 0; thread < thread_count; thread++)
      threads.emplace_back([this, thread, &mine = calls[thread]] { run_thread(thread, mine); });
    for (std::thread& thread : threads) thread.join();
    for (const auto& of_thread : calls)
      calls_.insert(calls_.end(), of_thread.begin(), of_thread.end());
  }

  bool linearizable() const { return test::linearizable(calls_, 0); }
  uint64_t calls() const { return calls_.size(); }
  uint64_t overlaps() const {
    return static_cast<uint64_t>(std::count_if(calls_.begin(), calls_.end(), [](const Call& call) {
      return call.interval.end > call.interval.begin + 1;
    }));
  }
  uint64_t copies() const {
    return static_cast<uint64_t>(std::count_if(calls_.begin(), calls_.end(), [](const Call& call) {
      return call.kind == CallKind::clone || call.kind == CallKind::walk;
    }));
  }

 private:
  void run_thread(uint64_t thread, std::vector<Call>& calls) {
    test::Random random(seed_ * thread_count + thread);
    // All begin together: a thread takes longer to start than to make its calls.
    started_.fetch_add(1);
    while (started_.load() < thread_count) std::this_thread::yield();
    std::vector<std::unique_ptr<Map>> kept;
    for (uint64_t i = 0; i < calls_per_thread; i++) {
      calls.push_back(one_call(random, thread << 8 | (i + 1), kept));
      if (random.one_in(2)) disturb(random, thread);
    }
  }

  Call one_call(test::Random& random, uint64_t value, std::vector<std::unique_ptr<Map>>& kept) {
    Call call;
    call.key = random.below(keys);
    call.value = value;
    const uint64_t choice = random.below(100);
    call.kind = choice < 30   ? CallKind::get
                : choice < 55 ? CallKind::insert
                : choice < 65 ? CallKind::remove
                : choice < 75 ? CallKind::get_or_insert
                : choice < 88 ? CallKind::clone
                : choice < 99 ? CallKind::walk
                              : CallKind::clear;
    std::unique_ptr<Map> clone;
    std::optional<Snapshot> snapshot;
    call.interval.begin = clock_.fetch_add(1);
    make(call, clone, snapshot);
    call.interval.end = clock_.fetch_add(1);
    // What a copy shows is looked at after the call, while the map goes on.
    if (snapshot) call.answer = state_of(*std::move(snapshot));
    if (clone) {
      for (uint64_t key = 0; key < keys; key++)
        call.answer = with_value(call.answer, key, get(*clone, key));
      keep(random, std::move(clone), kept);
    }
    return call;
  }

  void make(Call& call, std::unique_ptr<Map>& clone, std::optional<Snapshot>& snapshot) {
    const auto answer = [&](Bytes bytes) {
      call.answer = number(bytes);
      return Status();
    };
    const auto bytes = bytes_of(call.value);
    switch (call.kind) {
      case CallKind::get:
        call.answer = get(map_, call.key);
        break;
      case CallKind::insert:
        EXPECT_TRUE(map_.put(key_of(call.key), bytes, answer).ok());
        break;
      case CallKind::remove:
        EXPECT_FALSE(map_.remove(key_of(call.key), answer).is_error());
        break;
      case CallKind::get_or_insert: {
        uint64_t now = 0;
        const Status status = map_.get_or_insert(
            key_of(call.key), [&] { return Result<Bytes>(bytes); },
            [&](Bytes result) {
              now = number(result);
              return Status();
            });
        call.answer = status.ok() ? 0 : now;
        break;
      }
      case CallKind::clone:
        clone = std::make_unique<Map>();
        EXPECT_TRUE(clone->clone_from(map_).ok());
        break;
      case CallKind::walk: {
        auto taken = map_.snapshot();
        EXPECT_TRUE(taken);
        snapshot.emplace(*std::move(taken));
        break;
      }
      case CallKind::clear:
        EXPECT_TRUE(map_.clear().ok());
    }
  }

  // Copies are written to, which nobody else may see, and freed in any order.
  void keep(test::Random& random, std::unique_ptr<Map> clone,
            std::vector<std::unique_ptr<Map>>& kept) {
    const uint64_t wrong = 0xffff;
    EXPECT_TRUE(
        clone->put(key_of(random.below(keys)), bytes_of(wrong), [](Bytes) { return Status(); })
            .ok());
    kept.push_back(std::move(clone));
    if (kept.size() < 4) return;
    std::swap(kept[random.below(kept.size())], kept.back());
    kept.pop_back();
  }

  // Splits, rebuilds, merges and copies around the keys that are watched.
  void disturb(test::Random& random, uint64_t thread) {
    const uint64_t filler = keys + thread * fillers + random.below(fillers);
    const auto ignore = [](Bytes) { return Status(); };
    if (random.one_in(3)) {
      EXPECT_FALSE(map_.remove(key_of(filler), ignore).is_error());
    } else {
      EXPECT_TRUE(map_.put(key_of(filler), bytes_of(filler), ignore).ok());
    }
    if (random.one_in(100)) {
      EXPECT_TRUE(map_.shrink_to_fit().ok());
    }
    if (random.one_in(64)) std::this_thread::yield();
  }

  uint64_t state_of(Snapshot snapshot) const {
    Cursor cursor(std::move(snapshot));
    uint64_t state = 0;
    while (cursor.next()) {
      const uint64_t key = static_cast<uint64_t>(cursor.key()) >> 32;
      if (key < keys) state = with_value(state, key, number(cursor.value()));
    }
    return state;
  }
  uint64_t get(const Map& map, uint64_t key) const {
    uint64_t value = 0;
    EXPECT_FALSE(map.get(key_of(key),
                         [&](Bytes bytes) {
                           value = number(bytes);
                           return Status();
                         })
                     .is_error());
    return value;
  }
  static int64_t key_of(uint64_t key) { return static_cast<int64_t>(key << 32); }
  static Bytes bytes_of(const uint64_t& value) { return as_bytes(&value, sizeof value); }
  // Calls are short: they meet because some stop here, writers with the map's mutex. Not more of
  // them than are needed: on a busy machine a thread that yields waits for all others of all
  // programs.
  static uint64_t number(Bytes bytes) {
    thread_local uint32_t numbers = 0;
    if (++numbers % 32 == 0) std::this_thread::yield();
    uint64_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }

  const Options options_;
  const uint64_t seed_;
  Map map_;
  std::atomic<uint64_t> started_{0};
  std::atomic<uint64_t> clock_{0};
  std::vector<Call> calls_;
};

TEST(CowMapLinearizability, TheWholeMapIsOneObject) {
  const uint64_t seed = test::ladder_seed(default_seed);
  uint64_t done = 0, calls = 0, overlaps = 0, copies = 0;
  for (; done < test::scaled(histories); done++) {
    // Values in their slots, and in blocks.
    History history(done % 2 == 0 ? Options{.fixed_values = true, .value_size = 8} : Options{},
                    seed + done);
    history.run();
    ASSERT_TRUE(history.linearizable()) << "history of seed " << seed + done;
    calls += history.calls();
    overlaps += history.overlaps();
    copies += history.copies();
  }
  test::report_counts(
      "cow_map linearizability",
      {{"histories", done}, {"calls", calls}, {"overlapping calls", overlaps}, {"copies", copies}});
  while (sync::EpochRegistry::waiting() != 0) EXPECT_TRUE(sync::EpochRegistry::reclaim_all());
}

// The check itself: a copy that shows one key before and the other after is found out.
TEST(CowMapLinearizability, FindsATornCopy) {
  const auto call = [](uint64_t begin, uint64_t end, CallKind kind, uint64_t key, uint64_t value,
                       uint64_t answer) {
    return Call{
        .interval = {begin, end}, .kind = kind, .key = key, .value = value, .answer = answer};
  };
  const std::vector<Call> writes = {call(1, 2, CallKind::insert, 0, 5, 0),
                                    call(3, 4, CallKind::insert, 1, 6, 0)};
  const auto holds = [&](uint64_t begin, uint64_t end, uint64_t shown) {
    std::vector<Call> history = writes;
    history.push_back(call(begin, end, CallKind::clone, 0, 0, shown));
    return test::linearizable(history, 0);
  };
  EXPECT_TRUE(holds(0, 9, with_value(0, 0, 5)));
  EXPECT_TRUE(holds(0, 9, with_value(with_value(0, 0, 5), 1, 6)));
  EXPECT_FALSE(holds(0, 9, with_value(0, 1, 6)));
  EXPECT_FALSE(holds(5, 9, with_value(0, 0, 5)));
}

}  // namespace
}  // namespace stave::cow_map

// Histories of concurrent calls on a few keys of an index that splits, overflows, shrinks and is
// cleared meanwhile: each key's is that of a register.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "core/index/index_test_support.h"
#include "core/sync/thread_number.h"
#include "tests/support/ladder.h"
#include "tests/support/linearizability.h"
#include "tests/support/random.h"

namespace stave::index {
namespace {

constexpr uint64_t kHistories = 1000;
constexpr uint64_t kThreads = 4;
constexpr uint64_t kCallsPerThread = 250;
constexpr uint64_t kKeys = 4;
constexpr uint64_t kFillers = 40;  // other keys that come and go, a thread
constexpr uint64_t kDefaultSeed = 20'261'121;

// The state of a key: its value, or kAbsent.
constexpr uint64_t kAbsent = ~uint64_t{0};

enum class CallKind : uint8_t { get, put, insert, compare_and_swap, remove, remove_if, clear };

struct Call {
  test::Interval interval;
  CallKind kind = CallKind::get;
  uint64_t key = 0;
  uint64_t value = 0;
  uint64_t expected = 0;
  uint64_t answer = kAbsent;  // the value met

  bool apply(uint64_t& state) const {
    if (kind == CallKind::clear) {
      state = kAbsent;
      return true;
    }
    if (answer != state) return false;
    switch (kind) {
      case CallKind::put:
        state = value;
        break;
      case CallKind::insert:
        if (state == kAbsent) state = value;
        break;
      case CallKind::compare_and_swap:
        if (state == expected) state = value;
        break;
      case CallKind::remove:
        state = kAbsent;
        break;
      case CallKind::remove_if:
        if (state == expected) state = kAbsent;
        break;
      default:
        break;
    }
    return true;
  }
};

// One index and the calls on it.
class History {
 public:
  History(Kind kind, uint64_t seed) : seed_(seed), keys_(inline_key_size(kind)) {
    // All keys of one hash, fillers too, in every third history: candidates that have to be
    // compared, and chains.
    crowded_ = seed % 3 == 0;
    keys_.set_hash(crowded_ ? [](uint64_t) { return uint64_t{1}; }
                            : [](uint64_t number) { return number * 0x9e3779b97f4a7c15; });
    keys_.yields = true;
    // Keys that are in their entries have the index's own hash: in every third history.
    own_hash_ = is_owned(kind) && seed % 3 == 1;
    index_ = make_index(kind, keys_, {.shards = 1});
  }

  void run() {
    std::array<std::vector<Call>, kThreads> calls;
    std::vector<std::thread> threads;
    for (uint64_t thread = 0; thread < kThreads; thread++)
      threads.emplace_back([this, thread, &mine = calls[thread]] { run_thread(thread, mine); });
    for (std::thread& thread : threads) thread.join();
    for (const auto& of_thread : calls)
      calls_.insert(calls_.end(), of_thread.begin(), of_thread.end());
  }

  bool linearizable() const {
    for (uint64_t key = 0; key < kKeys; key++) {
      std::vector<Call> of_key;
      for (const Call& call : calls_)
        if (call.key == key || call.kind == CallKind::clear) of_key.push_back(call);
      if (!test::linearizable(of_key, kAbsent)) return false;
    }
    return true;
  }

  uint64_t calls() const { return calls_.size(); }
  uint64_t splits() const { return index_->stats().splits; }
  // Whether all of this history's threads really met: some call began within another's.
  uint64_t overlaps() const {
    uint64_t overlaps = 0;
    for (const Call& call : calls_)
      if (call.interval.end > call.interval.begin + 1) overlaps++;
    return overlaps;
  }

 private:
  Index::Key key_of(const std::string& name, uint64_t number) const {
    if (own_hash_) return as_bytes(name);
    return {as_bytes(name), keys_.hash(NumberedKeys::value(number)).ok()
                                ? *keys_.hash(NumberedKeys::value(number))
                                : 0};
  }

  void run_thread(uint64_t thread, std::vector<Call>& calls) {
    test::Random random(seed_ * kThreads + thread);
    static_cast<void>(sync::thread_number());  // as every handle's first call does
    // All begin together: a thread takes longer to start than to make its calls.
    started_.fetch_add(1);
    while (started_.load() < kThreads) std::this_thread::yield();
    for (uint64_t i = 0; i < kCallsPerThread; i++) {
      calls.push_back(one_call(random, thread << 10 | i));
      if (random.one_in(2)) disturb(random, thread);
    }
  }

  Call one_call(test::Random& random, uint64_t version) {
    Call call;
    call.key = random.below(kKeys);
    call.value = NumberedKeys::value(call.key, version);
    // A value that is likely to be there: one this thread put a short while ago.
    call.expected = NumberedKeys::value(call.key, version - std::min(version, random.below(6)));
    call.kind = random.one_in(500) ? CallKind::clear : static_cast<CallKind>(random.below(6));
    call.interval.begin = clock_.fetch_add(1);
    make(call);
    call.interval.end = clock_.fetch_add(1);
    return call;
  }

  void make(Call& call) {
    const std::string name = keys_.key(call.key);
    const Index::Key key = key_of(name, call.key);
    const auto previous = [&call](const Result<Previous>& answer) {
      ASSERT_TRUE(answer.ok());
      call.answer = answer->value_or(kAbsent);
    };
    const auto conditional = [&call](const Status& status, uint64_t actual) {
      ASSERT_FALSE(status.is_error());
      call.answer = status.ok() ? call.expected : status.is(Code::mismatch) ? actual : kAbsent;
    };
    uint64_t actual = 0;
    switch (call.kind) {
      case CallKind::get:
        if (get_key(*index_, key, &actual).ok()) call.answer = actual;
        break;
      case CallKind::put:
        previous(put_key(*index_, key, call.value));
        break;
      case CallKind::insert:
        previous(insert_key(*index_, key, call.value));
        break;
      case CallKind::remove:
        previous(remove_key(*index_, key));
        break;
      case CallKind::compare_and_swap: {
        const Status status = swap_key(*index_, key, call.expected, call.value, &actual);
        conditional(status, actual);
        break;
      }
      case CallKind::remove_if: {
        const Status status = remove_key_if(*index_, key, call.expected, &actual);
        conditional(status, actual);
        break;
      }
      case CallKind::clear:
        ASSERT_TRUE(index_->clear().ok());
    }
  }

  // Splits, spills, gathers and shrinks around the keys that are watched.
  void disturb(test::Random& random, uint64_t thread) {
    const uint64_t number = kKeys + thread * kFillers + random.below(kFillers);
    const std::string name = keys_.key(number);
    if (random.one_in(3)) {
      ASSERT_TRUE(remove_key(*index_, key_of(name, number)).ok());
    } else {
      ASSERT_TRUE(put_key(*index_, key_of(name, number), NumberedKeys::value(number)).ok());
    }
    if (random.one_in(200)) {
      ASSERT_TRUE(index_->shrink_to_fit().ok());
    }
    if (random.one_in(8)) std::this_thread::yield();
  }

  const uint64_t seed_;
  bool crowded_ = false;
  bool own_hash_ = false;
  NumberedKeys keys_;
  std::unique_ptr<Index> index_;
  std::atomic<uint64_t> started_{0};
  std::atomic<uint64_t> clock_{0};
  std::vector<Call> calls_;
};

class IndexLinearizability : public testing::TestWithParam<Kind> {};
INSTANTIATE_TEST_SUITE_P(Kinds, IndexLinearizability, testing::ValuesIn(all_kinds), kind_name);

TEST_P(IndexLinearizability, EachKeyIsARegister) {
  const uint64_t seed = test::ladder_seed(kDefaultSeed);
  const uint64_t histories = test::scaled(kHistories);
  uint64_t calls = 0;
  uint64_t overlaps = 0;
  uint64_t splits = 0;
  for (uint64_t i = 0; i < histories; i++) {
    History history(GetParam(), seed + i);
    history.run();
    ASSERT_TRUE(history.linearizable()) << "history of seed " << seed + i;
    calls += history.calls();
    overlaps += history.overlaps();
    splits += history.splits();
  }
  test::report_counts("index linearizability", {{"histories", histories},
                                                {"calls", calls},
                                                {"overlapping calls", overlaps},
                                                {"splits", splits}});
}

// The check itself: a register that forgets an update is found out.
TEST(LinearizabilityCheckTest, FindsALostUpdate) {
  const auto put = [](uint64_t begin, uint64_t end, uint64_t value, uint64_t answer) {
    return Call{.interval = {begin, end}, .kind = CallKind::put, .value = value, .answer = answer};
  };
  EXPECT_TRUE(test::linearizable<Call>({put(0, 5, 1, 2), put(1, 3, 2, kAbsent)}, kAbsent));
  EXPECT_FALSE(test::linearizable<Call>({put(0, 1, 1, kAbsent), put(2, 3, 2, kAbsent)}, kAbsent));
  EXPECT_FALSE(test::linearizable<Call>({put(0, 3, 1, kAbsent), put(1, 2, 2, kAbsent)}, kAbsent));
}

}  // namespace
}  // namespace stave::index

// Many threads on one index, for ThreadSanitizer and AddressSanitizer and for real processors: keys
// of one thread, on which nothing unexpected may happen, between those of others and keys that all
// share.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/index/index_test_support.h"
#include "core/sync/epoch.h"
#include "tests/support/ladder.h"
#include "tests/support/random.h"

namespace stave::index {
namespace {

constexpr uint64_t kOperations = 10'000'000;  // of all tests together at STAVE_TEST_SCALE=100
constexpr uint64_t kThreads = 4;
constexpr uint64_t kGenerations = 4;  // of threads
constexpr uint64_t kOwnKeys = 4'000;  // a thread
constexpr uint64_t kSharedKeys = 32;
constexpr uint64_t kDefaultSeed = 20'261'121;

class Stress {
 public:
  Stress(Kind kind, size_t key_size) : keys(key_size) {
    if (kind == Kind::owned16) {
      // Keys that are in their entries have the index's own hash.
      own_hash = true;
    } else if (key_size == 8) {
      // The shared keys have two hashes between them.
      keys.set_hash([](uint64_t number) {
        return number < kSharedKeys ? number % 2 : number * 0x9e3779b97f4a7c15;
      });
    } else {
      keys.set_hash([](uint64_t number) { return number * 0x9e3779b97f4a7c15; });
    }
    index = make_index(kind, keys);
  }

  void run_generations(uint64_t operations, uint64_t seed) {
    for (uint64_t generation = 0; generation < kGenerations; generation++) {
      std::vector<std::thread> threads;
      for (uint64_t thread = 0; thread < kThreads; thread++) {
        threads.emplace_back([this, thread, operations, generation, seed] {
          test::Random random(seed + generation * kThreads + thread);
          const uint64_t share = operations / kGenerations / kThreads;
          for (uint64_t i = 0; i < share; i++) operate(random, thread, share);
        });
      }
      for (std::thread& thread : threads) thread.join();
    }
  }

  // What is there in the end is what each thread put.
  void finish() {
    uint64_t expected = 0;
    for (const auto& model : models) expected += model.size();
    for (uint64_t number = 0; number < kSharedKeys; number++) expected += present(number) ? 1 : 0;
    EXPECT_EQ(index->size(), expected);
    const std::vector<uint64_t> values = values_of(*index);
    EXPECT_EQ(values.size(), expected);
    EXPECT_EQ(std::set<uint64_t>(values.begin(), values.end()).size(), expected);
    for (const auto& model : models)
      for (const auto& [number, value] : model) ASSERT_EQ(remove(number), value);
    for (uint64_t number = 0; number < kSharedKeys; number++) remove(number);
    EXPECT_EQ(index->size(), 0U);
    EXPECT_EQ(index->stats().overflow_nodes, 0U);
  }

  NumberedKeys keys;
  bool own_hash = false;
  std::unique_ptr<Index> index;
  std::array<std::unordered_map<uint64_t, uint64_t>, kThreads> models;
  std::atomic<uint64_t> walks{0};
  std::atomic<uint64_t> shrinks{0};

 private:
  Index::Key key_of(const std::string& name, uint64_t number) const {
    if (own_hash) return as_bytes(name);
    return {as_bytes(name), *keys.hash(NumberedKeys::value(number))};
  }
  Previous put(uint64_t number, uint64_t version) {
    const std::string name = keys.key(number);
    return *put_key(*index, key_of(name, number), NumberedKeys::value(number, version));
  }
  Previous remove(uint64_t number) {
    const std::string name = keys.key(number);
    return *remove_key(*index, key_of(name, number));
  }
  Previous present(uint64_t number) {
    const std::string name = keys.key(number);
    uint64_t value = 0;
    const Status status = get_key(*index, key_of(name, number), &value);
    return status.ok() ? Previous(value) : Previous();
  }

  void operate(test::Random& random, uint64_t thread, uint64_t share) {
    if (random.one_in(share / 2 + 1)) {
      ASSERT_TRUE(index->shrink_to_fit().ok());
      shrinks.fetch_add(1, std::memory_order_relaxed);
    }
    if (random.one_in(share / 4 + 1)) walk(thread);
    if (random.one_in(4)) {
      operate_on_shared(random);
    } else {
      operate_on_own(random, thread);
    }
  }

  // Nobody else touches these keys, so each call's answer is known.
  void operate_on_own(test::Random& random, uint64_t thread) {
    auto& model = models[thread];
    const uint64_t number = kSharedKeys + thread * kOwnKeys + random.below(kOwnKeys);
    const auto found = model.find(number);
    const auto expected = found == model.end() ? Previous() : Previous(found->second);
    switch (random.below(4)) {
      case 0:
        ASSERT_EQ(present(number), expected);
        break;
      case 1:
        ASSERT_EQ(remove(number), expected);
        model.erase(number);
        break;
      default: {
        const uint64_t version = random.below(1 << 16);
        ASSERT_EQ(put(number, version), expected);
        model[number] = NumberedKeys::value(number, version);
      }
    }
  }

  // Answers belong to the key at least.
  void operate_on_shared(test::Random& random) {
    const uint64_t number = random.below(kSharedKeys);
    Previous answer;
    switch (random.below(4)) {
      case 0:
        answer = remove(number);
        break;
      case 1:
        answer = put(number, random.below(1 << 16));
        break;
      default:
        answer = present(number);
    }
    if (answer) {
      ASSERT_EQ(NumberedKeys::number(*answer), number);
    }
  }

  // This thread's keys do not change meanwhile: each is met once.
  void walk(uint64_t thread) {
    const std::vector<uint64_t> values = values_of(*index);
    std::set<uint64_t> own;
    for (const uint64_t value : values) {
      const uint64_t number = NumberedKeys::number(value);
      if (number < kSharedKeys || (number - kSharedKeys) / kOwnKeys != thread) continue;
      ASSERT_TRUE(own.insert(value).second) << "met twice";
      ASSERT_EQ(models[thread].at(number), value);
    }
    ASSERT_EQ(own.size(), models[thread].size());
    walks.fetch_add(1, std::memory_order_relaxed);
  }
};

struct Variant {
  const char* name;
  Kind kind;
  size_t key_size;
};
constexpr std::array<Variant, 5> kVariants = {{{"owned", Kind::owned, 8},
                                               {"owned_long", Kind::owned, 24},
                                               {"owned16", Kind::owned16, 16},
                                               {"wide_resolved", Kind::wide_resolved, 8},
                                               {"narrow_resolved", Kind::narrow_resolved, 8}}};

class IndexStress : public testing::TestWithParam<Variant> {};
INSTANTIATE_TEST_SUITE_P(Variants, IndexStress, testing::ValuesIn(kVariants),
                         [](const testing::TestParamInfo<Variant>& variant) {
                           return std::string(variant.param.name);
                         });

TEST_P(IndexStress, KeysOfOneThreadAndOfAll) {
  const uint64_t seed = test::ladder_seed(kDefaultSeed);
  const uint64_t operations = test::scaled(kOperations) / kVariants.size();
  Stress stress(GetParam().kind, GetParam().key_size);
  stress.run_generations(operations, seed);
  test::report_counts("index stress", {{"operations", operations},
                                       {"splits", stress.index->stats().splits},
                                       {"walks", stress.walks.load()},
                                       {"shrinks", stress.shrinks.load()}});
  stress.finish();
  // Everything that was removed comes back once its readers are gone.
  stress.index.reset();
  ASSERT_TRUE(sync::EpochRegistry::reclaim_all());
}

}  // namespace
}  // namespace stave::index

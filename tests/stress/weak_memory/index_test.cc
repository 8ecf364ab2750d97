// The buckets of the index under every order that the memory model allows: lookups beside inserts,
// removals, updates, spilling, gathering and a split, in buckets of few slots.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include "core/index/bucket_array.h"
#include "core/index/narrow_layout.h"
#include "core/index/wide_layout.h"
#include "tests/stress/weak_memory/kernel_check.h"

namespace stave::weak_memory {
namespace {

using index::Decision;
using index::Probe;
using index::Verdict;

// Three entries in a bucket, or two and a link; two in a node. One bit of the hash, which says to
// which half of a split the entry goes.
using Narrow = index::NarrowLayout<Atomic, 3, 1>;
// Two entries in a bucket, one in a node; with one word of the key and with two.
using Wide = index::WideLayout<1, Atomic, 2, 1>;
using Wide16 = index::WideLayout<2, Atomic, 2, 1>;

template <typename Layout>
class Memory {
 public:
  using Bucket = typename Layout::Bucket;
  using Node = typename Layout::Node;

  explicit Memory(unsigned) {
    for (auto& node : nodes_) node = std::make_unique<Node>();
  }
  // As in ChunkedArray: the address comes by a relaxed load.
  Bucket& bucket(uint64_t number) const {
    if (number == 0) return first_;
    check(number <= more_.size(), "a bucket that there never is");
    Bucket* const bucket = more_[number - 1].load(std::memory_order_relaxed);
    check(bucket != nullptr, "a bucket is used before it has memory");
    return *bucket;
  }
  void make_bucket() {
    owned_.push_back(std::make_unique<Bucket>());
    more_[owned_.size() - 1].store(owned_.back().get(), std::memory_order_relaxed);
  }
  Node& node(uint32_t number) const {
    check(number >= 1 && number <= nodes_.size(), "a link to no node");
    return *nodes_[number - 1];
  }
  // Epochs keep a discarded node from coming back as long as a reader could be in it, so here it
  // never does.
  uint32_t take_node(bool) { return taken_ < nodes_.size() ? ++taken_ : 0; }
  void give_back_node(uint32_t) {}
  void discard_node(uint32_t) { note("a node is discarded"); }

 private:
  mutable Bucket first_;
  std::vector<std::unique_ptr<Bucket>> owned_;
  std::array<Atomic<Bucket*>, 2> more_{Atomic<Bucket*>(nullptr), Atomic<Bucket*>(nullptr)};
  std::array<std::unique_ptr<Node>, 3> nodes_;
  uint32_t taken_ = 0;
};

// Keys have one tag, those from 8 on another. A value says whose it is.
template <typename Layout>
struct State {
  using Buckets = index::BucketArray<Layout, Memory<Layout>, Atomic>;
  using Entry = typename Layout::Entry;
  using Half = typename Buckets::Half;

  static uint64_t value(uint64_t key, uint64_t version) { return key << 8 | version; }
  static Probe probe(uint64_t key) {
    return {.position = key & 3,
            .tag = static_cast<uint8_t>(key < 8 ? 1 : 2),
            .word = key,
            .first_word = ~key};
  }
  static auto match(uint64_t key) {
    return [key](Entry entry) {
      const bool is_key = Layout::value(entry) >> 8 == key;
      // A narrow entry is told from others of the same bits by its value; a wide one by its word,
      // and then the value has to be of the same entry.
      if constexpr (Layout::kKeepsWholePosition) check(is_key, "a torn entry");
      // Resolvers and rows are found by what is passed on.
      check(Layout::value(entry) != 0, "a word that was never an entry");
      return is_key ? Verdict::equal : Verdict::different;
    };
  }

  // The version, or -1 when the key is absent.
  int get(uint64_t key) {
    const auto found = buckets.find(probe(key), match(key));
    return found.verdict == Verdict::equal ? static_cast<int>(Layout::value(found.entry) & 0xff)
                                           : -1;
  }
  // Owned keys are compared under the bucket's lock. Of the others, which are not, values are
  // changed under it where they are named by the caller: here those of every other key.
  static bool matches_under_lock(uint64_t key) {
    return Layout::kKeepsWholePosition || key % 2 == 0;
  }
  template <typename Decide>
  auto update(uint64_t key, Decide decide) {
    const auto updated = matches_under_lock(key)
                             ? buckets.template update<true>(probe(key), match(key), decide)
                             : buckets.template update<false>(probe(key), match(key), decide);
    check(updated.result == Buckets::Updated::Result::done, "no node left");
    return updated;
  }
  // True when it was absent.
  bool put(uint64_t key, uint64_t version) {
    return !update(key, [=](const uint64_t*) {
              return Decision{Decision::Action::set, value(key, version)};
            }).was_present;
  }
  bool remove(uint64_t key) {
    return update(key,
                  [](const uint64_t*) {
                    return Decision{Decision::Action::remove, 0};
                  })
        .removed;
  }
  void increment(uint64_t key) {
    update(key, [](const uint64_t* old) { return Decision{Decision::Action::set, *old + 1}; });
  }
  void split() {
    buckets.make_bucket();
    check(buckets.split_next([](Entry entry, uint8_t, uint64_t, unsigned level) {
      return (Layout::value(entry) >> (8 + level) & 1) != 0 ? Half::upper : Half::lower;
    }),
          "no node left for a split");
  }
  void must_have(uint64_t key, int version) {
    check(get(key) == version, "a key that is there is not found");
  }

  Buckets buckets{0};
};

template <typename Layout>
std::shared_ptr<State<Layout>> with_keys(const std::vector<uint64_t>& keys) {
  auto state = std::make_shared<State<Layout>>();
  for (const uint64_t key : keys) state->put(key, 1);
  return state;
}

// Keys that stay are found at every moment; values never go back.
template <typename Layout>
void read(State<Layout>& state, std::initializer_list<uint64_t> keys) {
  for (const uint64_t key : keys) {
    const int first = state.get(key);
    check(first >= 1, "a key that is there is not found");
    const int second = state.get(key);
    check(second >= first, "an older value after a newer one");
    if (second > first) note("a reader sees an update");
  }
}

template <typename Layout>
Scenario splitting() {
  return {.name = "readers and a writer while the bucket splits",
          .set_up =
              [](Program& program) {
                auto state = with_keys<Layout>({2, 3, 4, 5});
                program.thread([=] {
                  state->split();
                  note("a split");
                });
                program.thread([=] { read(*state, {5, 2}); });
                program.thread([=] { read(*state, {3, 4}); });
                program.thread([=] {
                  state->put(5, 2);
                  state->put(2, 2);
                });
                program.at_end([=] {
                  state->must_have(2, 2);
                  state->must_have(3, 1);
                  state->must_have(4, 1);
                  state->must_have(5, 2);
                });
              },
          .expected_notes = {"a split", "a reader sees an update"}};
}

// A reader that began at the bucket before either split finds its way by the first one.
template <typename Layout>
Scenario splitting_twice() {
  return {.name = "readers and a writer while the bucket splits twice",
          .set_up =
              [](Program& program) {
                auto state = with_keys<Layout>({2, 3, 4});
                program.thread([=] {
                  state->split();
                  state->split();
                  note("two splits");
                });
                program.thread([=] { read(*state, {3, 2}); });
                program.thread([=] { read(*state, {4}); });
                program.thread([=] { state->put(3, 2); });
                program.at_end([=] {
                  state->must_have(2, 1);
                  state->must_have(3, 2);
                  state->must_have(4, 1);
                });
              },
          .expected_notes = {"two splits", "a reader sees an update"}};
}

template <typename Layout>
Scenario reusing() {
  return {.name = "a slot goes from key to key",
          .set_up =
              [](Program& program) {
                auto state = with_keys<Layout>({2});
                program.thread([=] {
                  state->remove(2);
                  state->put(4, 1);
                  state->remove(4);
                  state->put(2, 2);
                });
                program.thread([=] {
                  const int version = state->get(2);
                  if (version == -1) note("absent in between");
                  if (version == 2) note("there again");
                });
                program.thread([=] {
                  if (state->get(4) == 1) note("the other key is found");
                });
                program.at_end([=] { state->must_have(2, 2); });
              },
          .expected_notes = {"absent in between", "there again", "the other key is found"}};
}

// The third narrow entry stands where the link goes. The last removal makes room for what is in the
// node, which takes the slot of the removed key at once.
template <typename Layout>
Scenario spilling_and_gathering() {
  return {.name = "readers while entries spill into a node and come back",
          .set_up =
              [](Program& program) {
                auto state = with_keys<Layout>({2, 4, 6});
                program.thread([=] {
                  state->put(8, 1);
                  state->remove(8);
                  state->remove(2);
                });
                program.thread([=] { read(*state, {6, 4}); });
                program.thread([=] {
                  read(*state, {4, 6});
                  if (state->get(2) == -1) note("the removed key is missed");
                });
                program.thread([=] {
                  state->put(6, 2);
                  state->get(2);
                });
                program.at_end([=] {
                  state->must_have(4, 1);
                  state->must_have(6, 2);
                });
              },
          .expected_notes = {"a node is discarded", "a reader sees an update",
                             "the removed key is missed"}};
}

// A link says which tags its chain may have: it does so before an entry with another tag joins.
template <typename Layout>
Scenario chaining_another_tag() {
  return {.name = "an entry with a tag of its own joins a chain, and its place is taken",
          .set_up =
              [](Program& program) {
                auto state = with_keys<Layout>({2, 4, 6});
                program.thread([=] {
                  state->put(8, 1);
                  state->put(10, 1);
                  state->remove(8);
                });
                program.thread([=] {
                  if (state->get(10) != 1) return;
                  note("the second of another tag is found");
                  check(state->get(10) == 1, "a key that is there is not found");
                });
                program.thread([=] {
                  if (state->get(8) == 1) note("the first of another tag is found");
                  read(*state, {6});
                });
                program.at_end([=] {
                  state->must_have(10, 1);
                  state->must_have(6, 1);
                  check(state->get(8) == -1, "a removed key is found");
                });
              },
          .expected_notes = {"the first of another tag is found",
                             "the second of another tag is found"}};
}

template <typename Layout>
Scenario racing_inserts(const char* name, const std::vector<uint64_t>& keys) {
  return {.name = name,
          .set_up =
              [keys](Program& program) {
                auto state = with_keys<Layout>(keys);
                auto inserted = std::make_shared<Atomic<uint64_t>>(0);
                auto removed = std::make_shared<Atomic<uint64_t>>(0);
                for (int i = 0; i < 2; i++) {
                  program.thread([=] {
                    if (state->put(4, 1)) inserted->fetch_add(1, std::memory_order_relaxed);
                  });
                }
                program.thread([=] {
                  if (!state->remove(4)) return;
                  removed->fetch_add(1, std::memory_order_relaxed);
                  note("removed");
                });
                program.at_end([=] {
                  const uint64_t present = state->get(4) == 1 ? 1 : 0;
                  check(inserted->load(std::memory_order_relaxed) ==
                            removed->load(std::memory_order_relaxed) + present,
                        "one key has two entries");
                  state->remove(4);
                  check(state->get(4) == -1, "one key had two entries");
                });
              },
          .expected_notes = {"removed"}};
}

template <typename Layout>
Scenario counting() {
  return {.name = "two writers count",
          .set_up =
              [](Program& program) {
                auto state = with_keys<Layout>({3, 2});
                for (int i = 0; i < 2; i++) {
                  program.thread([=] {
                    state->increment(3);
                    state->increment(3);
                  });
                }
                program.thread([=] { state->split(); });
                program.at_end([=] { state->must_have(3, 5); });
              },
          .expected_notes = {}};
}

template <typename Layout>
std::vector<Scenario> scenarios() {
  return {
      splitting<Layout>(),
      splitting_twice<Layout>(),
      reusing<Layout>(),
      spilling_and_gathering<Layout>(),
      chaining_another_tag<Layout>(),
      racing_inserts<Layout>("two writers insert the same key, and one removes", {2}),
      racing_inserts<Layout>("two writers insert the same key where the head is full", {2, 6, 8}),
      counting<Layout>()};
}

TEST(WeakMemory, NarrowIndexBuckets) {
  check_kernel({.scenarios = scenarios<Narrow>(), .redundant = {}});
}

TEST(WeakMemory, WideIndexBuckets) {
  check_kernel({.scenarios = scenarios<Wide>(), .redundant = {}});
}

TEST(WeakMemory, WideIndexBucketsWithKeysOfTwoWords) {
  check_kernel({.scenarios = scenarios<Wide16>(), .redundant = {}});
}

}  // namespace
}  // namespace stave::weak_memory

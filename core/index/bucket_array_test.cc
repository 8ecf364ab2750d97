// A reader stopped inside its lookup while writers change the bucket, and how much work changes
// are. (weak_memory/ checks all interleavings and memory orders, with smaller buckets.)
#include "core/index/bucket_array.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>

#include "core/index/control_word.h"
#include "core/index/entry_counts.h"
#include "core/index/locked_bucket.h"
#include "core/index/narrow_layout.h"
#include "core/index/resolved_keys.h"
#include "core/index/shard.h"
#include "core/index/wide_layout.h"
#include "core/sync/epoch.h"

namespace stave::index {
namespace {

TEST(ControlWordTest, FindsTagsExactly) {
  ControlWord control;
  EXPECT_EQ(control.free_slots().size(), 7U);
  control = control.with_tag(0, 1).with_tag(1, 2).with_tag(3, 0xff).with_tag(6, 2);
  EXPECT_EQ(control.used_slots().size(), 4U);
  SlotSet twos = control.matching(2);
  EXPECT_EQ(twos.size(), 2U);
  EXPECT_EQ(twos.first(), 1U);
  twos.drop_first();
  EXPECT_EQ(twos.first(), 6U);
  EXPECT_EQ(control.free_slots().first(), 2U);
  control = control.with_level(63).with_lock().with_overflow(true);
  EXPECT_EQ(control.level(), 63U);
  EXPECT_TRUE(control.locked());
  EXPECT_EQ(
      control.without_lock().with_overflow(false).with_level(0).without_tag(6).used_slots().size(),
      3U);
  // A byte above a zero byte is no false match, as it is in the usual approximation.
  EXPECT_EQ(ControlWord(0x0100).free_slots().size(), 6U);
}

template <typename Layout>
class HeldReaderTest : public testing::Test {};
using Layouts = testing::Types<NarrowLayout<>, WideLayout<1>, WideLayout<2>>;
TYPED_TEST_SUITE(HeldReaderTest, Layouts);

struct Keys {
  Result<uint64_t> fetch_hash(uint64_t) const noexcept { return Code::not_found; }
  template <typename Entry>
  uint64_t position(Entry entry, uint8_t) const noexcept {
    return HashParts(entry.key.back()).position();
  }
};

// The reader of `held` is stopped inside its comparison with another key of the same hash, while
// its own key is moved by a split, by spilling and by gathering.
TYPED_TEST(HeldReaderTest, FindsTheKeyWhereverItMoves) {
  using ShardType = Shard<TypeParam>;
  const sync::EpochPin pin;
  const EntryCounts counts(1);
  ASSERT_TRUE(counts);
  ShardType* const shard = ShardType::create(0, counts.shard(0));
  if (shard == nullptr) FAIL() << "no memory";
  constexpr uint64_t hash = 77;
  const HashParts parts(hash);
  const Probe probe{.position = parts.position(), .tag = parts.tag(), .word = hash};
  // Values are keys.
  const auto is = [](uint64_t value) {
    return [value](const auto& entry) {
      return TypeParam::value(entry) == value ? Verdict::equal : Verdict::different;
    };
  };
  const auto insert = [&](uint64_t value) {
    const auto updated = shard->template update<true>(probe, is(value), [value](const uint64_t*) {
      return Decision{Decision::Action::set, value};
    });
    ASSERT_TRUE(updated.inserted);
    shard->count_inserted(Keys());
  };
  const auto erase = [&](uint64_t value) {
    const auto updated = shard->template update<true>(probe, is(value), [](const uint64_t*) {
      return Decision{Decision::Action::remove, 0};
    });
    ASSERT_TRUE(updated.removed);
    shard->count_removed();
  };
  for (uint64_t held = 0; held < 12; held++) {
    for (uint64_t value = 0; value < 12; value++) insert(value);
    bool first = true;
    uint64_t splits = 0;
    const auto found = shard->find(probe, [&](auto entry) {
      if (std::exchange(first, false)) {
        // Makes room, so that what is left is gathered; spills again; splits.
        for (uint64_t value = 0; value < 12; value++) {
          if (value != held) erase(value);
        }
        for (uint64_t value = 20; value < 40; value++) insert(value);
        splits = shard->bucket_count();
      }
      return TypeParam::value(entry) == held ? Verdict::equal : Verdict::different;
    });
    EXPECT_EQ(found.verdict, Verdict::equal) << held;
    EXPECT_EQ(TypeParam::value(found.entry), held);
    EXPECT_GT(splits, 1U);
    erase(held);
    for (uint64_t value = 20; value < 40; value++) erase(value);
    EXPECT_EQ(shard->entries(), 0U);
    EXPECT_EQ(shard->used_nodes(), 0U);
  }
  shard->retire();
}

// ---- How much work it is ------------------------------------------------------------------------

// Memory that counts how often somebody goes to a node.
template <typename Layout>
class CountingMemory {
 public:
  using Bucket = typename Layout::Bucket;
  using Node = typename Layout::Node;
  static constexpr size_t kBuckets = 4;
  static constexpr uint32_t kNodes = 4096;

  explicit CountingMemory(unsigned) {}
  Bucket& bucket(uint64_t index) const noexcept { return buckets_[index]; }
  Node& node(uint32_t number) const noexcept {
    visits++;
    return nodes_[number];
  }
  uint32_t take_node(bool) noexcept { return next_ < kNodes ? next_++ : 0; }
  void give_back_node(uint32_t) noexcept {}
  void discard_node(uint32_t) noexcept {}

  mutable uint64_t visits = 0;

 private:
  const std::unique_ptr<Bucket[]> buckets_ = std::make_unique<Bucket[]>(kBuckets);
  const std::unique_ptr<Node[]> nodes_ = std::make_unique<Node[]>(kNodes);
  uint32_t next_ = 1;
};

template <typename Layout>
class WorkTest : public testing::Test {
 protected:
  using Memory = CountingMemory<Layout>;
  using Buckets = BucketArray<Layout, Memory>;
  using Locked = typename Buckets::Locked;
  // As many entries of one hash as fit into the nodes twice, and the nodes that they take.
  static constexpr uint64_t kEntries = 2000;
  static constexpr uint64_t kNodesUsed = kEntries / Layout::kNodeSlots + 1;

  static constexpr Probe probe{.position = 0xFFFF, .tag = 7, .word = 1};
  typename Layout::Entry entry(uint64_t value) const {
    return Layout::make(buckets.pattern(probe), value);
  }
  void insert(Locked& bucket, uint64_t value) {
    ASSERT_TRUE(bucket.insert(probe.tag, entry(value), false));
  }
  static uint64_t entries_of(const Locked& bucket) {
    uint64_t entries = 0;
    bucket.for_each([&entries](auto, SlotRef, uint8_t) { return ++entries != 0; });
    return entries;
  }
  uint64_t entries_of(uint64_t index) {
    uint64_t entries = 0;
    EXPECT_TRUE(buckets.with_lock(index, [&](Locked& bucket) { entries = entries_of(bucket); }));
    return entries;
  }

  Buckets buckets{0};
};
TYPED_TEST_SUITE(WorkTest, Layouts);

// Thousands of keys of one hash move together when their bucket is split, inside the put of a key
// that has nothing to do with them.
TYPED_TEST(WorkTest, SplittingABucketOfOneHashIsLinear) {
  ASSERT_TRUE(this->buckets.with_lock(0, [this](auto& parent) {
    for (uint64_t value = 0; value < this->kEntries; value++) this->insert(parent, value);
  }));
  this->buckets.visits = 0;
  ASSERT_TRUE(this->buckets.split_next(
      [](auto, uint8_t, uint64_t, unsigned) { return TestFixture::Buckets::Half::upper; }));
  // Each entry looks at one node; the chains are walked a few times.
  EXPECT_LT(this->buckets.visits, 4 * this->kEntries + 10 * this->kNodesUsed);
  EXPECT_EQ(this->entries_of(1), this->kEntries);
}

// shrink_to_fit() fills the shard's successor with one entry at a time.
TYPED_TEST(WorkTest, FillingABucketIsLinear) {
  for (uint64_t value = 0; value < this->kEntries; value++) {
    ASSERT_TRUE(this->buckets.with_lock(0, [this, value](auto& bucket) {
      bucket.expect_no_removals();
      this->insert(bucket, value);
    }));
  }
  EXPECT_LT(this->buckets.visits, 4 * this->kEntries + 10 * this->kNodesUsed);
  EXPECT_EQ(this->entries_of(0), this->kEntries);
}

// Removals leave free slots in the middle of the chain, which the next insertions take, also if the
// writer has found all nodes full before.
TYPED_TEST(WorkTest, InsertionsTakeFreedSlots) {
  ASSERT_TRUE(this->buckets.with_lock(0, [this](auto& bucket) {
    for (uint64_t value = 0; value < 200; value++) this->insert(bucket, value);
    for (uint64_t value = 0; value < 200; value += 20) {
      std::optional<SlotRef> slot;
      bucket.for_each([&](auto entry, SlotRef at, uint8_t) {
        if (TypeParam::value(entry) == value) slot = at;
        return !slot;
      });
      ASSERT_TRUE(slot);
      bucket.remove(*slot);
    }
    const uint32_t unused = this->buckets.take_node(false);
    for (uint64_t value = 0; value < 200; value += 20) this->insert(bucket, value);
    EXPECT_EQ(this->buckets.take_node(false), unused + 1);  // none was taken
    EXPECT_EQ(this->entries_of(bucket), 200U);
  }));
}

}  // namespace
}  // namespace stave::index

// A reader held at every place of its lookup while writers change the bucket: what a late reader
// may see. (weak_memory/ looks at all interleavings and memory orders, with smaller buckets.)
#include "core/index/locked_bucket.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "core/index/control_word.h"
#include "core/index/entry_counts.h"
#include "core/index/narrow_layout.h"
#include "core/index/resolved_keys.h"
#include "core/index/shard.h"
#include "core/index/shard_protocol.h"
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
// its own key is moved by a split, by spilling and by gathering. It must find it all the same.
TYPED_TEST(HeldReaderTest, FindsTheKeyWhereverItMoves) {
  using ShardType = Shard<TypeParam>;
  const sync::EpochPin pin;
  const EntryCounts counts(1);
  ASSERT_TRUE(counts);
  ShardType* const shard = ShardType::create(0, counts.shard(0));
  if (shard == nullptr) FAIL() << "no memory";
  auto& protocol = shard->protocol();
  constexpr uint64_t hash = 77;
  const HashParts parts(hash);
  const Probe probe{.position = parts.position(), .tag = parts.tag(), .word = hash};
  typename ShardType::Protocol::Updated updated;
  const auto insert = [&](uint64_t value) {
    ASSERT_TRUE(protocol.insert_absent(probe, value, false, updated));
    shard->count_inserted(Keys());
  };
  const auto erase = [&](uint64_t value) {
    ASSERT_TRUE(protocol.change_exact(probe, value, {Decision::Action::erase, 0}, updated));
    ASSERT_TRUE(updated.erased);
    shard->count_erased();
    updated = {};
  };
  for (uint64_t held = 0; held < 12; held++) {
    for (uint64_t value = 0; value < 12; value++) insert(value);
    bool first = true;
    uint64_t splits = 0;
    const auto found = protocol.find(probe, [&](auto entry) {
      if (std::exchange(first, false)) {
        // Makes room, so that what is left is gathered; spills again; splits.
        for (uint64_t value = 0; value < 12; value++) {
          if (value != held) erase(value);
        }
        for (uint64_t value = 20; value < 40; value++) insert(value);
        splits = protocol.bucket_count();
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
  using Protocol = ShardProtocol<Layout, Memory>;
  using Locked = typename Protocol::Locked;
  // As many entries of one hash as fit into the nodes twice, and the nodes that they take.
  static constexpr uint64_t kEntries = 2000;
  static constexpr uint64_t kNodesUsed = kEntries / Layout::kNodeSlots + 1;

  static constexpr Probe probe{.position = 0xFFFF, .tag = 7, .word = 1};
  typename Layout::Entry entry(uint64_t value) const {
    return Layout::make(protocol.pattern(probe), value);
  }
  static uint64_t entries_of(const Locked& bucket) {
    uint64_t entries = 0;
    bucket.for_each([&entries](auto, Place, uint8_t) { return ++entries != 0; });
    return entries;
  }

  Protocol protocol{0};
};
TYPED_TEST_SUITE(WorkTest, Layouts);

// Thousands of keys of one hash move together when their bucket is split, inside the put of a key
// that has nothing to do with them. For each of them the whole chain was searched for a free slot:
// of 10,000 keys the split took 36 ms, and four times as much of twice as many.
TYPED_TEST(WorkTest, SplittingABucketOfOneHashIsLinear) {
  std::optional<typename TestFixture::Locked> parent = this->protocol.lock(0);
  ASSERT_TRUE(parent);
  for (uint64_t value = 0; value < this->kEntries; value++)
    ASSERT_TRUE(parent->insert(this->probe.tag, this->entry(value), false));
  parent->unlock();

  this->protocol.visits = 0;
  ASSERT_TRUE(this->protocol.split_next(
      [](auto, uint8_t, uint64_t, unsigned) { return TestFixture::Protocol::Half::upper; }));
  // Each entry looks at one node; the chains are walked a few times.
  EXPECT_LT(this->protocol.visits, 4 * this->kEntries + 10 * this->kNodesUsed);

  EXPECT_EQ(this->entries_of(*this->protocol.lock(1)), this->kEntries);
}

// shrink_to_fit() fills the shard's successor with one entry at a time.
TYPED_TEST(WorkTest, FillingABucketIsLinear) {
  for (uint64_t value = 0; value < this->kEntries; value++) {
    std::optional<typename TestFixture::Locked> bucket = this->protocol.lock(0);
    ASSERT_TRUE(bucket);
    bucket->expect_no_removals();
    ASSERT_TRUE(bucket->insert(this->probe.tag, this->entry(value), false));
    bucket->unlock();
  }
  EXPECT_LT(this->protocol.visits, 4 * this->kEntries + 10 * this->kNodesUsed);
  EXPECT_EQ(this->entries_of(*this->protocol.lock(0)), this->kEntries);
}

// What is removed leaves room in the midst of the chain, which the next insertions take: also those
// of the writer who has just found all nodes full.
TYPED_TEST(WorkTest, InsertionsTakeFreedSlots) {
  std::optional<typename TestFixture::Locked> bucket = this->protocol.lock(0);
  ASSERT_TRUE(bucket);
  for (uint64_t value = 0; value < 200; value++)
    ASSERT_TRUE(bucket->insert(this->probe.tag, this->entry(value), false));
  for (uint64_t value = 0; value < 200; value += 20) {
    std::optional<Place> place;
    bucket->for_each([&](auto entry, Place at, uint8_t) {
      if (TypeParam::value(entry) == value) place = at;
      return !place;
    });
    ASSERT_TRUE(place);
    bucket->remove(*place);
  }
  const uint32_t unused = this->protocol.take_node(false);
  for (uint64_t value = 0; value < 200; value += 20)
    ASSERT_TRUE(bucket->insert(this->probe.tag, this->entry(value), false));
  EXPECT_EQ(this->protocol.take_node(false), unused + 1);  // none was taken
  EXPECT_EQ(this->entries_of(*bucket), 200U);
}

}  // namespace
}  // namespace stave::index

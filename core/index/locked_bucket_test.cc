// A reader held at every place of its lookup while writers change the bucket: what a late reader
// may see. (weak_memory/ looks at all interleavings and memory orders, with smaller buckets.)
#include "core/index/locked_bucket.h"

#include <gtest/gtest.h>

#include "core/index/control_word.h"
#include "core/index/entry_counts.h"
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

}  // namespace
}  // namespace stave::index

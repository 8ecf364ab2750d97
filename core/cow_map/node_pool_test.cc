#include "core/cow_map/node_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "core/os/seeded_random.h"
#include "core/os/testing/late_calls.h"

namespace stave::cow_map {
namespace {

// A block with a pattern all over it, which nobody else may write to.
class Block {
 public:
  Block(uint32_t units, uint8_t pattern) : units_(units), pattern_(pattern) {
    bytes_ = static_cast<uint8_t*>(NodePool::allocate(units));
    if (bytes_ == nullptr) throw std::bad_alloc();
    EXPECT_EQ(reinterpret_cast<uintptr_t>(bytes_) % NodePool::unit, 0u);
    std::memset(bytes_, pattern, units * NodePool::unit);
  }
  void free() {
    for (size_t i = 0; i < units_ * NodePool::unit; i++) ASSERT_EQ(bytes_[i], pattern_);
    NodePool::free(bytes_, units_);
  }

 private:
  uint8_t* bytes_;
  uint32_t units_;
  uint8_t pattern_;
};

TEST(NodePool, BlocksAreTheirOwnersAlone) {
  os::SeededRandom random(31);
  std::vector<Block> blocks;
  for (int round = 0; round < 100'000; round++) {
    // Grows to some thousands and back.
    const bool grows = round / 8000 % 2 == 0 ? random.below(4) != 0 : random.below(4) == 0;
    if (grows || blocks.empty()) {
      blocks.emplace_back(1 + static_cast<uint32_t>(random.below(NodePool::units_max)),
                          static_cast<uint8_t>(round));
    } else {
      std::swap(blocks[random.below(blocks.size())], blocks.back());
      blocks.back().free();
      blocks.pop_back();
    }
  }
  for (Block& block : blocks) block.free();
}

TEST(NodePool, BlocksAreFreedByOtherThreadsAndAfterTheirOwnHasEnded) {
  os::SeededRandom random(32);
  std::vector<Block> blocks;
  for (int round = 0; round < 20; round++) {
    std::thread([&] {
      for (Block& block : blocks) block.free();
      blocks.clear();
      for (uint8_t i = 0; i < 200; i++)
        blocks.emplace_back(1 + static_cast<uint32_t>(random.below(NodePool::units_max)), i);
    }).join();
  }
  for (Block& block : blocks) block.free();
}

void use_some() {
  std::vector<Block> blocks;
  for (uint8_t i = 0; i < 100; i++) blocks.emplace_back(1 + i % NodePool::units_max, i);
  for (Block& block : blocks) block.free();
}

TEST(NodePool, ThreadsInTurnHoldNoMore) {
  const auto use_in_turn = [](int threads) {
    for (int i = 0; i < threads; i++) std::thread(use_some).join();
  };
  use_in_turn(10);
  const size_t before = NodePool::bytes_held();
  use_in_turn(1000);
  EXPECT_EQ(NodePool::bytes_held(), before);
}

// Blocks of calls behind the end of a thread go to nobody's hands.
TEST(NodePool, UsableAtTheEndOfAThread) {
  size_t before = 0;
  for (int i = 0; i < 200; i++) {
    if (i == 20) before = NodePool::bytes_held();
    int late_calls = 0;
    os::LateCalls late;
    std::thread([&] {
      ASSERT_TRUE(late.add([&](int) {
        late_calls++;
        use_some();
      }));
      use_some();
    }).join();
    EXPECT_EQ(late_calls, os::LateCalls::kRounds);
  }
  EXPECT_EQ(NodePool::bytes_held(), before);
}

TEST(NodePool, MemoryGoesBackToTheSystem) {
  os::SeededRandom random(33);
  const size_t before = NodePool::bytes_held();
  std::vector<Block> blocks;
  for (int i = 0; i < 100'000; i++)
    blocks.emplace_back(1 + static_cast<uint32_t>(random.below(NodePool::units_max)), 1);
  const size_t most = NodePool::bytes_held();
  if (most == 0) {
    for (Block& block : blocks) block.free();
    GTEST_SKIP() << "every block comes from operator new";
  }
  EXPECT_GT(most - before, size_t{40} << 20);
  while (!blocks.empty()) {
    std::swap(blocks[random.below(blocks.size())], blocks.back());
    blocks.back().free();
    blocks.pop_back();
  }
  // The reserve, and pieces of which this thread keeps a block.
  EXPECT_LT(NodePool::bytes_held(), before + (size_t{20} << 20));
  // What has been given back can be used again.
  for (int i = 0; i < 10'000; i++) blocks.emplace_back(NodePool::units_max, 2);
  for (Block& block : blocks) block.free();
}

// Most of what lies around them goes back to the system and comes again.
TEST(NodePool, SurvivorsKeepWhatTheyHold) {
  os::SeededRandom random(34);
  const auto add = [&](std::vector<Block>& blocks, int count) {
    for (int i = 0; i < count; i++)
      blocks.emplace_back(1 + static_cast<uint32_t>(random.below(NodePool::units_max)),
                          static_cast<uint8_t>(i));
  };
  std::vector<Block> survivors;
  for (int round = 0; round < 4; round++) {
    std::vector<Block> others;
    for (int i = 0; i < 2000; i++) {
      add(survivors, 1);
      add(others, 31);
    }
    for (Block& block : others) block.free();
  }
  for (Block& block : survivors) block.free();
}

TEST(NodePool, AsksForPermission) {
  NodePool::ask([]() noexcept { return false; });
  EXPECT_EQ(NodePool::allocate(1), nullptr);
  NodePool::ask(nullptr);
  void* const block = NodePool::allocate(1);
  EXPECT_NE(block, nullptr);
  NodePool::free(block, 1);
}

}  // namespace
}  // namespace stave::cow_map

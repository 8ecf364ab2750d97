#include "core/mvcc/block_pool.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

namespace stave::mvcc {
namespace {

using Block = BlockPool::Block;

Block take(BlockPool* pool, size_t size) {
  const Block block = BlockPool::take(pool, size);
  EXPECT_NE(block.memory, nullptr);
  std::memset(block.memory, 0xA5, size);
  return block;
}

TEST(BlockPool, BlocksAreLinesOfTheirOwn) {
  BlockPool* const pool = BlockPool::create();
  std::vector<std::pair<Block, size_t>> taken;
  std::set<uintptr_t> lines;
  for (int i = 0; i < 3000; i++) {
    for (const size_t size : {1U, 64U, 65U, 128U, 192U, 193U, 256U}) {
      const Block block = take(pool, size);
      EXPECT_NE(block.origin, 0);
      const auto address = reinterpret_cast<uintptr_t>(block.memory);
      ASSERT_EQ(address % BlockPool::kLine, 0U);
      for (size_t at = 0; at < size; at += BlockPool::kLine) {
        ASSERT_TRUE(lines.insert(address + at).second);
      }
      taken.emplace_back(block, size);
    }
  }
  for (const auto& [block, size] : taken) BlockPool::give_back(block, size);
  // They come again, and nothing else does.
  for (const auto& [block, size] : taken) {
    const Block again = take(pool, size);
    EXPECT_TRUE(lines.contains(reinterpret_cast<uintptr_t>(again.memory)));
    BlockPool::give_back(again, size);
  }
  pool->close();
}

TEST(BlockPool, LargeBlocksAndThoseOfNoPoolAreTheHeaps) {
  BlockPool* const pool = BlockPool::create();
  const Block large = take(pool, BlockPool::kBlockMax + 1);
  EXPECT_EQ(large.origin, 0);
  const Block without = take(nullptr, 8);
  EXPECT_EQ(without.origin, 0);
  pool->close();
  BlockPool::give_back(large, BlockPool::kBlockMax + 1);
  BlockPool::give_back(without, 8);
}

// Readers may be in blocks of a table that is gone: LeakSanitizer sees whether the pool ends.
TEST(BlockPool, EndsWithItsLastBlock) {
  BlockPool* const pool = BlockPool::create();
  const Block first = take(pool, 64);
  const Block second = take(pool, 100);
  pool->close();
  static_cast<char*>(second.memory)[99] = 'x';
  BlockPool::give_back(first, 64);
  static_cast<char*>(second.memory)[0] = 'x';
  std::thread([second] { BlockPool::give_back(second, 100); }).join();
}

// One thread takes, others give back: the memory goes in a circle.
TEST(BlockPool, WhatAnotherThreadGaveBackIsUsedAgain) {
  BlockPool* const pool = BlockPool::create();
  std::set<void*> ever;
  for (int round = 0; round < 50; round++) {
    std::vector<Block> taken;
    for (int i = 0; i < 1000; i++) {
      taken.push_back(take(pool, 64));
      ever.insert(taken.back().memory);
    }
    std::thread([&taken] {
      for (const Block block : taken) BlockPool::give_back(block, 64);
    }).join();
  }
  EXPECT_LE(ever.size(), 2000U);
  pool->close();
}

TEST(BlockPool, ManyThreadsPassBlocksOn) {
  constexpr int threads = 4;
  constexpr int rounds = 20'000;
  BlockPool* const pool = BlockPool::create();
  std::array<std::atomic<Block*>, 16> exchange{};
  std::vector<std::thread> team;
  for (int number = 0; number < threads; number++) {
    team.emplace_back([&, number] {
      for (int i = 0; i < rounds; i++) {
        auto* const block = new Block(take(pool, 64));
        Block* const other =
            exchange[static_cast<size_t>(number * 7 + i) % exchange.size()].exchange(block);
        if (other == nullptr) continue;
        EXPECT_EQ(static_cast<unsigned char*>(other->memory)[63], 0xA5);
        BlockPool::give_back(*other, 64);
        delete other;
      }
    });
  }
  for (std::thread& thread : team) thread.join();
  pool->close();
  for (std::atomic<Block*>& place : exchange) {
    Block* const block = place.load();
    if (block == nullptr) continue;
    BlockPool::give_back(*block, 64);
    delete block;
  }
}

}  // namespace
}  // namespace stave::mvcc

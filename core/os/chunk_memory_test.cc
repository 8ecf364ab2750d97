#include "core/os/chunk_memory.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace stave::os {
namespace {

struct Piece {
  std::byte* memory;
  size_t size;
};

bool is_zero(const Piece& piece) {
  return std::all_of(piece.memory, piece.memory + piece.size,
                     [](std::byte byte) { return byte == std::byte{0}; });
}
bool is_mapped(std::byte* memory) {
  unsigned char resident = 0;
  return mincore(memory, 4096, &resident) == 0;
}
bool overlap(const Piece& a, const Piece& b) {
  return a.memory < b.memory + b.size && b.memory < a.memory + a.size;
}

TEST(SharedChunks, LieInOnePage) {
  const size_t sizes[] = {shared_chunk_min, shared_chunk_max, shared_chunk_min,
                          shared_chunk_max / 2};
  std::vector<Piece> pieces;
  for (const size_t size : sizes) pieces.push_back({allocate_chunk(size), size});
  for (const Piece& piece : pieces) {
    ASSERT_NE(piece.memory, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(piece.memory) % piece.size, 0U);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(piece.memory) / huge_page_size,
              reinterpret_cast<uintptr_t>(pieces[0].memory) / huge_page_size);
  }
  for (const Piece& piece : pieces) free_chunk(piece.memory, piece.size);
  EXPECT_FALSE(is_mapped(pieces[0].memory));
}

TEST(SharedChunks, AreZeroAndApartInAnyOrder) {
  std::mt19937_64 random(11);
  std::vector<Piece> pieces;
  for (int i = 0; i < 2000; i++) {
    if (pieces.size() < 20 && random() % 2 == 0) {
      const size_t size = shared_chunk_min * (1 + random() % 6);
      const Piece fresh{allocate_chunk(size), size};
      ASSERT_NE(fresh.memory, nullptr);
      EXPECT_TRUE(is_zero(fresh));
      for (const Piece& piece : pieces) ASSERT_FALSE(overlap(fresh, piece));
      std::memset(fresh.memory, 1, fresh.size);
      pieces.push_back(fresh);
    } else if (!pieces.empty()) {
      std::swap(pieces[random() % pieces.size()], pieces.back());
      free_chunk(pieces.back().memory, pieces.back().size);
      pieces.pop_back();
    }
  }
  for (const Piece& piece : pieces) free_chunk(piece.memory, piece.size);
}

TEST(SharedChunks, AForkedChildHasThem) {
  std::byte* const mine = allocate_chunk(shared_chunk_min);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    free_chunk(mine, shared_chunk_min);
    _exit(allocate_chunk(shared_chunk_max) != nullptr ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  free_chunk(mine, shared_chunk_min);
}

}  // namespace
}  // namespace stave::os

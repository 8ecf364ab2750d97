#include "core/index/key_pieces.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <vector>

#include "core/os/seeded_random.h"

namespace stave::index {
namespace {

// The owner's part of a piece, all of which is his: a pattern that depends on where it is.
class Piece {
 public:
  Piece(KeyPieces& pieces, size_t size) : size_(size), begin_(pieces.take(size)) {
    auto* const head = reinterpret_cast<KeyPieces::Head*>(begin_);
    EXPECT_EQ(head->word.load(), 0U);
    head->first = pattern();
    head->word.store(pattern() & ~KeyPieces::flags);
    std::memset(begin_ + sizeof *head, static_cast<int>(pattern() & 255), size_ - sizeof *head);
  }
  std::byte* begin() const { return begin_; }
  size_t size() const { return size_; }
  void give_back(KeyPieces& pieces) const {
    const auto* const head = reinterpret_cast<const KeyPieces::Head*>(begin_);
    EXPECT_EQ(head->first, pattern());
    EXPECT_EQ(head->word.load() & ~KeyPieces::flags, pattern() & ~KeyPieces::flags);
    const std::byte expected{static_cast<unsigned char>(pattern() & 255)};
    EXPECT_TRUE(std::all_of(begin_ + sizeof *head, begin_ + size_,
                            [&](std::byte each) { return each == expected; }));
    pieces.give_back(begin_, size_);
  }

 private:
  uint64_t pattern() const { return reinterpret_cast<uintptr_t>(begin_) * 0x9e3779b97f4a7c15; }

  size_t size_;
  std::byte* begin_;
};

TEST(KeyPiecesTest, SizesAreMultiplesOfSixteenFromThirtyTwoOn) {
  EXPECT_EQ(KeyPieces::size_for(16), 32U);
  EXPECT_EQ(KeyPieces::size_for(32), 32U);
  EXPECT_EQ(KeyPieces::size_for(33), 48U);
  EXPECT_EQ(KeyPieces::size_for(65'551), 65'552U);
}

// Whatever is taken and given back in whatever order: pieces do not overlap, keep what their owner
// has written, and in the end all is one again.
TEST(KeyPiecesTest, NoPieceOverlapsAnother) {
  for (uint64_t seed = 1; seed <= 20; seed++) {
    os::SeededRandom random(seed);
    KeyPieces pieces;
    std::vector<Piece> taken;
    std::map<std::byte*, size_t> places;
    const auto give_back = [&](size_t at) {
      places.erase(taken[at].begin());
      taken[at].give_back(pieces);
      taken[at] = taken.back();
      taken.pop_back();
    };
    for (int step = 0; step < 20'000; step++) {
      // Grows for a while, shrinks for a while.
      if (taken.empty() || random.below(100) < (step / 2000 % 2 == 0 ? 60 : 40)) {
        const uint64_t largest = random.below(50) == 0 ? 65'552 : 1 + random.below(1500);
        const Piece piece(pieces, KeyPieces::size_for(16 + random.below(largest)));
        ASSERT_EQ(reinterpret_cast<uintptr_t>(piece.begin()) % 16, 0U);
        const auto behind = places.lower_bound(piece.begin());
        ASSERT_TRUE(behind == places.end() || piece.begin() + piece.size() <= behind->first);
        if (behind != places.begin()) {
          const auto before = std::prev(behind);
          ASSERT_LE(before->first + before->second, piece.begin());
        }
        places.emplace(piece.begin(), piece.size());
        taken.push_back(piece);
      } else {
        give_back(random.below(taken.size()));
      }
    }
    while (!taken.empty()) give_back(random.below(taken.size()));
    pieces.drop_free_chunks();
    EXPECT_EQ(pieces.bytes(), 0U);
  }
}

TEST(KeyPiecesTest, AChunkThatComesAndGoesStays) {
  KeyPieces pieces;
  std::byte* const piece = pieces.take(1024);
  const uint64_t bytes = pieces.bytes();
  pieces.give_back(piece, 1024);
  EXPECT_EQ(pieces.bytes(), bytes);
  EXPECT_EQ(pieces.take(1024), piece);
  pieces.drop_free_chunks();
  EXPECT_EQ(pieces.bytes(), bytes);
  pieces.give_back(piece, 1024);
  pieces.drop_free_chunks();
  EXPECT_EQ(pieces.bytes(), 0U);
}

TEST(KeyPiecesTest, MostOfWhatIsFreeGoesBack) {
  KeyPieces pieces;
  std::vector<std::byte*> taken;
  for (int i = 0; i < 200'000; i++) taken.push_back(pieces.take(96));
  const uint64_t full = pieces.bytes();
  EXPECT_LT(full, 200'000U * 96 * 5 / 4);
  for (std::byte* const piece : taken) pieces.give_back(piece, 96);
  EXPECT_LT(pieces.bytes(), full / 3);
}

// One size after the other: what one leaves serves the next, smaller or larger.
TEST(KeyPiecesTest, EachSizeUsesWhatAnotherLeaves) {
  KeyPieces pieces;
  constexpr size_t live = 4 << 20;
  uint64_t most = 0;
  std::vector<std::pair<std::byte*, size_t>> taken;
  for (const bool rising : {true, false}) {
    for (size_t i = 1; i <= 40; i++) {
      const size_t size = KeyPieces::size_for((rising ? i : 41 - i) * 100);
      for (const auto& [piece, had] : taken) pieces.give_back(piece, had);
      taken.clear();
      for (size_t bytes = 0; bytes < live; bytes += size)
        taken.emplace_back(pieces.take(size), size);
      most = std::max(most, pieces.bytes());
    }
  }
  EXPECT_LE(most, 2 * live);
}

}  // namespace
}  // namespace stave::index

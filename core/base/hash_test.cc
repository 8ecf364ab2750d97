#include "core/base/hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

namespace stave {
namespace {

constexpr uint64_t prime32 = 2654435761U;
constexpr uint64_t prime64 = 11400714785074694797U;

// The input on which xxHash publishes its test vectors.
std::vector<std::byte> reference_input(size_t size) {
  std::vector<std::byte> input(size);
  uint64_t generator = prime32;
  for (std::byte& byte : input) {
    byte = static_cast<std::byte>(generator >> 56);
    generator *= prime64;
  }
  return input;
}

struct Vector {
  size_t size;
  uint64_t seed;
  uint64_t hash;
  Hash128 wide;
};

// One or two sizes for each of XXH3's code paths: 0, 1-3, 4-8, 9-16, 17-128, 129-240, longer.
constexpr Vector vectors[] = {
    {0, 0, 0x2D06800538D394C2, {0x6001C324468D497F, 0x99AA06D3014798D8}},
    {1, 0, 0xC44BDFF4074EECDB, {0xC44BDFF4074EECDB, 0xA6CD5E9392000F6A}},
    {6, 0, 0x27B56A84CD2D7325, {0x3E7039BDDA43CFC6, 0x082AFE0B8162D12A}},
    {12, 0, 0xA713DAF0DFBB77E7, {0x061A192713F69AD9, 0x6E3EFD8FC7802B18}},
    {80, 0, 0xBCDEFBBB2C47C90A, {0x454AE6BF7A8A532D, 0xFDF2CEFDE9EAAC8A}},
    {195, 0, 0xCD94217EE362EC3A, {0x3FB593C086A66075, 0x7729543A26B207EE}},
    {2048, 0, 0xDD59E2C3A5F038E0, {0xDD59E2C3A5F038E0, 0xF736557FD47073A5}},
    {0, prime64, 0xA8A6B918B2F0364A, {0xA986DFC5D7605BFE, 0x00FEAA732A3CE25E}},
    {1, prime64, 0x032BE332DD766EF8, {0x032BE332DD766EF8, 0x20E49ABCC53B3842}},
    {6, prime64, 0x84589C116AB59AB9, {0xC5B54D56038E4E40, 0x014BD95A51CA5DDB}},
    {12, prime64, 0xE7303E1B2336DE0E, {0x5D92B5D7190B12D1, 0xFF0D60ACD02ED401}},
    {80, prime64, 0xC6DD0CB699532E73, {0xA5EAC764D1FF1166, 0x19BF02D69BC56833}},
    {195, prime64, 0xBA68003D370CB3D9, {0xCF9D9EC2C8C9913F, 0x0326104C4D4849E7}},
    {2048, prime64, 0x66F81670669ABABC, {0x66F81670669ABABC, 0x23CC3A2E75EBAAEA}},
};

TEST(Hash, IsTheXxh3ThatFilesWereWrittenWith) {
  const std::vector<std::byte> input = reference_input(2048);
  for (const Vector& vector : vectors) {
    const Bytes bytes = Bytes(input).first(vector.size);
    EXPECT_EQ(hash64(bytes, vector.seed), vector.hash) << vector.size << " bytes";
    EXPECT_EQ(hash128(bytes, vector.seed), vector.wide) << vector.size << " bytes";
  }
}

TEST(Hash, OfAWordIsThatOfItsBytes) {
  uint64_t word = prime64;
  for (int i = 0; i < 1000; i++) {
    const uint64_t seed = i == 0 ? 0 : word * prime32;
    EXPECT_EQ(WordHash(seed)(word), hash64(as_bytes(&word, sizeof word), seed));
    word = (word ^ word >> 29) * prime64;
  }
}

TEST(Hash, AcceptsAnEmptyViewWithANullPointer) {
  EXPECT_EQ(hash64({}, 0), vectors[0].hash);
  EXPECT_EQ(hash128({}, 0), vectors[0].wide);
  Hash64Stream stream(0);
  stream.update({});
  EXPECT_EQ(stream.digest(), vectors[0].hash);
}

TEST(Hash64Stream, EqualsTheHashOfTheWhole) {
  const std::vector<std::byte> input = reference_input(5000);
  for (const size_t piece : std::array<size_t, 7>{1, 7, 64, 255, 256, 1023, 5000}) {
    for (const size_t size : std::array<size_t, 6>{1, 16, 200, 240, 1024, 5000}) {
      Hash64Stream stream(prime64);
      for (size_t at = 0; at < size; at += piece)
        stream.update(Bytes(input).subspan(at, std::min(piece, size - at)));
      EXPECT_EQ(stream.digest(), hash64(Bytes(input).first(size), prime64))
          << size << " by " << piece;
    }
  }
}

TEST(Hash64Stream, GoesOnAfterADigest) {
  Hash64Stream stream(3);
  stream.update(as_bytes("first "));
  EXPECT_EQ(stream.digest(), hash64(as_bytes("first "), 3));
  stream.update(as_bytes("second"));
  EXPECT_EQ(stream.digest(), hash64(as_bytes("first second"), 3));
}

}  // namespace
}  // namespace stave

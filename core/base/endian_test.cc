#include "core/base/endian.h"

#include <gtest/gtest.h>

#include <array>

namespace stave {
namespace {

constexpr std::array<std::byte, 8> bytes = {std::byte{0x01}, std::byte{0x23}, std::byte{0x45},
                                            std::byte{0x67}, std::byte{0x89}, std::byte{0xab},
                                            std::byte{0xcd}, std::byte{0xef}};

static_assert(load_le16(bytes.data()) == 0x2301);
static_assert(load_le32(bytes.data()) == 0x67452301);
static_assert(load_le64(bytes.data()) == 0xefcdab8967452301);

constexpr std::array<std::byte, 8> stored() {
  std::array<std::byte, 8> result{};
  store_le64(result.data(), 0xefcdab8967452301);
  return result;
}
static_assert(stored() == bytes);

TEST(Endian, LoadsAtAnyAlignment) {
  EXPECT_EQ(load_le16(bytes.data() + 1), 0x4523);
  EXPECT_EQ(load_le32(bytes.data() + 1), 0x89674523u);
  EXPECT_EQ(load_le64(bytes.data()), 0xefcdab8967452301u);
}

TEST(Endian, StoresWhatItLoadsAndNothingBeside) {
  std::array<std::byte, 16> buffer{};
  store_le16(buffer.data() + 1, 0x2301);
  store_le32(buffer.data() + 5, 0x67452301);
  EXPECT_EQ(load_le64(buffer.data()), 0x4523010000230100u);
  EXPECT_EQ(load_le64(buffer.data() + 8), 0x67u);
  store_le64(buffer.data() + 3, UINT64_MAX);
  EXPECT_EQ(load_le64(buffer.data() + 3), UINT64_MAX);
  EXPECT_EQ(buffer[2], std::byte{0x23});
  EXPECT_EQ(buffer[11], std::byte{0});
}

}  // namespace
}  // namespace stave

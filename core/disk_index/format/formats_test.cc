// The bytes on disk: golden vectors of each format, and what decoding refuses.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "core/disk_index/format/directory_format.h"
#include "core/disk_index/format/log_format.h"
#include "core/disk_index/format/page_format.h"
#include "core/disk_index/format/record.h"
#include "core/disk_index/format/superblock.h"

namespace stave::disk_index {
namespace {

std::string hex(Bytes bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += digits[static_cast<uint8_t>(byte) >> 4];
    text += digits[static_cast<uint8_t>(byte) & 15];
  }
  return text;
}

Superblock example() {
  Superblock block;
  for (size_t i = 0; i < block.file_id.size(); i++) block.file_id[i] = static_cast<std::byte>(i);
  block.hash_seed = 0x1122334455667788;
  block.record_kind = RecordKind::payload;
  block.record_size = 24;
  block.generation = 7;
  block.lsn = 42;
  block.file_pages = 64;
  block.entries = 1000;
  block.directory_page = 20;
  block.directory_generation = 6;
  block.segments = 1;
  block.depth = 0;
  block.is_named = false;
  block.log_page = 30;
  block.log_salt = 0xa1a2a3a4a5a6a7a8;
  block.log_sequence = 100;
  block.log_durable = 105;
  return block;
}

TEST(DiskIndexFormats, SuperblockIsAsDocumented) {
  const SuperblockBytes bytes = encode_superblock(example());
  EXPECT_EQ(hex(Bytes(bytes).first(144)),
            "5354415645444958"  // magic
            "0100000000100000"
            "000102030405060708090a0b0c0d0e0f"
            "8877665544332211"
            "0100000018000000"
            "0700000000000000"
            "2a00000000000000"
            "4000000000000000"
            "e803000000000000"
            "1400000000000000"
            "0600000000000000"
            "0100000000000000"
            "0000000001000000"
            "1e00000000000000"
            "a8a7a6a5a4a3a2a1"
            "6400000000000000"
            "6900000000000000");
  const Result<Superblock> decoded = decode_superblock(bytes, "x");
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, example());
}

TEST(DiskIndexFormats, EveryDamagedByteOfASuperblockIsSeen) {
  const SuperblockBytes bytes = encode_superblock(example());
  for (size_t i = 0; i < bytes.size(); i++) {
    for (const int mask : {0x01, 0x80, 0xff}) {
      SuperblockBytes damaged = bytes;
      damaged[i] ^= static_cast<std::byte>(mask);
      EXPECT_TRUE(decode_superblock(damaged, "x").status().is(Code::not_found)) << i;
    }
  }
}

// Whole superblocks that say what cannot be, each with a message of its own.
TEST(DiskIndexFormats, ImpossibleSuperblocksAreDamage) {
  struct Case {
    const char* says;
    std::function<void(Superblock&)> change;
  };
  const std::vector<Case> cases = {
      {"record kind 4", [](Superblock& b) { b.record_kind = static_cast<RecordKind>(4); }},
      {"record size 24", [](Superblock& b) { b.record_kind = RecordKind::location; }},
      {"locations with a redo log",
       [](Superblock& b) {
         b.record_kind = RecordKind::location;
         b.record_size = location_size;
       }},
      {"record size 0", [](Superblock& b) { b.record_size = 0; }},
      {"record size 25", [](Superblock& b) { b.record_size = 25; }},
      {"record size 257",
       [](Superblock& b) {
         b.record_kind = RecordKind::opaque;
         b.record_size = 257;
       }},
      {"a file of", [](Superblock& b) { b.file_pages = uint64_t{1} << 63; }},
      {"a file of 0", [](Superblock& b) { b.file_pages = 0; }},
      {"directory depth", [](Superblock& b) { b.depth = 64; }},
      {"segments at depth", [](Superblock& b) { b.segments = (uint64_t{1} << 63) - 1; }},
      {"0 segments", [](Superblock& b) { b.segments = 0; }},
      {"1 segments at depth 5", [](Superblock& b) { b.depth = 5; }},
      {"the directory lies outside", [](Superblock& b) { b.directory_page = 64; }},
      {"the directory lies outside", [](Superblock& b) { b.directory_page = UINT64_MAX; }},
      {"the directory lies outside", [](Superblock& b) { b.directory_page = 1; }},
      {"the redo log lies outside", [](Superblock& b) { b.log_page = 62; }},
      {"the redo log lies outside", [](Superblock& b) { b.log_page = UINT64_MAX - 1; }},
      {"begins too late", [](Superblock& b) { b.log_durable = 99; }},
      {"entries in", [](Superblock& b) { b.entries = UINT64_MAX; }},
  };
  for (const Case& one : cases) {
    Superblock block = example();
    one.change(block);
    const Status status = decode_superblock(encode_superblock(block), "x").status();
    EXPECT_TRUE(status.is(Code::corruption)) << one.says;
    EXPECT_NE(status.message().find(one.says), std::string_view::npos) << status.message();
  }
}

TEST(DiskIndexFormats, AnotherVersionIsUnsupported) {
  SuperblockBytes bytes = encode_superblock(example());
  store_le32(&bytes[8], 2);
  store_le64(&bytes[page_size - 8], hash64(Bytes(bytes).first(page_size - 8), 0));
  EXPECT_TRUE(decode_superblock(bytes, "x").status().is(Code::unsupported_version));
}

TEST(DiskIndexFormats, PageHeaderIsAsDocumented) {
  std::vector<std::byte> page(page_size);
  PageHeader header;
  header.generation = 0x0102030405060708;
  header.kind = PageKind::overflow;
  header.count = 9;
  header.spill = 32;
  header.index = 0x0a0b0c0d;
  header.range = 0x8000000000000000;
  encode_page_header(page.data(), header);
  FileId id{};
  seal_page(page.data(), file_seed(id), 5);
  EXPECT_EQ(hex(Bytes(page).subspan(8, 24)),
            "080706050403020102092000"
            "0d0c0b0a"
            "0000000000000080");
  EXPECT_TRUE(page_is_whole(page.data(), file_seed(id), 5));
  EXPECT_FALSE(page_is_whole(page.data(), file_seed(id), 6)) << "bound to its position";
  id[0] = std::byte{1};
  EXPECT_FALSE(page_is_whole(page.data(), file_seed(id), 5)) << "bound to its file";
}

TEST(DiskIndexFormats, SegmentsAreAsDocumented) {
  std::vector<std::byte> entry(segment_entry_size);
  const Segment segment{0x11, 0x22, 0x33, 0x44, 0x05, 0x66};
  encode_segment(entry.data(), segment);
  EXPECT_EQ(hex(entry),
            "1100000000000000"
            "22000000"
            "33000000"
            "44000000"
            "05000000"
            "6600000000000000");
  EXPECT_EQ(decode_segment(entry.data()), segment);
}

TEST(DiskIndexFormats, BucketsFollowTheHash) {
  EXPECT_EQ(bucket_of(0, 0, 7).page, 0u);
  EXPECT_EQ(bucket_of(UINT64_MAX, 0, 7).page, 6u);
  EXPECT_EQ(bucket_of(UINT64_MAX, 0, 7).bucket, 31u);
  EXPECT_EQ(bucket_of(0x8000000000000000, 1, 7).page, 0u) << "the segment's own bits are cut off";
  EXPECT_EQ(bucket_of(0xffffffffffffffff, 40, home_pages_max).page, home_pages_max - 1);
  uint32_t last = 0;
  for (uint64_t i = 0; i < 1000; i++) {
    const BucketRef ref = bucket_of(i * (UINT64_MAX / 1000), 0, 13);
    EXPECT_GE(ref.page * buckets_per_page + ref.bucket, last);
    last = ref.page * buckets_per_page + ref.bucket;
  }
}

TEST(DiskIndexFormats, LogSlotsAreBoundToChunkAndSlot) {
  const uint32_t size = log_slot_size(5);
  EXPECT_EQ(size, 32u);
  std::vector<std::byte> slot(size, std::byte{3});
  store_le64(slot.data(), log_word(slot.data(), size, LogKind::remove, 77, 4));
  EXPECT_EQ(checked_log_kind(slot.data(), size, 77, 4), LogKind::remove);
  EXPECT_EQ(checked_log_kind(slot.data(), size, 78, 4), LogKind::none);
  EXPECT_EQ(checked_log_kind(slot.data(), size, 77, 5), LogKind::none);
  for (size_t i = 0; i < size; i++) {
    std::vector<std::byte> damaged = slot;
    damaged[i] ^= std::byte{1};
    EXPECT_EQ(checked_log_kind(damaged.data(), size, 77, 4), LogKind::none) << i;
  }
  const std::vector<std::byte> zeros(size);
  EXPECT_EQ(checked_log_kind(zeros.data(), size, 0, 0), LogKind::none);
}

TEST(DiskIndexFormats, APayloadHasAKnownCodecAndZeros) {
  std::vector<std::byte> bytes(payload_size, std::byte{0xff});
  std::fill(bytes.begin() + payload_codec_at, bytes.end(), std::byte{0});
  for (const Codec codec : {Codec::none, Codec::lz4, Codec::zstandard}) {
    bytes[payload_codec_at] = static_cast<std::byte>(codec);
    EXPECT_TRUE(is_payload(bytes.data()));
    EXPECT_TRUE(check_record(RecordKind::payload, payload_size, bytes).ok());
  }
  for (int codec = 3; codec < 256; codec++) {
    bytes[payload_codec_at] = static_cast<std::byte>(codec);
    EXPECT_FALSE(is_payload(bytes.data())) << codec;
  }
  EXPECT_NE(damaged_payload(bytes.data()).message().find("unknown codec 255"), std::string::npos);
  EXPECT_TRUE(check_record(RecordKind::payload, payload_size, bytes).is(Code::invalid_argument));
  EXPECT_TRUE(check_record(RecordKind::opaque, payload_size, bytes).ok());
  for (size_t at = payload_codec_at + 1; at < payload_size; at++) {
    std::fill(bytes.begin() + payload_codec_at, bytes.end(), std::byte{0});
    bytes[at] = std::byte{1};
    EXPECT_FALSE(is_payload(bytes.data())) << at;
    EXPECT_TRUE(damaged_payload(bytes.data()).is(Code::corruption));
  }
}

TEST(DiskIndexFormats, SuperblockKeepsTheOwnersNote) {
  Superblock block = example();
  block.record_kind = RecordKind::location;
  block.record_size = location_size;
  block.log_page = block.log_salt = block.log_sequence = block.log_durable = 0;
  block.owner = {block.lsn, {0x11, 0x22, 0x33, 0x44}};
  block.weight = 0x55;
  const SuperblockBytes bytes = encode_superblock(block);
  EXPECT_EQ(hex(Bytes(bytes).subspan(144, 40)),
            "1100000000000000"
            "2200000000000000"
            "3300000000000000"
            "4400000000000000"
            "5500000000000000");
  EXPECT_EQ(*decode_superblock(bytes, "x"), block);
}

}  // namespace
}  // namespace stave::disk_index

// Golden vectors: the bytes of every structure on disk, so that a change of format cannot happen
// unnoticed. The same bytes are the worked example of docs/formats/segment.md.
#include <gtest/gtest.h>

#include <string>

#include "core/store/format/record_format.h"
#include "core/store/format/segment_format.h"

namespace stave::store {
namespace {

std::string hex(Bytes bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += digits[std::to_integer<int>(byte) >> 4];
    text += digits[std::to_integer<int>(byte) & 15];
  }
  return text;
}

StoreId example_store_id() {
  StoreId id{};
  for (size_t i = 0; i < id.size(); i++) id[i] = static_cast<std::byte>(i);
  return id;
}

SegmentHeader example_header() {
  return {.store_id = example_store_id(), .generation = 2, .base_lsn = 7, .previous_generation = 1};
}

TEST(SegmentFormat, HeaderIsTheGoldenBytes) {
  EXPECT_EQ(hex(encode_segment_header(example_header())),
            "53544156455345470100000000000000000102030405060708090a0b0c0d0e0f"
            "020000000000000007000000000000000100000000000000fc48548aaba2947f");
}

TEST(SegmentFormat, HeaderRoundTrips) {
  const auto header = decode_segment_header(encode_segment_header(example_header()), "x");
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->store_id, example_store_id());
  EXPECT_EQ(header->generation, 2u);
  EXPECT_EQ(header->base_lsn, 7u);
  EXPECT_EQ(header->previous_generation, 1u);
}

TEST(SegmentFormat, FlippedBitInHeaderIsCorruption) {
  const SegmentHeaderBytes good = encode_segment_header(example_header());
  for (size_t bit = 0; bit < good.size() * 8; bit++) {
    SegmentHeaderBytes bad = good;
    bad[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    EXPECT_TRUE(decode_segment_header(bad, "x").status().is(Code::corruption)) << bit;
  }
}

TEST(SegmentFormat, NewerVersionIsUnsupported) {
  SegmentHeaderBytes bytes = encode_segment_header(example_header());
  store_le32(&bytes[8], segment_version + 1);
  store_le64(&bytes[56], hash64(Bytes(bytes).first(56), 0));
  EXPECT_TRUE(decode_segment_header(bytes, "x").status().is(Code::unsupported_version));
}

TEST(SegmentFormat, NamesAndGenerations) {
  EXPECT_EQ(segment_name(42), "000000000000002a.segment");
  EXPECT_EQ(segment_name(UINT64_MAX), "ffffffffffffffff.segment");
  EXPECT_EQ(parse_segment_name("000000000000002a.segment"), 42u);
  for (const char* name : {"", "2a.segment", "000000000000002A.segment", "000000000000002a.segmen",
                           "000000000000002a.segment.new", "0000000000000000.segment",
                           "ffffffffffffffff.segment", "00000000000000 a.segment", "MANIFEST"})
    EXPECT_FALSE(parse_segment_name(name).has_value()) << name;
}

TEST(RecordFormat, PutIsTheGoldenBytes) {
  std::byte bytes[48];
  encode_record(bytes,
                {.lsn = 7,
                 .durable_lag = 1,
                 .kind = RecordKind::put,
                 .member = false,
                 .key = as_bytes("key"),
                 .value = as_bytes("value")},
                segment_seed(example_store_id(), 2) + 64);
  EXPECT_EQ(hex(bytes),
            "60087762b5228f8f07000000000000000100000001000300050000006b657976"
            "616c7565000000000000000000000000");
}

TEST(RecordFormat, BatchIsTheGoldenBytes) {
  std::byte bytes[48 + 48 + 32];
  const uint64_t seed = segment_seed(example_store_id(), 2);
  encode_batch_header(bytes, 8, 2, 2, sizeof bytes, seed + 112);
  encode_record(bytes + 48,
                {.lsn = 8,
                 .durable_lag = 2,
                 .kind = RecordKind::put,
                 .member = true,
                 .key = as_bytes("a"),
                 .value = as_bytes("0123456789")},
                seed + 160);
  encode_record(bytes + 96,
                {.lsn = 8,
                 .durable_lag = 2,
                 .kind = RecordKind::remove,
                 .member = true,
                 .key = as_bytes("key"),
                 .value = {}},
                seed + 208);
  EXPECT_EQ(hex(bytes),
            "c963b6a93a8aa6f9080000000000000002000000030000000200000000000000"
            "80000000000000000000000000000000b5e2bbffa89de4b10800000000000000"
            "02000000011001000a0000006130313233343536373839000000000000000000"
            "2c66382e35f4e9d508000000000000000200000002100300000000006b657900");
}

TEST(RecordFormat, ChecksumDependsOnPosition) {
  std::byte bytes[32];
  const RecordFields fields{.lsn = 1,
                            .durable_lag = durable_lag_unknown,
                            .kind = RecordKind::put,
                            .member = false,
                            .key = as_bytes("k"),
                            .value = as_bytes("v")};
  const uint64_t seed = segment_seed(example_store_id(), 2);
  encode_record(bytes, fields, seed + 64);
  const Bytes record(bytes, record_size(1, 1));
  EXPECT_TRUE(checksum_matches(record, seed + 64));
  EXPECT_FALSE(checksum_matches(record, seed + 80));
  EXPECT_FALSE(checksum_matches(record, segment_seed(example_store_id(), 3) + 64));
}

TEST(RecordFormat, HeaderSaysFeaturesAndDurableClaim) {
  std::byte bytes[32];
  encode_record(bytes,
                {.lsn = 10,
                 .durable_lag = 4,
                 .kind = RecordKind::put,
                 .member = false,
                 .key = as_bytes("k"),
                 .value = as_bytes("v")},
                0);
  RecordHeader header = RecordHeader::decode(bytes);
  EXPECT_TRUE(header.plausible());
  EXPECT_TRUE(header.is_supported());
  EXPECT_EQ(header.size(), 30u);
  EXPECT_EQ(header.durable_claim(), 6u);
  header.durable_lag = durable_lag_unknown;
  EXPECT_EQ(header.durable_claim(), 0u);
  header.flags = flag_extended;
  EXPECT_EQ(header.size(), 50u);
  EXPECT_FALSE(header.is_supported());
  header.flags = 0x80;
  EXPECT_FALSE(header.plausible());
  header.flags = 0;
  header.value_size = value_size_max + 1;
  EXPECT_FALSE(header.plausible());
}

}  // namespace
}  // namespace stave::store

// Golden vectors: the bytes of every structure on disk, so that a change of format cannot happen
// unnoticed. tests/golden compares the examples of docs/formats with the code.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/os/file_io.h"
#include "core/os/testing/simulated_file_system.h"
#include "core/store/format/format_test_support.h"
#include "core/store/format/format_version.h"
#include "core/store/format/manifest.h"
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

SegmentHeader example_header() {
  return {.store_id = example_store_id(),
          .generation = 2,
          .base_lsn = 7,
          .previous_generation = 1,
          .timeline = 9};
}

SegmentHeader example_relocated_header() {
  return {.kind = SegmentKind::relocated,
          .store_id = example_store_id(),
          .generation = 3,
          .base_lsn = 8,
          .timeline = 9,
          .end = 224};
}

TEST(SegmentFormat, HeadersAreTheGoldenBytes) {
  EXPECT_EQ(hex(encode_segment_header(example_header())),
            "53544156455345470200000000000000000102030405060708090a0b0c0d0e0f"
            "0200000000000000070000000000000001000000000000000900000000000000"
            "0000000000000000000000000000000000000000000000000000000000000000"
            "000000000000000000000000000000000000000000000000666668ee03ab59db");
  EXPECT_EQ(hex(encode_segment_header(example_relocated_header())),
            "53544156455345470200000001000000000102030405060708090a0b0c0d0e0f"
            "0300000000000000080000000000000000000000000000000900000000000000"
            "0000000000000000000000000000000000000000000000000000000000000000"
            "0000000000000000e0000000000000000000000000000000aa8b06f984b9627d");
}

TEST(SegmentFormat, HeadersRoundTrip) {
  for (const SegmentHeader& expected : {example_header(), example_relocated_header()}) {
    const auto header = decode_segment_header(encode_segment_header(expected), "x");
    ASSERT_TRUE(header.ok()) << header.status().message();
    EXPECT_EQ(header->kind, expected.kind);
    EXPECT_EQ(header->store_id, expected.store_id);
    EXPECT_EQ(header->generation, expected.generation);
    EXPECT_EQ(header->base_lsn, expected.base_lsn);
    EXPECT_EQ(header->previous_generation, expected.previous_generation);
    EXPECT_EQ(header->timeline, expected.timeline);
    EXPECT_EQ(header->end, expected.end);
  }
}

TEST(SegmentFormat, FlippedBitInHeaderIsCorruption) {
  for (const SegmentHeader& example : {example_header(), example_relocated_header()}) {
    const SegmentHeaderBytes good = encode_segment_header(example);
    for (size_t bit = 0; bit < good.size() * 8; bit++) {
      SegmentHeaderBytes bad = good;
      bad[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
      EXPECT_TRUE(decode_segment_header(bad, "x").status().is(Code::corruption)) << bit;
    }
  }
}

// What decoding says of a header with another byte at `at`, and a right checksum.
Status decoded_with_byte(const SegmentHeader& header, size_t at, uint8_t byte) {
  SegmentHeaderBytes bytes = encode_segment_header(header);
  bytes[at] = std::byte{byte};
  store_le64(&bytes[120], hash64(Bytes(bytes).first(120), 0));
  return decode_segment_header(bytes, "x").status();
}

TEST(SegmentFormat, WhatIsNotKnownIsUnsupported) {
  const SegmentHeader log = example_header();
  const SegmentHeader relocated = example_relocated_header();
  EXPECT_TRUE(decoded_with_byte(log, 8, 3).is(Code::unsupported_version)) << "version";
  EXPECT_TRUE(decoded_with_byte(log, 12, 2).is(Code::unsupported_version)) << "kind";
  EXPECT_TRUE(decoded_with_byte(log, 104, 128).is(Code::unsupported_version)) << "end";
  EXPECT_TRUE(decoded_with_byte(relocated, 48, 1).is(Code::unsupported_version)) << "previous";
  for (const SegmentHeader& header : {log, relocated}) {
    for (size_t at = 64; at < 104; at++)
      EXPECT_TRUE(decoded_with_byte(header, at, 1).is(Code::unsupported_version)) << at;
    for (size_t at = 112; at < 120; at++)
      EXPECT_TRUE(decoded_with_byte(header, at, 1).is(Code::unsupported_version)) << at;
  }
}

TEST(SegmentFormat, FieldOutOfRangeIsCorruption) {
  EXPECT_TRUE(decoded_with_byte(example_header(), 40, 0).is(Code::corruption)) << "base LSN 0";
  EXPECT_TRUE(decoded_with_byte(example_relocated_header(), 104, 64).is(Code::corruption));
  EXPECT_TRUE(decoded_with_byte(example_relocated_header(), 104, 129).is(Code::corruption));
}

TEST(SegmentFormat, HeaderOfFormat1IsUnsupported) {
  SegmentHeaderBytes bytes = encode_segment_header(example_header());
  store_le32(&bytes[8], 1);
  store_le64(&bytes[56], hash64(Bytes(bytes).first(56), 0));
  const Status status = decode_segment_header(bytes, "x").status();
  EXPECT_TRUE(status.is(Code::unsupported_version));
  EXPECT_NE(status.message().find("`stave dump` of the release that wrote"), std::string::npos);
  bytes[57] ^= std::byte{1};
  EXPECT_TRUE(decode_segment_header(bytes, "x").status().is(Code::corruption));
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

constexpr uint64_t expiry = 1'700'000'000'000;

std::string encoded(const RecordFields& fields, uint64_t seed) {
  std::vector<std::byte> bytes(
      padded(record_size(fields.key.size(), fields.value.size(), fields.flags())), std::byte{0xee});
  encode_record(bytes.data(), fields, seed);
  return hex(bytes);
}

RecordFields example_put() {
  return {.lsn = 7,
          .durable_lag = 1,
          .kind = RecordKind::put,
          .member = false,
          .key = as_bytes("key"),
          .value = as_bytes("value")};
}

TEST(RecordFormat, PutIsTheGoldenBytes) {
  EXPECT_EQ(encoded(example_put(), segment_seed(example_store_id(), 2) + 128),
            "1b3773db7342008c07000000000000000100000001000300050000006b657976"
            "616c7565000000000000000000000000");
}

TEST(RecordFormat, BatchIsTheGoldenBytes) {
  std::byte bytes[48 + 48 + 32];
  const uint64_t seed = segment_seed(example_store_id(), 2);
  encode_batch_header(bytes, 8, 2, 2, sizeof bytes, seed + 176);
  encode_record(bytes + 48,
                {.lsn = 8,
                 .durable_lag = 2,
                 .kind = RecordKind::put,
                 .member = true,
                 .key = as_bytes("a"),
                 .value = as_bytes("0123456789")},
                seed + 224);
  encode_record(bytes + 96,
                {.lsn = 8,
                 .durable_lag = 2,
                 .kind = RecordKind::remove,
                 .member = true,
                 .key = as_bytes("key"),
                 .value = {}},
                seed + 272);
  EXPECT_EQ(hex(bytes),
            "e2f859538f1a702e080000000000000002000000030000000200000008000000"
            "000000000000000000000000000000001c58cc80b8d6aae50800000000000000"
            "02000000011001000a0000006130313233343536373839000000000000000000"
            "a808712f15907f4508000000000000000200000002100300000000006b657900");
  EXPECT_EQ(batch_frame_size(bytes), sizeof bytes);
}

TEST(RecordFormat, NamespaceAndExpiryAreTheGoldenBytes) {
  RecordFields fields{.lsn = 9,
                      .durable_lag = 3,
                      .kind = RecordKind::put,
                      .member = false,
                      .key = as_bytes("k"),
                      .value = as_bytes("v"),
                      .namespace_id = 5,
                      .expires_at = expiry};
  EXPECT_EQ(encoded(fields, segment_seed(example_store_id(), 2) + 304),
            "7fba383480323c04090000000000000003000000016001000100000005000000"
            "0068e5cf8b0100006b76000000000000");
  fields.namespace_id = 0;
  EXPECT_EQ(encoded(fields, 0),
            "d92b37606ac0376909000000000000000300000001400100010000000068e5cf"
            "8b0100006b7600000000000000000000");
  fields.namespace_id = 5;
  fields.expires_at = 0;
  EXPECT_EQ(encoded(fields, 0),
            "4cf090b313065b8d090000000000000003000000012001000100000005000000"
            "6b760000000000000000000000000000");
  fields.kind = RecordKind::namespace_create;
  fields.value = {};
  EXPECT_EQ(encoded(fields, 0),
            "37dae70944f769ee090000000000000003000000042001000000000005000000"
            "6b000000000000000000000000000000");
  fields.kind = RecordKind::namespace_drop;
  EXPECT_EQ(encoded(fields, 0),
            "b98da381aaf3b208090000000000000003000000052001000000000005000000"
            "6b000000000000000000000000000000");
}

// Each alone, both, and neither: the fields are independent, and a record pays for its own only.
TEST(RecordFormat, NamespaceAndExpiryRoundTrip) {
  for (const uint32_t namespace_id : {uint32_t{0}, uint32_t{1}, UINT32_MAX})
    for (const uint64_t expires_at : {uint64_t{0}, uint64_t{1}, UINT64_MAX}) {
      RecordFields fields = example_put();
      fields.namespace_id = namespace_id;
      fields.expires_at = expires_at;
      std::byte bytes[64];
      encode_record(bytes, fields, 1);
      const RecordHeader header = RecordHeader::decode(bytes);
      EXPECT_TRUE(header.plausible());
      EXPECT_TRUE(header.is_supported());
      EXPECT_EQ(header.namespace_id(bytes), namespace_id);
      EXPECT_EQ(header.expires_at(bytes), expires_at);
      EXPECT_EQ(header.size(), 36U + (namespace_id != 0 ? 4 : 0) + (expires_at != 0 ? 8 : 0));
      const Bytes record(bytes, header.size());
      EXPECT_TRUE(checksum_matches(record, 1));
      EXPECT_EQ(as_text(record.subspan(header.key_offset())), "keyvalue");
    }
}

TEST(RecordFormat, ChecksumDependsOnPosition) {
  std::byte bytes[48];
  const uint64_t seed = segment_seed(example_store_id(), 2);
  encode_record(bytes, example_put(), seed + 128);
  const Bytes record(bytes, record_size(3, 5));
  EXPECT_TRUE(checksum_matches(record, seed + 128));
  EXPECT_FALSE(checksum_matches(record, seed + 144));
  EXPECT_FALSE(checksum_matches(record, segment_seed(example_store_id(), 3) + 128));
}

RecordHeader header_of(RecordKind kind, uint8_t flags, uint32_t value_size = 0) {
  return {.checksum = 0,
          .lsn = 10,
          .durable_lag = 4,
          .kind = kind,
          .flags = flags,
          .key_size = 1,
          .value_size = value_size};
}

TEST(RecordFormat, HeaderSaysDurableClaim) {
  RecordHeader header = header_of(RecordKind::put, 0, 1);
  EXPECT_EQ(header.durable_claim(), 6u);
  header.durable_lag = 11;
  EXPECT_EQ(header.durable_claim(), 0u);
  header.durable_lag = durable_lag_unknown;
  EXPECT_EQ(header.durable_claim(), 0u);
}

// Of what no version writes: the bytes are no header, so the log may end there.
TEST(RecordFormat, HeaderOutOfRangeIsImplausible) {
  RecordHeader header = header_of(RecordKind::put, 0, value_size_max);
  EXPECT_TRUE(header.plausible());
  header.value_size++;
  EXPECT_FALSE(header.plausible());
  header = header_of(RecordKind::put, 0);
  header.lsn = 0;
  EXPECT_FALSE(header.plausible());
  EXPECT_FALSE(header_of(RecordKind{0}, 0).plausible());
  EXPECT_FALSE(header_of(RecordKind::batch, 0, 0).plausible());
  for (const RecordKind kind :
       {RecordKind::remove, RecordKind::namespace_create, RecordKind::namespace_drop})
    EXPECT_FALSE(header_of(kind, flag_namespace, 1).plausible());
}

// Of what a later version may write: not the end of the log, and not to be read.
TEST(RecordFormat, WhatIsNotKnownIsUnsupported) {
  constexpr int namespaced = flag_member | flag_namespace;
  for (int flags = 0; flags < 256; flags++) {
    const auto flag_byte = static_cast<uint8_t>(flags);
    const RecordHeader put = header_of(RecordKind::put, flag_byte);
    EXPECT_EQ(put.is_supported(), (flags & 0x8f) == 0) << flags;
    const RecordHeader remove = header_of(RecordKind::remove, flag_byte);
    EXPECT_EQ(remove.is_supported(), (flags & ~namespaced) == 0) << flags;
    const RecordHeader create = header_of(RecordKind::namespace_create, flag_byte);
    EXPECT_EQ(create.is_supported(), (flags | flag_member) == namespaced) << flags;
    const RecordHeader drop = header_of(RecordKind::namespace_drop, flag_byte);
    EXPECT_EQ(drop.is_supported(), create.is_supported()) << flags;
    const RecordHeader later = header_of(RecordKind{6}, flag_byte, 7);
    EXPECT_FALSE(later.is_supported());
    for (const RecordHeader& header : {put, remove, create, drop, later})
      EXPECT_TRUE(header.plausible()) << flags;
  }
}

TEST(RecordFormat, BatchHeaderWithUnknownBytesIsUnsupported) {
  std::byte bytes[batch_header_size];
  encode_batch_header(bytes, 8, 2, 2, 128, 0);
  EXPECT_TRUE(batch_header_is_supported(bytes));
  for (const size_t at : std::vector<size_t>{21, 22, 23, 32, 39, 40, 47}) {
    bytes[at] = std::byte{1};
    EXPECT_TRUE(RecordHeader::decode(bytes).plausible()) << at;
    EXPECT_FALSE(batch_header_is_supported(bytes)) << at;
    bytes[at] = std::byte{0};
  }
}

class ManifestFormat : public ::testing::Test {
 protected:
  static constexpr const char* path = "/store/MANIFEST";

  ManifestFormat() {
    EXPECT_TRUE(files_.make_directory("/store").ok());
    EXPECT_TRUE(create_manifest(files_, "/store", example_manifest()).ok());
  }

  std::string content() { return *os::read_small_file(files_, path, 8192); }
  // What reading says when the state has another byte at `at`, and a right checksum at
  // `checksum_at` if that is not 0.
  Status read_with_byte(size_t at, uint8_t byte, size_t checksum_at) {
    std::string changed = content();
    changed[at] = static_cast<char>(byte);
    if (checksum_at != 0)
      store_le64(reinterpret_cast<std::byte*>(&changed[checksum_at]),
                 hash64(as_bytes(changed).first(checksum_at), 0));
    EXPECT_TRUE(os::replace_file(copy_, "/", "MANIFEST", as_bytes(changed)).ok());
    return read_manifest(copy_, "/").status();
  }

  os::SimulatedFileSystem files_{1};
  os::SimulatedFileSystem copy_{2};
};

TEST_F(ManifestFormat, StateIsTheGoldenBytes) {
  EXPECT_EQ(content().size(), 8192U);
  EXPECT_EQ(hex(as_bytes(content()).first(256)),
            "53544156454d414e0200000001000000000102030405060708090a0b0c0d0e0f"
            "1111111111111111100000000100000002000000000000006001000000000000"
            "0900000000000000030000000000000004000000000000000900000000000000"
            "0000000000000000000000000000000000000000000000000000000000000000"
            "0000000000000000000000000000000000000000000000000000000000000000"
            "0000000000000000000000000000000000000000000000000000000000000000"
            "0000000000000000000000000000000000000000000000000000000000000000"
            "00000000000000000000000000000000000000000000000068b1e61a6dc62b2e");
  EXPECT_TRUE(is_zero(as_bytes(content()).subspan(256)));
}

TEST_F(ManifestFormat, StateRoundTrips) {
  const Result<Manifest> read = read_manifest(files_, "/store");
  ASSERT_TRUE(read.ok()) << read.status().message();
  const Manifest expected = example_manifest();
  EXPECT_EQ(read->store_id, expected.store_id);
  EXPECT_EQ(read->hash_seed, expected.hash_seed);
  EXPECT_EQ(read->shards, expected.shards);
  EXPECT_TRUE(read->clean && !read->sealed && !read->keys_on_disk);
  EXPECT_EQ(read->durable_end, expected.durable_end);
  EXPECT_EQ(read->next_generation, expected.next_generation);
  EXPECT_EQ(read->sequence, expected.sequence);
  EXPECT_EQ(read->timeline, expected.timeline);
}

TEST_F(ManifestFormat, ChangedByteIsCorruption) {
  for (size_t at = 0; at < 256; at++) {
    const auto before = static_cast<uint8_t>(content()[at]);
    EXPECT_TRUE(read_with_byte(at, before ^ 0x10, 0).is(Code::corruption)) << at;
  }
}

TEST_F(ManifestFormat, WhatIsNotKnownIsUnsupported) {
  EXPECT_TRUE(read_with_byte(8, 3, 248).is(Code::unsupported_version)) << "version";
  EXPECT_TRUE(read_with_byte(44, 17, 248).is(Code::unsupported_version)) << "flags";
  for (size_t at = 100; at < 248; at++)
    EXPECT_TRUE(read_with_byte(at, 1, 248).is(Code::unsupported_version)) << at;
  EXPECT_TRUE(read_with_byte(12, 2, 248).is(Code::wrong_family));
}

TEST_F(ManifestFormat, ShardPrefixBitsAreKnownAndBounded) {
  EXPECT_TRUE(read_with_byte(96, 1, 248).ok());
  EXPECT_TRUE(read_with_byte(98, 7, 248).ok());
  EXPECT_TRUE(read_with_byte(98, 8, 248).is(Code::corruption));
  EXPECT_TRUE(read_with_byte(99, 1, 248).is(Code::corruption));
}

TEST_F(ManifestFormat, StateOfFormat1IsUnsupported) {
  const Status status = read_with_byte(8, 1, 120);
  EXPECT_TRUE(status.is(Code::unsupported_version));
  EXPECT_NE(status.message().find("`stave load` of this one"), std::string::npos);
}

}  // namespace
}  // namespace stave::store

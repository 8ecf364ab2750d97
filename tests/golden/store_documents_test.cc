// The worked examples of docs/formats are what the code writes, byte by byte.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/os/file_io.h"
#include "core/os/testing/simulated_file_system.h"
#include "core/store/format/format_test_support.h"
#include "core/store/format/manifest.h"
#include "core/store/format/record_format.h"
#include "core/store/keydir/collision_list.h"

namespace stave::test {
namespace {

namespace fs = std::filesystem;
using store::RecordFields;
using store::RecordKind;
using store::SegmentHeader;
using store::SegmentKind;

// The bytes of one line of an example: "0040  01 23 ...  what it is". Checks the offset.
std::string bytes_of(const std::string& line, size_t offset) {
  constexpr size_t bytes_at = 6;
  const size_t end = std::min(line.find("  ", bytes_at), line.size());
  const std::string_view digits = "0123456789abcdef";
  std::string bytes;
  for (size_t at = bytes_at; at < end; at += 3) {
    const size_t high = digits.find(line[at]);
    const size_t low = at + 1 < end ? digits.find(line[at + 1]) : std::string::npos;
    if (high > 15 || low > 15 || (at + 2 < end && line[at + 2] != ' ')) {
      ADD_FAILURE() << "not a line of bytes: " << line;
      return {};
    }
    bytes += static_cast<char>(high << 4 | low);
  }
  EXPECT_EQ(line.substr(4, 2), "  ") << line;
  EXPECT_EQ(std::stoul(line.substr(0, 4), nullptr, 16), offset) << line;
  EXPECT_LE(bytes.size(), 16U) << line;
  return bytes;
}

// The blocks of bytes in a document, in order.
std::vector<std::string> examples_in(const std::string& document) {
  std::ifstream lines(fs::path(STAVE_DOCUMENTS) / "formats" / document);
  EXPECT_TRUE(lines.is_open()) << document;
  std::vector<std::string> examples;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "```") {
      inside = !inside;
      if (inside) examples.emplace_back();
    } else if (inside && !line.empty()) {
      examples.back() += bytes_of(line, examples.back().size());
    }
  }
  return examples;
}

std::string hex_lines(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (size_t at = 0; at < bytes.size(); at++) {
    const auto byte = static_cast<uint8_t>(bytes[at]);
    text += digits[byte >> 4];
    text += digits[byte & 15];
    text += at % 16 == 15 ? '\n' : ' ';
  }
  return text;
}

// A segment as the documents' examples have it.
class ExampleSegment {
 public:
  explicit ExampleSegment(SegmentHeader header)
      : seed_(store::segment_seed(header.store_id, header.generation)),
        bytes_(as_text(store::encode_segment_header(header))) {}

  void add(const RecordFields& fields) {
    std::vector<std::byte> record(
        store::padded(store::record_size(fields.key.size(), fields.value.size(), fields.flags())));
    store::encode_record(record.data(), fields, seed_ + bytes_.size());
    bytes_ += as_text(record);
  }
  void add_batch_header(uint64_t lsn, uint32_t lag, uint32_t count, uint64_t frame_size) {
    std::byte header[store::batch_header_size];
    store::encode_batch_header(header, lsn, lag, count, frame_size, seed_ + bytes_.size());
    bytes_ += as_text(header);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  const uint64_t seed_;
  std::string bytes_;
};

RecordFields put(uint64_t lsn, uint32_t lag, std::string_view key, std::string_view value) {
  return {.lsn = lsn,
          .durable_lag = lag,
          .kind = RecordKind::put,
          .member = false,
          .key = as_bytes(key),
          .value = as_bytes(value)};
}

RecordFields put_with_everything(uint32_t lag) {
  RecordFields fields = put(9, lag, "k", "v");
  fields.namespace_id = 5;
  fields.expires_at = 1'700'000'000'000;
  return fields;
}

TEST(StoreDocuments, SegmentExamplesAreWhatTheCodeWrites) {
  ExampleSegment log({.store_id = store::example_store_id(),
                      .generation = 2,
                      .base_lsn = 7,
                      .previous_generation = 1,
                      .timeline = 9});
  log.add(put(7, 1, "key", "value"));
  log.add_batch_header(8, 2, 2, 128);
  RecordFields member = put(8, 2, "a", "0123456789");
  member.member = true;
  log.add(member);
  member.kind = RecordKind::remove;
  member.key = as_bytes("key");
  member.value = {};
  log.add(member);
  log.add(put_with_everything(3));

  ExampleSegment relocated({.kind = SegmentKind::relocated,
                            .store_id = store::example_store_id(),
                            .generation = 3,
                            .base_lsn = 8,
                            .timeline = 9,
                            .end = 224});
  relocated.add(put(8, store::durable_lag_unknown, "a", "0123456789"));
  relocated.add(put_with_everything(store::durable_lag_unknown));

  const std::vector<std::string> examples = examples_in("segment.md");
  ASSERT_EQ(examples.size(), 2U);
  EXPECT_EQ(hex_lines(examples[0]), hex_lines(log.bytes()));
  EXPECT_EQ(hex_lines(examples[1]), hex_lines(relocated.bytes()));
}

TEST(StoreDocuments, ManifestExampleIsWhatTheCodeWrites) {
  os::SimulatedFileSystem files(1);
  ASSERT_TRUE(files.make_directory("/store").ok());
  ASSERT_TRUE(store::create_manifest(files, "/store", store::example_manifest()).ok());
  const std::string content = *os::read_small_file(files, "/store/MANIFEST", 8192);
  const std::vector<std::string> examples = examples_in("manifest.md");
  ASSERT_EQ(examples.size(), 1U);
  EXPECT_EQ(hex_lines(examples[0]), hex_lines(content.substr(0, 256)));
}

TEST(StoreDocuments, CollisionsExampleIsWhatTheCodeWrites) {
  os::SimulatedFileSystem files(1);
  ASSERT_TRUE(files.make_directory("/store").ok());
  store::CollisionList list(files, "/store", store::example_store_id());
  list.insert(list.reserve_memory(as_bytes("key")), {.generation = 2, .offset = 128, .size = 36},
              8);
  ASSERT_TRUE(list.save([](uint64_t) { return Status(); }).ok());
  const std::string content = *os::read_small_file(files, "/store/COLLISIONS", 8192);
  const std::vector<std::string> examples = examples_in("key_directory.md");
  ASSERT_EQ(examples.size(), 1U);
  EXPECT_EQ(hex_lines(examples[0]), hex_lines(content));
}

}  // namespace
}  // namespace stave::test

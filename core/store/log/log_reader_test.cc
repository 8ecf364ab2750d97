// Frames and relocated records in a segment that is written byte by byte, as
// docs/formats/segment.md describes it, and what the two readers make of them.
#include "core/store/log/log_reader.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/os/file_io.h"
#include "core/os/testing/simulated_file_system.h"
#include "core/store/log/record_reader.h"

namespace stave::store {
namespace {

constexpr const char* directory = "/s";
constexpr uint64_t generation = 3;

RecordFields fields_of(uint64_t lsn, RecordKind kind, std::string_view key, std::string_view value,
                       bool member = false) {
  return {.lsn = lsn,
          .durable_lag = durable_lag_unknown,
          .kind = kind,
          .member = member,
          .key = as_bytes(key),
          .value = as_bytes(value)};
}

class LogReaderTest : public ::testing::Test {
 protected:
  LogReaderTest() { EXPECT_TRUE(files_.make_directory(directory).ok()); }

  // ---- Writing: everything goes to bytes_, and to the file at the end. ------------------------

  void begin(SegmentKind kind, uint64_t base_lsn) {
    header_ = {.kind = kind, .generation = generation, .base_lsn = base_lsn};
    bytes_.assign(segment_header_size, std::byte{0});
  }
  uint64_t seed() const {
    return segment_seed(header_.store_id, header_.generation) + bytes_.size();
  }
  void add(const RecordFields& fields) {
    std::vector<std::byte> record(
        padded(record_size(fields.key.size(), fields.value.size(), fields.flags())));
    encode_record(record.data(), fields, seed());
    bytes_.insert(bytes_.end(), record.begin(), record.end());
  }
  void add_batch_header(uint64_t lsn, uint32_t count, uint64_t frame_size) {
    std::byte header[batch_header_size];
    encode_batch_header(header, lsn, durable_lag_unknown, count, frame_size, seed());
    bytes_.insert(bytes_.end(), header, header + batch_header_size);
  }
  // Changes a byte of the record of `size` bytes that was added last, and gives it the checksum
  // for that.
  void change_last(size_t size, size_t at, uint8_t byte) {
    const size_t offset = bytes_.size() - padded(size);
    std::byte* const record = bytes_.data() + offset;
    record[at] = std::byte{byte};
    store_le64(record, hash64({record + record_at::lsn, size - record_at::lsn},
                              segment_seed(header_.store_id, header_.generation) + offset));
  }
  void write() {
    header_.end = header_.kind == SegmentKind::relocated ? bytes_.size() : 0;
    copy(bytes_.data(), encode_segment_header(header_));
    write_file();
  }
  void write_file() {
    ASSERT_TRUE(os::replace_file(files_, directory, segment_name(generation), bytes_).ok());
    segment_ = *open_segment(files_, directory, generation, header_.store_id, false);
  }

  // ---- Reading --------------------------------------------------------------------------------

  static std::string text_of(const LogReader::Record& record) {
    return std::to_string(record.header.lsn) + ":" +
           std::to_string(static_cast<int>(record.header.kind)) + ":" +
           std::string(as_text(record.key)) + ":" + std::to_string(record.namespace_id) + ":" +
           std::to_string(record.expires_at) + " ";
  }
  // The records of the frames from `lsn` on, and then the status of what ended it.
  std::string read_frames(uint64_t lsn) {
    LogReader reader(*segment_, segment_header_size, segment_->file_size());
    return read_all([&](LogReader::Visit visit) { return reader.next(lsn++, visit); });
  }
  std::string read_relocated() {
    LogReader reader(*segment_, segment_header_size, segment_->file_size());
    return read_all([&](LogReader::Visit visit) { return reader.next_relocated(visit); });
  }
  template <typename Next>
  std::string read_all(Next&& next) {
    std::string text;
    while (true) {
      const Result<bool> read = next([&](const LogReader::Record& record) {
        text += text_of(record);
        return Status();
      });
      if (!read) return text + std::string(code_name(read.status().code()));
      if (!*read) return text + "end";
    }
  }

  os::SimulatedFileSystem files_{1};
  SegmentHeader header_;
  std::vector<std::byte> bytes_;
  std::shared_ptr<Segment> segment_;
};

TEST_F(LogReaderTest, RecordsHaveTheirNamespaceAndExpiry) {
  begin(SegmentKind::log, 7);
  RecordFields both = fields_of(7, RecordKind::put, "both", "1");
  both.namespace_id = 5;
  both.expires_at = 1'700'000'000'000;
  add(both);
  RecordFields removed = fields_of(8, RecordKind::remove, "removed", "");
  removed.namespace_id = 6;
  add(removed);
  RecordFields expiring = fields_of(9, RecordKind::put, "expiring", "1", true);
  expiring.expires_at = 1;
  add_batch_header(9, 2, batch_header_size + 48 + 48);
  add(expiring);
  add(fields_of(9, RecordKind::put, "neither", "1", true));
  write();
  EXPECT_EQ(read_frames(7),
            "7:1:both:5:1700000000000 8:2:removed:6:0 9:1:expiring:0:1 9:1:neither:0:0 end");
}

TEST_F(LogReaderTest, NamespacesAreCreatedAndDropped) {
  begin(SegmentKind::log, 1);
  RecordFields create = fields_of(1, RecordKind::namespace_create, "users", "");
  create.namespace_id = 1;
  add(create);
  RecordFields drop = fields_of(2, RecordKind::namespace_drop, "users", "");
  drop.namespace_id = 1;
  add(drop);
  write();
  EXPECT_EQ(read_frames(1), "1:4:users:1:0 2:5:users:1:0 end");
}

// What a later library has written was taken for the end of the log: whole commits would have been
// cut off as a torn tail.
TEST_F(LogReaderTest, WhatIsNotKnownIsNotTheEndOfTheLog) {
  const std::vector<std::pair<size_t, uint8_t>> changes = {{record_at::kind, 6},
                                                           {record_at::kind, 255},
                                                           {record_at::flags, 1},
                                                           {record_at::flags, 2},
                                                           {record_at::flags, flag_reserved}};
  for (const auto& [at, byte] : changes) {
    begin(SegmentKind::log, 1);
    add(fields_of(1, RecordKind::put, "known", "1"));
    add(fields_of(2, RecordKind::put, "key", "value"));
    change_last(record_size(3, 5), at, byte);
    write();
    EXPECT_EQ(read_frames(1), "1:1:known:0:0 unsupported_version") << at << " " << int{byte};
  }
  for (const size_t at : std::vector<size_t>{21, 22, 32, 47}) {
    begin(SegmentKind::log, 1);
    add_batch_header(1, 1, 96);
    change_last(batch_header_size, at, 1);
    add(fields_of(1, RecordKind::put, "key", "value", true));
    write();
    EXPECT_EQ(read_frames(1), "unsupported_version") << at;
  }
}

TEST_F(LogReaderTest, RelocatedRecordsKeepTheirVersions) {
  begin(SegmentKind::relocated, 4);
  add(fields_of(9, RecordKind::put, "nine", "1"));
  add(fields_of(4, RecordKind::remove, "four", ""));
  const std::string long_value(3000, 'v');
  RecordFields both = fields_of(1000, RecordKind::put, "both", long_value);
  both.namespace_id = 5;
  both.expires_at = 8;
  add(both);
  RecordFields create = fields_of(5, RecordKind::namespace_create, "name", "");
  create.namespace_id = 5;
  add(create);
  write();
  EXPECT_EQ(segment_->kind(), SegmentKind::relocated);
  EXPECT_EQ(read_relocated(), "9:1:nine:0:0 4:2:four:0:0 1000:1:both:5:8 5:4:name:5:0 end");
}

// No write to a relocated segment was ever cut short, so nothing about it is a torn tail.
TEST_F(LogReaderTest, DamageOfRelocatedSegmentIsFoundAtEveryByteAndLength) {
  begin(SegmentKind::relocated, 4);
  add(fields_of(9, RecordKind::put, "nine", "12345"));
  add(fields_of(4, RecordKind::put, "four", "12345678901234567890123"));
  write();
  const std::vector<std::byte> whole = bytes_;
  for (size_t at = segment_header_size; at < whole.size(); at++) {
    bytes_ = whole;
    bytes_[at] ^= std::byte{0x10};
    write_file();
    const size_t first_end = segment_header_size + record_size(4, 5);
    const bool is_padding = at >= first_end && at < segment_header_size + padded(record_size(4, 5));
    const size_t second_end = segment_header_size + 48 + record_size(4, 23);
    const std::string answer = read_relocated();
    if (is_padding || at >= second_end)
      EXPECT_TRUE(answer.ends_with("end")) << at;
    else
      EXPECT_TRUE(answer.ends_with("corruption")) << at << " " << answer;
  }
  for (size_t size = segment_header_size; size < whole.size(); size++) {
    bytes_.assign(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    ASSERT_TRUE(os::replace_file(files_, directory, segment_name(generation), bytes_).ok());
    const Status opened =
        open_segment(files_, directory, generation, header_.store_id, false).status();
    EXPECT_TRUE(opened.is(Code::corruption)) << size;
  }
}

TEST_F(LogReaderTest, OnlySingleRecordsAreRelocated) {
  const std::vector<RecordFields> wrong = {
      fields_of(9, RecordKind::put, "k", "v", true),  // a member
      fields_of(3, RecordKind::put, "k", "v"),        // below the base LSN
  };
  for (const RecordFields& fields : wrong) {
    begin(SegmentKind::relocated, 4);
    add(fields_of(4, RecordKind::put, "first", "1"));
    add(fields);
    write();
    EXPECT_EQ(read_relocated(), "4:1:first:0:0 corruption");
  }
  begin(SegmentKind::relocated, 4);
  add_batch_header(9, 1, 96);
  add(fields_of(9, RecordKind::put, "key", "value", true));
  write();
  EXPECT_EQ(read_relocated(), "corruption");
}

// A get of a record with an expiry, or of a relocated one, has the path of any other.
TEST_F(LogReaderTest, RecordReaderReadsEveryLayout) {
  const std::string long_value(3000, 'v');
  for (const SegmentKind kind : {SegmentKind::log, SegmentKind::relocated})
    for (const bool is_mapped : {false, true})
      for (const uint32_t namespace_id : {0U, 5U})
        for (const uint64_t expires_at : {uint64_t{0}, uint64_t{8}})
          for (const std::string& value : {std::string("v"), long_value}) {
            begin(kind, 4);
            RecordFields fields = fields_of(4, RecordKind::put, "key", value);
            fields.namespace_id = namespace_id;
            fields.expires_at = expires_at;
            add(fields);
            write();
            if (is_mapped)
              segment_->set_read_mapping(*segment_->file().map(segment_->file_size(), false));
            SegmentDirectory segments;
            ASSERT_TRUE(segments.reserve(segment_->file_size()));
            segments.append(segment_, segment_->file_size());
            RecordReader reader(segments);
            const auto same =
                reader.open_if_of(as_bytes("key"), segment_->location_of(segment_header_size));
            ASSERT_TRUE(same.ok()) << same.status().message();
            EXPECT_EQ(*same, namespace_id == 0) << "the key is that of another namespace";
            EXPECT_EQ(as_text(*reader.key()), "key");
            EXPECT_EQ(reader.namespace_id(), namespace_id);
            EXPECT_EQ(reader.expires_at(), expires_at);
            std::string copied(reader.value_size(), ' ');
            ASSERT_TRUE(
                reader.read_value({reinterpret_cast<std::byte*>(copied.data()), copied.size()})
                    .ok());
            EXPECT_EQ(copied, value);
            EXPECT_EQ(as_text(reader.pin_value()->bytes), value);
            EXPECT_TRUE(reader.check().ok());
          }
}

}  // namespace
}  // namespace stave::store

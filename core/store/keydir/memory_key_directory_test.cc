#include "core/store/keydir/memory_key_directory.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>

#include "core/os/file_io.h"
#include "core/os/testing/simulated_file_system.h"

namespace stave::store {
namespace {

// A directory over one segment whose records are made here, under hashes of the test's choice.
class MemoryKeyDirectoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto file = files_.open("/segment", os::OpenMode::create_new);
    ASSERT_TRUE(file.ok());
    const SegmentHeader header{.generation = 1};
    ASSERT_TRUE(os::write_all(**file, "/segment", 0, encode_segment_header(header)).ok());
    segment_ = std::make_shared<Segment>(header, "/segment", *std::move(file));
    ASSERT_TRUE(segments_.reserve(1 << 24));
    segments_.append(segment_, 1 << 24);
    directory_ = *MemoryKeyDirectory::create(7, segments_);
  }

  Location write_record(const std::string& key, const std::string& value) {
    const uint64_t size = padded(record_size(key.size(), value.size()));
    std::vector<std::byte> bytes(size);
    const uint64_t offset = segment_->end();
    encode_record(bytes.data(),
                  {.lsn = 1,
                   .durable_lag = 0,
                   .kind = RecordKind::put,
                   .member = false,
                   .key = as_bytes(key),
                   .value = as_bytes(value)},
                  segment_->seed_at(offset));
    EXPECT_TRUE(os::write_all(segment_->file(), "/segment", offset, bytes).ok());
    segment_->set_end(offset + size);
    segment_->set_file_size(offset + size);
    return segment_->location_of(offset);
  }
  Location insert(uint64_t hash, const std::string& key) {
    const Location place = write_record(key, "value of " + key);
    const Result<MemoryKeyDirectory::Reservation> room = directory_->reserve_insertion(hash);
    EXPECT_TRUE(room.ok());
    directory_->insert(hash, place, *room);
    return place;
  }
  std::string find(uint64_t hash, const std::string& key) {
    RecordReader reader(segments_);
    const Result<bool> found = directory_->find(hash, as_bytes(key), reader);
    if (!found) return std::string(code_name(found.status().code()));
    if (!*found) return "absent";
    std::string value(reader.value_size(), ' ');
    const Status read =
        reader.read_value({reinterpret_cast<std::byte*>(value.data()), value.size()});
    return read.ok() ? value : std::string(code_name(read.code()));
  }
  std::set<Location> walk() {
    std::set<Location> places;
    MemoryKeyDirectory::Cursor cursor(*directory_);
    for (;;) {
      const Result<std::optional<Location>> place = cursor.next();
      EXPECT_TRUE(place.ok());
      if (!place || !*place) return places;
      EXPECT_TRUE(places.insert(**place).second) << "met twice";
    }
  }

  os::SimulatedFileSystem files_{1};
  std::shared_ptr<Segment> segment_;
  SegmentDirectory segments_;
  std::unique_ptr<MemoryKeyDirectory> directory_;
};

TEST_F(MemoryKeyDirectoryTest, KeysWithEqualHashAreSeparate) {
  constexpr int keys = 200;
  std::map<int, Location> places;
  for (int i = 0; i < keys; i++) places[i] = insert(42, "key " + std::to_string(i));
  for (int i = 0; i < keys; i++)
    EXPECT_EQ(find(42, "key " + std::to_string(i)), "value of key " + std::to_string(i));
  EXPECT_EQ(find(42, "another key"), "absent");
  EXPECT_EQ(walk().size(), static_cast<size_t>(keys));

  for (int i = 0; i < keys; i += 2) directory_->remove(42, places[i]);
  for (int i = 1; i < keys; i += 2)
    directory_->replace(42, places[i], write_record("key " + std::to_string(i), "new"));
  for (int i = 0; i < keys; i++)
    EXPECT_EQ(find(42, "key " + std::to_string(i)), i % 2 == 0 ? "absent" : "new");
  EXPECT_EQ(walk().size(), static_cast<size_t>(keys / 2));
}

TEST_F(MemoryKeyDirectoryTest, FindComparesWholeKey) {
  const std::string longest(65535, 'k');
  insert(1, "");
  insert(1, std::string(1, '\0'));
  insert(1, longest);
  insert(1, longest.substr(1));
  EXPECT_EQ(find(1, ""), "value of ");
  EXPECT_EQ(find(1, std::string(1, '\0')), "value of " + std::string(1, '\0'));
  EXPECT_EQ(find(1, longest), "value of " + longest);
  EXPECT_EQ(find(1, longest.substr(1)), "value of " + longest.substr(1));
  EXPECT_EQ(find(1, longest.substr(2)), "absent");
}

// A record that cannot be told from that of another key is damage, never "absent"; a value that is
// damaged leaves the key findable, so that a put can replace it.
TEST_F(MemoryKeyDirectoryTest, DamagedRecordIsNotAbsent) {
  const Location place = insert(5, "the key");
  const uint64_t offset = segment_->offset_of(place);
  const auto flip = [&](uint64_t at) {
    std::array<std::byte, 1> byte{};
    ASSERT_TRUE(os::read_exactly(segment_->file(), "", offset + at, byte).ok());
    byte[0] ^= std::byte{0x40};
    ASSERT_TRUE(os::write_all(segment_->file(), "", offset + at, byte).ok());
  };
  const size_t record = record_size(7, 16);
  for (size_t at = 0; at < record; at++) {
    flip(at);
    EXPECT_EQ(find(5, "the key"), "corruption") << "byte " << at;
    flip(at);
  }
  EXPECT_EQ(find(5, "the key"), "value of the key");
  flip(record - 1);
  RecordReader reader(segments_);
  const Result<bool> found = directory_->find(5, as_bytes(std::string_view("the key")), reader);
  EXPECT_TRUE(found.ok() && *found);
}

// Many insertions are under way at once between their room and their turn.
TEST_F(MemoryKeyDirectoryTest, EveryReservationAllowsOneInsertion) {
  std::vector<MemoryKeyDirectory::Reservation> rooms;
  for (int i = 0; i < 1000; i++) rooms.push_back(*directory_->reserve_insertion(9));
  for (int i = 0; i < 1000; i++) {
    const std::string key = std::to_string(i);
    directory_->insert(9, write_record(key, "v" + key), rooms[static_cast<size_t>(i)]);
  }
  for (int i = 0; i < 1000; i++) EXPECT_EQ(find(9, std::to_string(i)), "v" + std::to_string(i));
}

}  // namespace
}  // namespace stave::store

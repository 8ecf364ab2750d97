// Reads of every kind, in both modes of io and keydir.
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/endian.h"
#include "core/base/hash.h"
#include "core/os/posix_file_system.h"
#include "core/os/seeded_random.h"
#include "core/os/testing/temporary_directory.h"
#include "core/store/format/record_format.h"
#include "core/store/format/segment_format.h"
#include "core/store/store.h"
#include "core/store/store_test_support.h"

namespace stave::store {
namespace {

namespace fs = std::filesystem;

class ReadingTest : public ::testing::TestWithParam<std::tuple<KeyDirectoryKind, ReadIo>> {
 protected:
  std::unique_ptr<Store> open() const {
    const auto [keydir, io] = GetParam();
    auto store = Store::open(os::posix_file_system(), directory_.path(),
                             {.io = io, .segment_size = 1 << 16, .keydir = keydir});
    EXPECT_TRUE(store) << store.status().message();
    return *std::move(store);
  }
  static std::string key_of(uint64_t number) { return "key " + std::to_string(number); }

  // Every way to read `key` finds `expected`, or that the key is absent. Returns the number of
  // reads.
  static uint64_t check_reads(Store& store, const std::string& key,
                              const std::optional<std::string>& expected) {
    EXPECT_EQ(value_of(store, key), expected);
    const Code code = expected ? Code::ok : Code::not_found;
    EXPECT_EQ(store.contains(as_bytes(key)).code(), code);
    const Result<PinnedValue> pin = store.get_pin(as_bytes(key));
    EXPECT_EQ(pin.status().code(), code) << pin.status().message();
    EXPECT_EQ(pin.ok(), expected.has_value());
    EXPECT_EQ(pin ? as_text(pin->bytes) : "", expected.value_or(""));
    std::optional<size_t> size;
    const Status sized = store.get(as_bytes(key), [&size](size_t needed) {
      size = needed;
      return MutableBytes();
    });
    EXPECT_EQ(sized.code(), code) << sized.message();
    EXPECT_EQ(size, expected ? std::optional<size_t>(expected->size()) : std::nullopt);
    return 4;
  }
  // multi_get of the keys finds what get finds of each.
  static void check_multi_get(Store& store, const std::vector<std::string>& keys) {
    std::vector<Bytes> bytes;
    for (const std::string& key : keys) bytes.push_back(as_bytes(key));
    std::vector<std::optional<std::string>> values(keys.size());
    const Status status = store.multi_get(bytes, [&](size_t position, size_t size) {
      values[position].emplace(size, '-');
      return MutableBytes(reinterpret_cast<std::byte*>(values[position]->data()), size);
    });
    ASSERT_TRUE(status.ok()) << status.message();
    for (size_t i = 0; i < keys.size(); i++)
      EXPECT_EQ(values[i], value_of(store, keys[i])) << keys[i];
  }

  const os::TemporaryDirectory directory_;
};

TEST_P(ReadingTest, EveryReadReturnsTheLatestPut) {
  os::SeededRandom random(51);
  std::map<std::string, std::string> expected;
  std::unique_ptr<Store> store = open();
  uint64_t reads = 0;
  for (int round = 0; round < 400; round++) {
    for (uint64_t writes = random.below(8); writes != 0; writes--) {
      const std::string key = key_of(random.below(500));
      if (random.below(4) == 0) {
        const Status erased = store->remove(as_bytes(key), Durability::os);
        EXPECT_EQ(erased.ok(), expected.erase(key) == 1);
        continue;
      }
      // Some are empty, and some need a segment of their own.
      const std::string value(random.below(random.below(50) == 0 ? 100'000 : 300),
                              static_cast<char>('a' + random.below(26)));
      ASSERT_TRUE(store->put(as_bytes(key), as_bytes(value), WriteMode::put, Durability::os).ok());
      expected[key] = value;
    }
    std::vector<std::string> keys(random.below(80));
    for (std::string& key : keys) key = key_of(random.below(600));
    check_multi_get(*store, keys);
    reads += 2 * keys.size();
    for (const std::string& key : keys) {
      const auto found = expected.find(key);
      reads += check_reads(*store, key,
                           found == expected.end() ? std::nullopt : std::optional(found->second));
    }
    EXPECT_EQ(store->stats().reads, reads);
    if (round == 200) {
      ASSERT_TRUE(store->close().ok());
      store = open();
      reads = 0;
    }
  }
  ASSERT_TRUE(store->close().ok());
}

// The error of a damaged value says where the damage is, and other records stay readable.
TEST_P(ReadingTest, DamagedValueIsCorruption) {
  constexpr uint64_t keys = 300;
  constexpr uint64_t damaged_key = 137;
  const std::string value(100, 'v');
  {
    const std::unique_ptr<Store> store = open();
    for (uint64_t i = 0; i < keys; i++) {
      const std::string content = i == damaged_key ? std::string(100, 'd') : value;
      ASSERT_TRUE(
          store->put(as_bytes(key_of(i)), as_bytes(content), WriteMode::put, Durability::os).ok());
    }
    ASSERT_TRUE(store->close().ok());
  }
  const std::unique_ptr<Store> store = open();
  size_t damaged = 0;
  for (const fs::directory_entry& file : fs::directory_iterator(directory_.path())) {
    std::fstream segment(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(segment), {});
    const size_t at = bytes.find("dddddddd");
    if (at == std::string::npos) continue;
    segment.clear();
    segment.seekp(static_cast<std::streamoff>(at + 50));
    segment.put('D');
    damaged++;
  }
  ASSERT_EQ(damaged, 1u);
  const std::string key = key_of(damaged_key);
  std::string read;
  const Status status = store->get(as_bytes(key), [&read](size_t size) {
    read.resize(size);
    return MutableBytes(reinterpret_cast<std::byte*>(read.data()), size);
  });
  EXPECT_EQ(status.code(), Code::corruption);
  EXPECT_NE(status.message().find("at offset"), std::string::npos) << status.message();
  EXPECT_EQ(store->get_pin(as_bytes(key)).status().code(), Code::corruption);
  const std::string before = key_of(damaged_key - 1);
  const std::array<Bytes, 2> keys_to_read = {as_bytes(before), as_bytes(key)};
  EXPECT_EQ(store
                ->multi_get(keys_to_read,
                            [&read](size_t, size_t size) {
                              read.resize(size);
                              return MutableBytes(reinterpret_cast<std::byte*>(read.data()), size);
                            })
                .code(),
            Code::corruption);
  EXPECT_EQ(store->stats().reads, 4u);
  for (const uint64_t other : {damaged_key - 1, damaged_key + 1})
    EXPECT_EQ(value_of(*store, key_of(other)), value);
}

// docs/formats/segment.md: a record that needs a codec, or a key, that this library does not have.
TEST_P(ReadingTest, UnsupportedFlagIsUnsupportedVersion) {
  const std::unique_ptr<Store> store = open();
  ASSERT_TRUE(store->put(as_bytes("key"), as_bytes("value"), WriteMode::put, Durability::os).ok());
  const fs::path path = fs::path(directory_.path()) / segment_name(1);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  SegmentHeaderBytes header_bytes{};
  file.read(reinterpret_cast<char*>(header_bytes.data()), header_bytes.size());
  const Result<SegmentHeader> header = decode_segment_header(header_bytes, path.string());
  ASSERT_TRUE(header);
  std::array<std::byte, record_size(3, 5)> record{};
  file.read(reinterpret_cast<char*>(record.data()), record.size());
  const auto write_with_flag = [&](uint8_t flag, bool right_checksum) {
    record[record_at::flags] = std::byte{flag};
    const uint64_t seed = segment_seed(header->store_id, 1) + segment_header_size;
    const uint64_t checksum = hash64(Bytes(record).subspan(record_at::lsn), seed);
    store_le64(record.data(), right_checksum ? checksum : checksum + 1);
    file.seekp(segment_header_size);
    file.write(reinterpret_cast<const char*>(record.data()), record.size());
    file.flush();
  };
  for (const uint8_t flag : {uint8_t{1}, uint8_t{2}, flag_reserved}) {
    write_with_flag(flag, true);
    EXPECT_EQ(store->get_pin(as_bytes("key")).status().code(), Code::unsupported_version);
    EXPECT_EQ(store->contains(as_bytes("key")).code(), Code::unsupported_version);
    // A damaged flag is damage.
    write_with_flag(flag, false);
    EXPECT_EQ(store->get_pin(as_bytes("key")).status().code(), Code::corruption);
  }
  write_with_flag(0, true);
  EXPECT_EQ(value_of(*store, "key"), "value");
}

// Here the value's bytes are not there to be read.
TEST_P(ReadingTest, SizeIsReadWithoutTheValue) {
  const size_t size = size_t{1} << 20;
  const std::unique_ptr<Store> store = open();
  ASSERT_TRUE(
      store->put(as_bytes("key"), as_bytes(std::string(size, 'v')), WriteMode::put, Durability::os)
          .ok());
  fs::path largest;
  for (const fs::directory_entry& file : fs::directory_iterator(directory_.path()))
    if (largest.empty() || file.file_size() > fs::file_size(largest)) largest = file.path();
  fs::resize_file(largest, size / 2);
  size_t asked = 0;
  const Status status = store->get(as_bytes("key"), [&asked](size_t needed) {
    asked = needed;
    return MutableBytes();
  });
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(asked, size);
}

INSTANTIATE_TEST_SUITE_P(Every, ReadingTest, every_keydir_and_io());

}  // namespace
}  // namespace stave::store

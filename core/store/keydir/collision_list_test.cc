#include "core/store/keydir/collision_list.h"

#include <gtest/gtest.h>

#include "core/base/endian.h"
#include "core/os/file_io.h"
#include "core/os/testing/simulated_file_system.h"

namespace stave::store {
namespace {

const DiskLocation some_location = {.generation = 3, .offset = 64, .size = 44};
const DiskLocation other_location = {.generation = 4, .offset = 128, .size = 50};

const auto nothing_before = [](uint64_t) { return Status(); };

class CollisionListTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(files_.make_directory("/store").ok()); }
  static void insert(CollisionList& list, std::string_view key, const DiskLocation& location,
                     uint64_t lsn) {
    list.insert(list.reserve_memory(as_bytes(key)), location, lsn);
  }
  CollisionList empty_list() { return CollisionList(files_, "/store", id_); }
  static Result<uint64_t> save(CollisionList& list) { return list.save(nothing_before); }
  std::string content() { return *os::read_small_file(files_, "/store/COLLISIONS", 1 << 20); }

  os::SimulatedFileSystem files_{1};
  const StoreId id_ = {std::byte{7}};
};

// The bytes of docs/formats/key_directory.md.
TEST(LocationFormat, IsAsDocumented) {
  const DiskLocation location = {
      .generation = 0x0504030201, .offset = 0x0a09080706 * 16, .size = 0x0e0d0c0b, .codec = 0};
  const DiskLocationBytes bytes = encode_location(location);
  for (size_t i = 0; i < 14; i++) EXPECT_EQ(std::to_integer<size_t>(bytes[i]), i + 1);
  EXPECT_EQ(bytes[14], std::byte{0});
  EXPECT_EQ(bytes[15], std::byte{0});
  EXPECT_EQ(decode_location(bytes.data()), location);
}

TEST(LocationFormat, HoldsTheLargestLocations) {
  const DiskLocation location = {.generation = location_generation_max,
                                 .offset = (uint64_t{1} << 44) - 16,
                                 .size = UINT32_MAX,
                                 .codec = 2};
  EXPECT_EQ(decode_location(encode_location(location).data()), location);
}

TEST_F(CollisionListTest, FindsExactlyTheKeysItHas) {
  CollisionList list = empty_list();
  EXPECT_FALSE(list.find(as_bytes("a")));
  insert(list, "a", some_location, 1);
  insert(list, "", other_location, 2);
  EXPECT_EQ(list.find(as_bytes("a")), some_location);
  EXPECT_EQ(list.find(as_bytes("")), other_location);
  EXPECT_FALSE(list.find(as_bytes("b")));
  EXPECT_FALSE(list.replace(as_bytes("b"), other_location, 3));
  EXPECT_TRUE(list.replace(as_bytes("a"), other_location, 3));
  EXPECT_EQ(list.find(as_bytes("a")), other_location);
  EXPECT_TRUE(list.erase(as_bytes("a"), 4));
  EXPECT_FALSE(list.erase(as_bytes("a"), 4));
  EXPECT_EQ(list.size(), 1U);
  EXPECT_EQ(list.newest_lsn(), 4U);
}

// What a cursor walks: a key that was away for a moment does not count as one that stayed.
TEST_F(CollisionListTest, ShowsInOrderWhatHasStayedSinceAVersion) {
  CollisionList list = empty_list();
  for (const char* key : {"c", "", "b", "a"}) insert(list, key, some_location, 1);
  const uint64_t version = list.version();
  EXPECT_TRUE(list.replace(as_bytes("a"), other_location, 2));
  EXPECT_TRUE(list.erase(as_bytes("b"), 3));
  insert(list, "b", other_location, 4);
  insert(list, "aa", some_location, 5);
  const auto keys = [&](uint64_t since) {
    std::vector<std::string> found;
    for (auto listed = list.next(nullptr, since); listed; listed = list.next(&found.back(), since))
      found.push_back(listed->key);
    return found;
  };
  EXPECT_EQ(keys(version), (std::vector<std::string>{"", "a", "c"}));
  EXPECT_EQ(keys(list.version()), (std::vector<std::string>{"", "a", "aa", "b", "c"}));
  EXPECT_EQ(keys(0), std::vector<std::string>());
  const std::string first;
  EXPECT_EQ(list.next(&first, version)->location, other_location);
  ASSERT_TRUE(save(list).ok());
  CollisionList loaded = empty_list();
  ASSERT_TRUE(loaded.load().ok());
  EXPECT_TRUE(loaded.next(nullptr, loaded.version()));
}

// The space that the next save needs is there before a key comes, and stays as keys come and go.
TEST_F(CollisionListTest, AFullDiskCanSaveWhatItHasRoomFor) {
  CollisionList list = empty_list();
  ASSERT_TRUE(save(list).ok());
  const std::string large(5000, 'k');
  {
    const Result<CollisionList::Reservation> forgotten = list.reserve_insertion(as_bytes(large));
    ASSERT_TRUE(forgotten.ok());
  }
  Result<CollisionList::Reservation> reserved = list.reserve_insertion(as_bytes(large));
  ASSERT_TRUE(reserved.ok());
  files_.set_capacity(files_.used_bytes());
  EXPECT_TRUE(list.reserve_insertion(as_bytes(large)).status().is(Code::no_space));
  list.insert(*std::move(reserved), some_location, 1);
  for (uint64_t lsn = 2; lsn < 10; lsn++) {
    ASSERT_TRUE(save(list).ok()) << lsn;
    ASSERT_TRUE(list.replace(as_bytes(large), other_location, lsn));
  }
  ASSERT_TRUE(list.erase(as_bytes(large), 10));
  ASSERT_TRUE(save(list).ok());
  list.release_space();
  EXPECT_EQ(files_.list("/store")->size(), 1U);
}

TEST_F(CollisionListTest, IsSavedWithItsVersion) {
  CollisionList list = empty_list();
  EXPECT_TRUE(list.load().is(Code::not_found));
  insert(list, "a", some_location, 10);
  insert(list, std::string(65535, 'k'), other_location, 11);
  uint64_t told = 0;
  const Result<uint64_t> version = list.save([&](uint64_t lsn) {
    told = lsn;
    return Status();
  });
  ASSERT_TRUE(version.ok());
  EXPECT_EQ(told, 11U);
  CollisionList loaded = empty_list();
  ASSERT_TRUE(loaded.load().ok());
  EXPECT_EQ(loaded.version(), *version);
  EXPECT_EQ(loaded.newest_lsn(), 11U);
  EXPECT_EQ(loaded.size(), 2U);
  EXPECT_EQ(loaded.find(as_bytes(std::string(65535, 'k'))), other_location);
}

TEST_F(CollisionListTest, IsWrittenOnlyWhenItHasChanged) {
  CollisionList list = empty_list();
  ASSERT_TRUE(save(list).ok());
  ASSERT_TRUE(files_.remove("/store/COLLISIONS").ok());
  ASSERT_TRUE(save(list).ok());
  EXPECT_FALSE(os::read_small_file(files_, "/store/COLLISIONS", 1000).ok());
  insert(list, "a", some_location, 1);
  ASSERT_TRUE(save(list).ok());
  EXPECT_TRUE(os::read_small_file(files_, "/store/COLLISIONS", 1000).ok());
}

// When the log cannot be synced, nothing that rests on it may be written.
TEST_F(CollisionListTest, IsNotWrittenWhenWhatComesBeforeFails) {
  CollisionList list = empty_list();
  insert(list, "a", some_location, 1);
  const auto failing = [](uint64_t) { return Status(Code::io); };
  EXPECT_TRUE(list.save(failing).status().is(Code::io));
  EXPECT_FALSE(os::read_small_file(files_, "/store/COLLISIONS", 1000).ok());
  EXPECT_TRUE(save(list).ok());
  EXPECT_FALSE(content().empty());
}

// The next save tried again, succeeded, and said nothing about what the device had.
TEST_F(CollisionListTest, AFailedSyncIsFinal) {
  for (const os::CallKind call : {os::CallKind::sync_data, os::CallKind::sync_directory}) {
    CollisionList list = empty_list();
    insert(list, "a", some_location, 1);
    files_.add_fault({.kind = os::Fault::Kind::io_error, .call_number = 1, .call = call});
    EXPECT_TRUE(save(list).status().is(Code::io));
    EXPECT_TRUE(list.has_failed());
    EXPECT_TRUE(save(list).status().is(Code::io));
  }
}

TEST_F(CollisionListTest, DamageIsFoundAtEveryByteAndLength) {
  CollisionList list = empty_list();
  insert(list, "key", some_location, 1);
  insert(list, "another", other_location, 2);
  ASSERT_TRUE(save(list).ok());
  const std::string whole = content();
  const auto refused = [&](const std::string& bytes) {
    EXPECT_TRUE(os::replace_file(files_, "/store", "COLLISIONS", as_bytes(bytes)).ok());
    CollisionList damaged = empty_list();
    return damaged.load().is(Code::corruption);
  };
  for (size_t at = 0; at < whole.size(); at++) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    EXPECT_TRUE(refused(bytes)) << at;
    EXPECT_TRUE(refused(whole.substr(0, at))) << at;
  }
  EXPECT_TRUE(refused(whole + "x"));
  EXPECT_FALSE(refused(whole));
  CollisionList foreign(files_, "/store", StoreId{});
  EXPECT_TRUE(foreign.load().is(Code::corruption));
}

// Of what a later library may write: the rest of the file is right, so it is no damage.
TEST_F(CollisionListTest, WhatIsNotKnownIsUnsupported) {
  constexpr size_t entry_at = 128;
  CollisionList list = empty_list();
  insert(list, "key", some_location, 1);
  insert(list, "later", other_location, 2);
  ASSERT_TRUE(save(list).ok());
  const std::string whole = content();
  const auto loaded_with_byte = [&](size_t at, char byte) {
    std::string bytes = whole;
    bytes[at] = byte;
    const size_t end = bytes.size() - 8;
    store_le64(reinterpret_cast<std::byte*>(&bytes[end]), hash64(as_bytes(bytes).first(end), 0));
    EXPECT_TRUE(os::replace_file(files_, "/store", "COLLISIONS", as_bytes(bytes)).ok());
    CollisionList loaded = empty_list();
    return loaded.load();
  };
  EXPECT_TRUE(loaded_with_byte(0, 'S').ok()) << "as it was";
  EXPECT_TRUE(loaded_with_byte(8, 1).is(Code::unsupported_version)) << "version";
  EXPECT_TRUE(loaded_with_byte(8, 3).is(Code::unsupported_version)) << "version";
  for (size_t at = 12; at < 16; at++)
    EXPECT_TRUE(loaded_with_byte(at, 1).is(Code::unsupported_version)) << at;
  for (size_t at = 56; at < entry_at; at++)
    EXPECT_TRUE(loaded_with_byte(at, 1).is(Code::unsupported_version)) << at;
  for (size_t at = entry_at + 16; at < entry_at + 20; at++)
    EXPECT_TRUE(loaded_with_byte(at, 1).is(Code::unsupported_version)) << "namespace, " << at;
}

// A list that was all holes behind its header was read into memory first and judged then: a
// terabyte of it took the process down.
TEST_F(CollisionListTest, ASizeAloneTakesNoMemory) {
  CollisionList list = empty_list();
  ASSERT_TRUE(save(list).ok());
  std::string header = content().substr(0, 128);
  store_le64(reinterpret_cast<std::byte*>(header.data()) + 48, UINT64_MAX);
  ASSERT_TRUE(os::replace_file(files_, "/store", "COLLISIONS", as_bytes(header)).ok());
  const auto file = files_.open("/store/COLLISIONS", os::OpenMode::read_write);
  ASSERT_TRUE((*file)->truncate(uint64_t{1} << 40).ok());
  CollisionList loaded = empty_list();
  EXPECT_TRUE(loaded.load().is(Code::corruption));
}

}  // namespace
}  // namespace stave::store

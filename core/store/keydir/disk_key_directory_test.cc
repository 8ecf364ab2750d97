#include "core/store/keydir/disk_key_directory.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "core/disk_index/disk_index.h"
#include "core/disk_index/format/superblock.h"
#include "core/os/file_io.h"
#include "core/os/testing/simulated_file_system.h"
#include "core/store/store.h"

namespace stave::store {
namespace {

constexpr const char* path = "/store";

std::string key_of(uint64_t i) {
  return "key " + std::to_string(i);
}
std::string value_of(uint64_t i) {
  return "value " + std::to_string(i * 7919);
}

class DiskKeyDirectoryTest : public ::testing::Test {
 protected:
  DiskKeyDirectoryTest() {
    options_.keydir = KeyDirectoryKind::disk;
    options_.segment_size = 16384;
    options_.background = false;
  }

  Status open() {
    store_.reset();
    Result<std::unique_ptr<Store>> opened = Store::open(*disk_, path, options_);
    if (!opened.ok()) return opened.status();
    store_ = *std::move(opened);
    return {};
  }
  void put(uint64_t first, uint64_t last) {
    for (uint64_t i = first; i < last; i++)
      ASSERT_TRUE(
          store_->put(as_bytes(key_of(i)), as_bytes(value_of(i)), WriteMode::put, Durability::os)
              .ok());
  }
  void erase(uint64_t i) { ASSERT_TRUE(store_->remove(as_bytes(key_of(i)), Durability::os).ok()); }
  void close() {
    ASSERT_TRUE(store_->close().ok());
    store_.reset();
  }
  void kill() {
    auto image = disk_->kill_image();
    store_.reset();
    disk_ = std::move(image);
  }
  std::string get(uint64_t i) {
    std::string value;
    const std::string key = key_of(i);
    const Status status = store_->get(as_bytes(key), [&](size_t size) {
      value.resize(size);
      return MutableBytes(reinterpret_cast<std::byte*>(value.data()), size);
    });
    return status.ok() ? value : std::string(code_name(status.code()));
  }
  void expect_keys(uint64_t first, uint64_t last) {
    for (uint64_t i = first; i < last; i++) ASSERT_EQ(get(i), value_of(i)) << i;
    EXPECT_EQ(store_->size(), last - first);
    const auto go_on = [](uint64_t, uint64_t) { return Status(); };
    const Status verified = store_->verify(go_on);
    EXPECT_TRUE(verified.ok()) << verified.message();
  }
  std::string file(const char* name) const { return std::string(path) + "/" + name; }

  std::unique_ptr<os::SimulatedFileSystem> disk_ = std::make_unique<os::SimulatedFileSystem>(1);
  Options options_;
  std::unique_ptr<Store> store_;
};

TEST_F(DiskKeyDirectoryTest, OpensAfterACloseWithoutReadingTheLog) {
  ASSERT_TRUE(open().ok());
  put(0, 2000);
  const uint64_t live = store_->stats().live_bytes;
  close();
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(store_->stats().recovered_commits, 0U);
  EXPECT_EQ(store_->stats().live_bytes, live);
  expect_keys(0, 2000);
}

TEST_F(DiskKeyDirectoryTest, ACheckpointLeavesOneCommitToRead) {
  ASSERT_TRUE(open().ok());
  put(0, 2000);
  ASSERT_TRUE(store_->checkpoint().ok());
  ASSERT_TRUE(store_->checkpoint().ok());
  kill();
  ASSERT_TRUE(open().ok());
  EXPECT_TRUE(store_->stats().recovered);
  EXPECT_LE(store_->stats().recovered_commits, 1U);
  expect_keys(0, 2000);
  put(2000, 2100);
  kill();
  ASSERT_TRUE(open().ok());
  EXPECT_LE(store_->stats().recovered_commits, 101U);
  expect_keys(0, 2100);
}

TEST_F(DiskKeyDirectoryTest, SavesItselfEveryInterval) {
  options_.checkpoint_interval = 20000;
  ASSERT_TRUE(open().ok());
  put(0, 5000);
  kill();
  ASSERT_TRUE(open().ok());
  // A record takes 48 bytes or 64; half an interval gathers while the half before is merged.
  EXPECT_LE(store_->stats().recovered_commits, 20000U / 48 + 1);
  expect_keys(0, 5000);
}

TEST_F(DiskKeyDirectoryTest, WithoutAnIntervalOnlyAFullDeltaIsMerged) {
  options_.checkpoint_interval = 0;
  ASSERT_TRUE(open().ok());
  put(0, 3000);
  kill();
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(store_->stats().recovered_commits, 3000U);
  expect_keys(0, 3000);
}

TEST_F(DiskKeyDirectoryTest, KeysWithEqualHashAreSeparate) {
  options_.test_hash_mask = 0;
  ASSERT_TRUE(open().ok());
  put(0, 50);
  expect_keys(0, 50);
  // The one in the index, and one of the list; they come back where there is room.
  erase(0);
  erase(7);
  EXPECT_EQ(get(0), "not_found");
  EXPECT_EQ(get(7), "not_found");
  put(7, 8);
  put(0, 1);
  expect_keys(0, 50);
  const uint64_t live = store_->stats().live_bytes;
  kill();
  ASSERT_TRUE(open().ok());
  expect_keys(0, 50);
  EXPECT_EQ(store_->stats().live_bytes, live);
  close();
  ASSERT_TRUE(open().ok());
  expect_keys(0, 50);
  EXPECT_EQ(store_->stats().live_bytes, live);
}

// A cursor used to copy the list when it began and show the copy when it had walked the index. Of
// two keys with one hash, the listed one could be removed and put again meanwhile, and become the
// one of the index: it was shown twice. That the list has a key at the end is not enough either: it
// may have been in the index when the walk came there, and be back.
TEST_F(DiskKeyDirectoryTest, ACursorShowsNoKeyTwiceThatGoesBetweenIndexAndList) {
  constexpr uint64_t keys = 40'000;  // more than two segments hold
  const auto stays = [](uint64_t i) { return i % 5 == 0; };
  options_.test_hash_mask = 0xffff;
  options_.test_delta_entries = 1000;
  options_.segment_size = 1 << 20;
  ASSERT_TRUE(open().ok());
  put(0, keys);
  const auto erase_all = [&] {
    for (uint64_t i = 0; i < keys; i++)
      if (!stays(i)) erase(i);
  };
  // Whichever of two comes first is in the index, and the other one in the list.
  const auto put_first_to_last = [&] {
    for (uint64_t i = 0; i < keys; i++)
      if (!stays(i)) put(i, i + 1);
  };
  const auto put_last_to_first = [&] {
    for (uint64_t i = keys; i > 0; i--)
      if (!stays(i - 1)) put(i - 1, i);
  };
  for (const bool and_back : {false, true}) {
    Result<std::unique_ptr<Cursor>> cursor = store_->open_cursor({}, true);
    ASSERT_TRUE(cursor.ok());
    std::map<std::string, uint64_t> shown;
    uint64_t steps = 0;
    for (Status moved = (*cursor)->next(); !moved.is(Code::done); moved = (*cursor)->next()) {
      ASSERT_TRUE(moved.ok()) << moved.message();
      shown[std::string(as_text((*cursor)->key()))]++;
      steps++;
      if (steps == 1) {
        erase_all();
        put_last_to_first();
      } else if (steps == keys / 2 && and_back) {
        erase_all();
        put_first_to_last();
      }
    }
    for (uint64_t i = 0; i < keys; i++) {
      ASSERT_LE(shown[key_of(i)], 1U) << i;
      ASSERT_TRUE(!stays(i) || shown[key_of(i)] == 1) << i;
    }
    // For the next round: as at first.
    erase_all();
    put_first_to_last();
  }
}

// Two keys of one hash in one batch: either may be the one that the index has.
TEST_F(DiskKeyDirectoryTest, ABatchMayHoldKeysOfOneHash) {
  options_.test_hash_mask = 0;
  ASSERT_TRUE(open().ok());
  Batch batch;
  for (uint64_t i = 0; i < 20; i++)
    ASSERT_TRUE(batch.add(Batch::Kind::put, as_bytes(key_of(i)), as_bytes(value_of(i))).ok());
  ASSERT_TRUE(store_->write(batch, Durability::os, nullptr, nullptr).ok());
  expect_keys(0, 20);
  batch.clear();
  ASSERT_TRUE(batch.add(Batch::Kind::remove, as_bytes(key_of(0))).ok());
  ASSERT_TRUE(batch.add(Batch::Kind::put, as_bytes(key_of(20)), as_bytes(value_of(20))).ok());
  ASSERT_TRUE(store_->write(batch, Durability::os, nullptr, nullptr).ok());
  expect_keys(1, 21);
}

// The list used to need new space whenever it was saved. On a full disk no superblock could follow
// a change of it, so the changes gathered until there was no room for one more, not even for
// deletes.
TEST_F(DiskKeyDirectoryTest, AFullDiskCanBeEmptiedOfKeysOfOneHash) {
  constexpr uint64_t keys = 200;
  options_.test_hash_mask = 0x3f;  // so that deletes change the index, too
  options_.test_delta_entries = 8;
  options_.segment_size = 1 << 20;
  ASSERT_TRUE(open().ok());
  put(0, keys);
  disk_->set_capacity(disk_->used_bytes());
  uint64_t more = keys;
  Status refused;
  for (; refused.ok() && more < 100'000; more++)
    refused = store_->put(as_bytes(key_of(more)), as_bytes(value_of(more)), WriteMode::put,
                          Durability::os);
  ASSERT_TRUE(refused.is(Code::no_space)) << refused.message();
  more--;
  // What was too little for the log is not for the list either.
  disk_->set_capacity(disk_->used_bytes());
  for (uint64_t i = 0; i < keys; i++) {
    const Status erased = store_->remove(as_bytes(key_of(i)), Durability::os);
    ASSERT_TRUE(erased.ok()) << i << ": " << erased.message();
  }
  expect_keys(keys, more);
  disk_->set_capacity(UINT64_MAX);
  put(more, more + 100);
  expect_keys(keys, more + 100);
  kill();
  ASSERT_TRUE(open().ok());
  expect_keys(keys, more + 100);
}

TEST_F(DiskKeyDirectoryTest, AFailedSyncOfTheListRefusesWrites) {
  options_.test_hash_mask = 0;
  ASSERT_TRUE(open().ok());
  put(0, 10);
  disk_->add_fault(
      {.kind = os::Fault::Kind::io_error, .call_number = 1, .call = os::CallKind::sync_directory});
  EXPECT_TRUE(store_->checkpoint().is(Code::io));
  EXPECT_TRUE(store_->stats().writes_refused);
  const Status refused =
      store_->put(as_bytes(key_of(0)), as_bytes(value_of(0)), WriteMode::put, Durability::os);
  EXPECT_TRUE(refused.is(Code::io)) << code_name(refused.code());
  EXPECT_TRUE(store_->checkpoint().is(Code::io));
  EXPECT_EQ(get(9), value_of(9));
  ASSERT_TRUE(open().ok());
  expect_keys(0, 10);
}

TEST_F(DiskKeyDirectoryTest, WithoutItsFilesItIsMadeFromTheLog) {
  options_.test_hash_mask = 0xc000000000000003;
  ASSERT_TRUE(open().ok());
  put(0, 500);
  close();
  ASSERT_TRUE(disk_->remove(file(keys_name)).ok());
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(store_->stats().recovered_commits, 500U);
  expect_keys(0, 500);
  close();
  ASSERT_TRUE(disk_->remove(file(keys_name)).ok());
  ASSERT_TRUE(disk_->remove(file(collisions_name)).ok());
  ASSERT_TRUE(open().ok());
  expect_keys(0, 500);
}

TEST_F(DiskKeyDirectoryTest, AReaderDoesWithoutThem) {
  ASSERT_TRUE(open().ok());
  put(0, 500);
  close();
  ASSERT_TRUE(disk_->remove(file(keys_name)).ok());
  options_.read_only = true;
  ASSERT_TRUE(open().ok());
  expect_keys(0, 500);
  EXPECT_FALSE(disk_->open(file(keys_name), os::OpenMode::read_only).ok());
}

TEST_F(DiskKeyDirectoryTest, AReaderShowsWhatTheLogHasAndChangesNothing) {
  options_.test_hash_mask = 0xc000000000000003;
  ASSERT_TRUE(open().ok());
  put(0, 100);
  ASSERT_TRUE(store_->checkpoint().ok());
  put(100, 200);
  erase(0);
  kill();
  options_.read_only = true;
  const Hash128 before = disk_->digest();
  ASSERT_TRUE(open().ok());
  expect_keys(1, 200);
  ASSERT_TRUE(store_->close().ok());
  store_.reset();
  EXPECT_EQ(disk_->digest(), before);
}

TEST_F(DiskKeyDirectoryTest, AListThatIsMissingOrOlderIsDamage) {
  options_.test_hash_mask = 0;
  ASSERT_TRUE(open().ok());
  put(0, 10);
  close();
  const std::string old = *os::read_small_file(*disk_, file(collisions_name), 1 << 20);
  ASSERT_TRUE(open().ok());
  put(10, 20);
  close();
  ASSERT_TRUE(os::replace_file(*disk_, path, collisions_name, as_bytes(old)).ok());
  EXPECT_TRUE(open().is(Code::corruption));
  ASSERT_TRUE(disk_->remove(file(collisions_name)).ok());
  const Status status = open();
  EXPECT_TRUE(status.is(Code::corruption));
  EXPECT_NE(status.message().find("remove KEYS"), std::string_view::npos) << status.message();
  // The advice is good.
  ASSERT_TRUE(disk_->remove(file(keys_name)).ok());
  ASSERT_TRUE(open().ok());
  expect_keys(0, 20);
}

TEST_F(DiskKeyDirectoryTest, AForeignFileIsRefused) {
  ASSERT_TRUE(open().ok());
  put(0, 10);
  close();
  const std::string keys = *os::read_small_file(*disk_, file(keys_name), 1 << 20);
  disk_ = std::make_unique<os::SimulatedFileSystem>(2);
  ASSERT_TRUE(open().ok());
  put(0, 10);
  close();
  ASSERT_TRUE(os::replace_file(*disk_, path, keys_name, as_bytes(keys)).ok());
  const Status status = open();
  EXPECT_TRUE(status.is(Code::corruption));
  EXPECT_NE(status.message().find("another store"), std::string_view::npos) << status.message();
}

// What KEYS knows to have been on the device is evidence: a shorter log is damage, not a torn end.
// A superblock named a place in the log where no frame ends. Recovery took what it read there for a
// torn tail, and cut the log off.
TEST_F(DiskKeyDirectoryTest, ImpossibleReplayPositionCutsNothing) {
  ASSERT_TRUE(open().ok());
  put(0, 100);
  kill();
  const auto keys = *disk_->open(file("KEYS"), os::OpenMode::read_write);
  const std::string log = *os::read_small_file(*disk_, file("0000000000000001.segment"), 1 << 20);
  struct Frame {
    uint64_t lsn;
    uint64_t generation;
    uint64_t offset;
  };
  for (const Frame& frame : {Frame{0, 0, 0},
                             {5, 0, 0},
                             {1, 1, 8},
                             {5, 1, 16384},
                             {50, 1, 80},
                             {50, 1, 71},
                             {4, 1, 112}}) {
    for (const uint64_t page : disk_index::superblock_pages) {
      disk_index::SuperblockBytes bytes;
      ASSERT_TRUE(os::read_exactly(*keys, "KEYS", page * bytes.size(), bytes).ok());
      Result<disk_index::Superblock> block = disk_index::decode_superblock(bytes, "KEYS");
      block->owner.words[0] = frame.generation;
      block->owner.words[1] = frame.offset;
      block->lsn = frame.lsn;
      const auto forged = disk_index::encode_superblock(*block);
      ASSERT_TRUE(os::write_all(*keys, "KEYS", page * bytes.size(), forged).ok());
    }
    EXPECT_TRUE(open().is(Code::corruption)) << frame.lsn << " at " << frame.offset;
    EXPECT_TRUE(*os::read_small_file(*disk_, file("0000000000000001.segment"), 1 << 20) == log);
  }
  ASSERT_TRUE(disk_->remove(file("KEYS")).ok());
  ASSERT_TRUE(open().ok());
  expect_keys(0, 100);
}

TEST_F(DiskKeyDirectoryTest, ALogThatLacksWhatItNamesIsDamage) {
  ASSERT_TRUE(open().ok());
  put(0, 100);
  ASSERT_TRUE(store_->checkpoint().ok());
  kill();
  const auto segment = disk_->open(file("0000000000000001.segment"), os::OpenMode::read_write);
  ASSERT_TRUE(segment.ok());
  ASSERT_TRUE((*segment)->truncate(1024).ok());
  const Hash128 before = disk_->digest();
  EXPECT_TRUE(open().is(Code::corruption));
  EXPECT_EQ(disk_->digest(), before);
}

// The log had lost what KEYS knew it had on the device, and the error said that the next open would
// do without KEYS. It did, and cut the rest of the log off: nothing else proved that there was
// more.
TEST_F(DiskKeyDirectoryTest, MessageKeepsTheOnlyProofOfDamage) {
  constexpr uint64_t damage_at = segment_header_size + 20 * 48;  // where a record begins
  const std::string segment = file("0000000000000001.segment");
  enum class Damage { in_a_record, of_the_size, segment_lost };
  for (const Damage damage : {Damage::in_a_record, Damage::of_the_size, Damage::segment_lost}) {
    disk_ = std::make_unique<os::SimulatedFileSystem>(1);
    ASSERT_TRUE(open().ok());
    put(0, 100);
    // Killed while it was closed: KEYS knows the log's end, MANIFEST does not.
    std::unique_ptr<os::SimulatedFileSystem> image;
    disk_->set_hook([&](const os::SimulatedFileSystem::Event& event) {
      if (event.call == os::CallKind::write && event.path.ends_with("MANIFEST"))
        image = disk_->kill_image();
    });
    close();
    disk_ = std::move(image);
    if (damage == Damage::segment_lost) {
      ASSERT_TRUE(disk_->remove(segment).ok());
    } else {
      const auto log = *disk_->open(segment, os::OpenMode::read_write);
      const Status damaged = damage == Damage::of_the_size
                                 ? log->truncate(damage_at)
                                 : os::write_all(*log, segment, damage_at, as_bytes("damage"));
      ASSERT_TRUE(damaged.ok());
    }
    const Status status = open();
    ASSERT_TRUE(status.is(Code::corruption));
    const std::string message(status.message());
    EXPECT_NE(message.find("from a backup"), std::string::npos) << message;
    EXPECT_EQ(message.find("Without KEYS"), std::string::npos) << message;
    if (damage == Damage::segment_lost) continue;
    EXPECT_NE(message.find("damaged record in segment '" + segment + "' at offset " +
                           std::to_string(damage_at)),
              std::string::npos)
        << message;
  }
}

TEST_F(DiskKeyDirectoryTest, TheStoreKnowsWhereItsKeysAre) {
  ASSERT_TRUE(open().ok());
  put(0, 10);
  close();
  options_.keydir = KeyDirectoryKind::stored;
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(store_->options().keydir, KeyDirectoryKind::disk);
  close();
  options_.keydir = KeyDirectoryKind::memory;
  EXPECT_TRUE(open().is(Code::invalid_argument));
}

TEST_F(DiskKeyDirectoryTest, KeysOpensOnlyWithItsStore) {
  ASSERT_TRUE(open().ok());
  close();
  EXPECT_TRUE(
      disk_index::DiskIndex::open(*disk_, file(keys_name), {}).status().is(Code::wrong_family));
}

}  // namespace
}  // namespace stave::store

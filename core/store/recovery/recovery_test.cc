// Regressions of recovery and of the manifest, each with the story of what went wrong. The broad
// search lies in tests/crash, tests/faults and tests/corruption.
#include "core/store/recovery/recovery.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "core/os/file_io.h"
#include "core/os/testing/simulated_file_system.h"
#include "core/store/store.h"

namespace stave::store {
namespace {

constexpr const char* directory = "/s";

// A value full of what looks like headers of frames that come soon behind `lsn`, from large ones to
// small ones, so that nothing is left of a budget of bytes. Under this key they lie where frames
// may begin.
constexpr const char* imitation_key = "imitation";
std::string imitation_of_frames(uint64_t lsn) {
  std::string imitation(8 << 20, '\0');
  const size_t value_at = record_header_size + std::string_view(imitation_key).size();
  for (size_t at = padded(value_at) - value_at; at + 32 < imitation.size(); at += 32) {
    auto* bytes = reinterpret_cast<std::byte*>(imitation.data() + at);
    store_le64(bytes + record_at::lsn, lsn + at % 1000);
    store_le32(bytes + record_at::durable_lag, 1);
    bytes[record_at::kind] = std::byte{1};
    store_le32(bytes + record_at::value_size, (4 << 20) >> (at * 24 / imitation.size()));
  }
  return imitation;
}

class RecoveryTest : public ::testing::Test {
 protected:
  void open() {
    Result<std::unique_ptr<Store>> opened = Store::open(*files_, directory, options_);
    status_ = opened.status();
    store_ = opened ? *std::move(opened) : nullptr;
  }
  void put(const std::string& key, const std::string& value,
           Durability durability = Durability::device) {
    ASSERT_TRUE(store_->put(as_bytes(key), as_bytes(value), WriteMode::put, durability).ok());
  }
  std::string get(const std::string& key) {
    std::string value;
    const Status status = store_->get(as_bytes(key), [&](size_t size) {
      value.resize(size);
      return MutableBytes(reinterpret_cast<std::byte*>(value.data()), size);
    });
    return status.ok() ? value : std::string(code_name(status.code()));
  }
  void close() {
    ASSERT_TRUE(store_->close().ok());
    store_.reset();
  }
  // SIGKILL, then another process.
  void kill() {
    std::unique_ptr<os::SimulatedFileSystem> image = files_->kill_image();
    store_.reset();
    files_ = std::move(image);
  }
  static std::string path(const std::string& name) { return os::join_path(directory, name); }
  std::string content(const std::string& name) {
    return *os::read_small_file(*files_, path(name), size_t{1} << 30);
  }
  void overwrite(const std::string& name, uint64_t offset, Bytes bytes) {
    const auto file = files_->open(path(name), os::OpenMode::read_write);
    ASSERT_TRUE(os::write_all(**file, name, offset, bytes).ok());
  }

  std::unique_ptr<os::SimulatedFileSystem> files_ = std::make_unique<os::SimulatedFileSystem>(1);
  Options options_{.segment_size = 65536};
  std::unique_ptr<Store> store_;
  Status status_;
};

// A process was killed while it filled a large value that contained what looks like headers of
// large records with high LSNs. The search for evidence spent its budget of bytes on them and
// called that damage, so the store never opened again.
TEST_F(RecoveryTest, ImitatedFramesDoNotPreventOpening) {
  open();
  put("kept", "value");
  put(imitation_key, imitation_of_frames(2), Durability::os);
  const std::string name = segment_name(2);
  overwrite(name, segment_header_size, as_bytes(std::string(8, '\0')));  // not filled to the end
  kill();
  open();
  ASSERT_TRUE(status_.ok()) << status_.message();
  EXPECT_EQ(get("kept"), "value");
  EXPECT_EQ(get(imitation_key), "not_found");
}

// The same imitations used up the search's budget when the damage was real: in the value that held
// them, and in a commit before it. What had been acknowledged behind it was cut off in silence.
TEST_F(RecoveryTest, ImitatedFramesDoNotHideDamage) {
  options_.segment_size = 32 << 20;
  for (const bool damage_imitation : {true, false}) {
    store_.reset();
    files_ = std::make_unique<os::SimulatedFileSystem>(1);
    open();
    put("a", "1");
    put("b", "1", Durability::os);
    const uint64_t b_at = segment_header_size + padded(record_size(1, 1));
    put(imitation_key, imitation_of_frames(4), Durability::os);
    ASSERT_TRUE(store_->sync().ok());
    put("c", "1");
    const uint64_t damage_at = damage_imitation ? b_at + 4096 : b_at + key_offset_of(0);
    overwrite(segment_name(1), damage_at, as_bytes(std::string(1, 'x')));
    kill();
    open();
    EXPECT_TRUE(status_.is(Code::corruption)) << damage_imitation;
  }
}

// An old MANIFEST was put back over a newer one. It said that the log ended cleanly earlier than it
// did; the open believed it and lost commits without a word.
TEST_F(RecoveryTest, CleanLogWithFramesAfterItsEndIsDamage) {
  open();
  put("a", "1");
  close();
  const std::string old_manifest = content(manifest_name);
  open();
  put("b", "1");
  close();
  overwrite(manifest_name, 0, as_bytes(old_manifest));
  open();
  EXPECT_TRUE(status_.is(Code::corruption));
}

TEST_F(RecoveryTest, SegmentNewerThanManifestIsDamage) {
  open();
  put("a", "1");
  close();
  const std::string old_manifest = content(manifest_name);
  open();
  for (int i = 0; i < 10; i++) put("b", std::string(20000, 'b'));
  close();
  overwrite(manifest_name, 0, as_bytes(old_manifest));
  open();
  EXPECT_TRUE(status_.is(Code::corruption));
}

// The user's own sync failed. Commits behind it, whose pages that sync had covered too, were
// answered and shown as if nothing had happened.
TEST_F(RecoveryTest, FailedUserSyncStopsPublication) {
  open();
  put("a", "1", Durability::os);
  files_->add_fault({.kind = os::Fault::Kind::io_error,
                     .call_number = 1,
                     .call = os::CallKind::sync_data,
                     .forever = false});
  EXPECT_TRUE(store_->sync().is(Code::io));
  EXPECT_TRUE(
      store_->put(as_bytes("b"), as_bytes("1"), WriteMode::put, Durability::os).is(Code::io));
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("b"), "not_found");
  EXPECT_TRUE(store_->close().is(Code::io));
}

// A torn state may have been the newer one, so the other must not be believed when it says clean.
TEST_F(RecoveryTest, DamagedManifestStateMakesOtherNotClean) {
  open();
  put("a", "1");
  close();
  for (const size_t at : {size_t{0}, size_t{4096}}) {
    const std::string before = content(manifest_name);
    overwrite(manifest_name, at + 100, as_bytes("x"));
    open();
    ASSERT_TRUE(status_.ok()) << status_.message();
    EXPECT_TRUE(store_->stats().recovered);
    EXPECT_EQ(get("a"), "1");
    close();
    open();
    EXPECT_FALSE(store_->stats().recovered);
    close();
  }
}

// A recovery removed a segment, the crash that followed undid the removal, and the log had gone on
// under a higher generation meanwhile. The segment that came back broke the chain for ever.
TEST_F(RecoveryTest, RemovedSegmentThatReturnsIsNotInTheLog) {
  open();
  put("a", "1");
  put("b", std::string(70000, 'b'), Durability::os);  // generation 2
  const std::string segment = content(segment_name(2));
  overwrite(segment_name(2), segment_header_size, as_bytes(std::string(8, '\0')));
  kill();
  open();
  put("c", "1");
  close();
  {
    const auto file = files_->open(path(segment_name(2)), os::OpenMode::create_new);
    ASSERT_TRUE(file.ok()) << "recovery was to remove it";
    ASSERT_TRUE(os::write_all(**file, "segment", 0, as_bytes(segment)).ok());
  }
  open();
  ASSERT_TRUE(status_.ok()) << status_.message();
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("b"), "not_found");
  EXPECT_EQ(get("c"), "1");
  EXPECT_FALSE(files_->open(path(segment_name(2)), os::OpenMode::read_only).ok());
}

// A sealed segment's cut-off tail became readable again; its frame took the LSN of the next
// segment's first one.
TEST_F(RecoveryTest, SegmentEndsAtBaseOfNext) {
  open();
  put("a", "1");
  put("lost", "x", Durability::os);
  const std::string whole = content(segment_name(1));
  const uint64_t lost_at = segment_header_size + padded(record_size(1, 1));
  overwrite(segment_name(1), lost_at, as_bytes(std::string(8, '\0')));
  kill();
  open();
  put("b", "1");
  kill();
  overwrite(segment_name(1), 0, as_bytes(whole));
  open();
  ASSERT_TRUE(status_.ok()) << status_.message();
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("b"), "1");
  EXPECT_EQ(get("lost"), "not_found");
}

// After a crash on a full device the log was cut and its space, the deletes' reserve included,
// taken by others; then no key could be deleted.
TEST_F(RecoveryTest, KeysCanBeRemovedOnFullDiskAfterCrash) {
  files_->set_capacity(256 << 10);
  open();
  int stored = 0;
  while (store_
             ->put(as_bytes(std::to_string(stored)), as_bytes(std::string(1000, 'v')),
                   WriteMode::put, Durability::os)
             .ok())
    stored++;
  ASSERT_GT(stored, 10);
  const uint64_t used = files_->used_bytes();
  kill();
  files_->set_capacity(used);
  open();
  ASSERT_TRUE(status_.ok()) << status_.message();
  EXPECT_TRUE(store_->remove(as_bytes("0"), Durability::device).ok());
  EXPECT_EQ(get("0"), "not_found");
  EXPECT_EQ(get("1").size(), 1000u);
}

// A copy of a closed store lacked the blocks that had been allocated behind its end, as many
// copying programs leave holes out. The next open took the file's size for allocated space, and a
// delete on a full device died of SIGBUS.
TEST_F(RecoveryTest, CopiedStoreWithHolesCanBeAppendedTo) {
  constexpr int keys = 20;
  open();
  put("fill", std::string(3000, 'f'));
  for (int i = 0; i < keys; i++) put(std::to_string(i), "v");
  close();
  const std::string name = path(segment_name(1));
  const std::string whole = content(segment_name(1));
  ASSERT_EQ(whole.size(), 2 * 4096u) << "space for deletes is kept behind the end";
  ASSERT_TRUE(files_->remove(name).ok());
  {
    const auto copy = files_->open(name, os::OpenMode::create_new);
    ASSERT_TRUE((*copy)->truncate(whole.size()).ok());
    ASSERT_TRUE(os::write_all(**copy, name, 0, as_bytes(whole.substr(0, 4096))).ok());
  }
  files_->set_capacity(files_->used_bytes());
  open();
  ASSERT_TRUE(status_.ok()) << status_.message();
  Status last;
  for (int i = 0; i < keys; i++) last = store_->remove(as_bytes(std::to_string(i)), Durability::os);
  EXPECT_TRUE(last.is(Code::no_space)) << "the copy has no reserve";
  EXPECT_EQ(files_->violations(), std::vector<std::string>());
  files_->set_capacity(UINT64_MAX);
  EXPECT_TRUE(store_->remove(as_bytes(std::to_string(keys - 1)), Durability::os).ok());
  close();
}

// The directory's sync failed when a store was made. The next open found the manifest, which the
// device did not hold; commits were acknowledged, and after a power loss there were segments but no
// manifest.
TEST_F(RecoveryTest, ManifestWithUnsyncedNameIsCreatedAgain) {
  files_->add_fault({.kind = os::Fault::Kind::io_error,
                     .call_number = 2,  // the first is the parent directory's
                     .call = os::CallKind::sync_directory,
                     .forever = false});
  open();
  ASSERT_TRUE(status_.is(Code::io));
  open();
  ASSERT_TRUE(status_.ok()) << status_.message();
  put("a", "1");
  std::unique_ptr<os::SimulatedFileSystem> image = files_->crash_image({}, 1);
  store_.reset();
  files_ = std::move(image);
  open();
  ASSERT_TRUE(status_.ok()) << status_.message();
  EXPECT_EQ(get("a"), "1");
}

// A manifest said that the next segment has the last generation that there is. Its name was one
// that the next open does not take for a segment's, so acknowledged commits were gone.
TEST_F(RecoveryTest, NoGenerationLeftIsAnError) {
  open();
  close();
  Result<Manifest> manifest = read_manifest(*files_, directory);
  manifest->next_generation = UINT64_MAX;
  ASSERT_TRUE(files_->remove(path(manifest_name)).ok());
  ASSERT_TRUE(create_manifest(*files_, directory, *manifest).ok());
  open();
  ASSERT_TRUE(status_.ok()) << status_.message();
  EXPECT_TRUE(store_->put(as_bytes("a"), as_bytes("1"), WriteMode::put, Durability::os)
                  .is(Code::too_large));
  close();
}

}  // namespace
}  // namespace stave::store

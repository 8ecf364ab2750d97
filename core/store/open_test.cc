// What opening does with the store's directory on the real file system.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "core/os/file_io.h"
#include "core/os/posix_file_system.h"
#include "core/os/testing/temporary_directory.h"
#include "core/store/format/manifest.h"
#include "core/store/store.h"

namespace stave::store {
namespace {

namespace fs = std::filesystem;

class OpenTest : public ::testing::Test {
 protected:
  ~OpenTest() override { fs::current_path(before_); }

  static Result<std::unique_ptr<Store>> open(const std::string& path,
                                             KeyDirectoryKind keydir = KeyDirectoryKind::stored) {
    return Store::open(os::posix_file_system(), path, {.segment_size = 4096, .keydir = keydir});
  }
  // A value of which a segment holds one.
  static Status put(Store& store, const std::string& key) {
    return store.put(as_bytes(key), as_bytes(std::string(3000, 'v')), WriteMode::put,
                     Durability::os);
  }
  static bool has(Store& store, const std::string& key) {
    return store.contains(as_bytes(key)).ok();
  }
  fs::path directory(const std::string& name) const {
    fs::create_directories(root_ / name);
    return root_ / name;
  }

  const os::TemporaryDirectory temporary_;
  const fs::path root_ = fs::canonical(temporary_.path());
  const fs::path before_ = fs::current_path();
};

// A program opened "data" and then changed its working directory. Its next segments and its
// manifest went into the "data" that was there, over those of another store; its own reopened
// without what had been acknowledged.
TEST_F(OpenTest, RelativePathIsResolvedOnce) {
  for (const KeyDirectoryKind keydir : {KeyDirectoryKind::memory, KeyDirectoryKind::disk}) {
    const std::string kind = keydir == KeyDirectoryKind::disk ? "disk" : "memory";
    fs::current_path(directory("other " + kind));
    auto other = *open("data", keydir);
    for (const char* key : {"1", "2", "3"}) ASSERT_TRUE(put(*other, key).ok());
    ASSERT_TRUE(other->close().ok());
    fs::current_path(directory("own " + kind));
    auto own = *open("data//", keydir);
    fs::current_path(root_ / ("other " + kind));
    for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(put(*own, key).ok());
    ASSERT_TRUE(own->close().ok());

    other = *open("data");
    for (const char* key : {"1", "2", "3"}) EXPECT_TRUE(has(*other, key));
    EXPECT_FALSE(has(*other, "a"));
    own = *open(root_ / ("own " + kind) / "data");
    for (const char* key : {"a", "b", "c"}) EXPECT_TRUE(has(*own, key));
  }
}

// The same with a link that leads elsewhere by then, as when a new version is switched to.
TEST_F(OpenTest, SymbolicLinkIsFollowedOnce) {
  const fs::path first = directory("first");
  const fs::path second = directory("second");
  fs::create_directory_symlink(first, root_ / "link");
  auto store = *open(root_ / "link");
  fs::remove(root_ / "link");
  fs::create_directory_symlink(second, root_ / "link");
  for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(put(*store, key).ok());
  ASSERT_TRUE(store->close().ok());
  EXPECT_TRUE(fs::is_empty(second));
  store = *open(first);
  EXPECT_TRUE(has(*store, "c"));
}

// The directory of an open store was moved away. A delete answered `not_found`, as if the key were
// not there.
TEST_F(OpenTest, MissingFileIsNotAnAbsentKey) {
  const fs::path data = directory("data");
  auto store = *open(data);
  ASSERT_TRUE(put(*store, "a").ok());
  fs::rename(data, root_ / "moved");
  const Status erased = store->remove(as_bytes("b"), Durability::os);
  EXPECT_TRUE(erased.is(Code::not_found)) << "there is none, whatever the files do";
  const Status stored = put(*store, "b");
  EXPECT_TRUE(stored.is(Code::io)) << code_name(stored.code());
  EXPECT_NE(stored.message().find(data.string()), std::string_view::npos) << stored.message();
  const auto go_on = [](uint64_t, uint64_t) { return Status(); };
  EXPECT_TRUE(store->verify(go_on).is(Code::io));
  EXPECT_TRUE(store->close().is(Code::io));
  EXPECT_TRUE(has(**open(root_ / "moved"), "a"));
}

// A backup was put in the place of the directory while a process still had the store open. That
// made its segments under the names of those which a new process had written, and acknowledged.
TEST_F(OpenTest, ReplacedDirectoryIsNotWrittenTo) {
  for (const KeyDirectoryKind keydir : {KeyDirectoryKind::memory, KeyDirectoryKind::disk}) {
    const std::string kind = keydir == KeyDirectoryKind::disk ? "disk" : "memory";
    const fs::path data = directory("data " + kind);
    auto old = *open(data, keydir);
    ASSERT_TRUE(put(*old, "a").ok());
    ASSERT_TRUE(old->close().ok());
    fs::copy(data, root_ / ("backup " + kind), fs::copy_options::recursive);
    old = *open(data);
    ASSERT_TRUE(put(*old, "b").ok());
    fs::rename(data, root_ / ("moved " + kind));
    fs::rename(root_ / ("backup " + kind), data);
    auto store = *open(data);
    for (const char* key : {"1", "2", "3"}) ASSERT_TRUE(put(*store, key).ok());
    EXPECT_TRUE(put(*old, "c").is(Code::io));
    if (keydir == KeyDirectoryKind::disk) {
      EXPECT_TRUE(old->checkpoint().is(Code::io));
    }
    EXPECT_TRUE(old->close().is(Code::io));
    ASSERT_TRUE(store->close().ok());
    store = *open(data);
    for (const char* key : {"a", "1", "2", "3"}) EXPECT_TRUE(has(*store, key)) << key;
    old = *open(root_ / ("moved " + kind));
    for (const char* key : {"a", "b"}) EXPECT_TRUE(has(*old, key)) << key;
    EXPECT_FALSE(has(*old, "1"));
  }
}

// A wrong path, /etc, became a store, with its files among those of the system.
TEST_F(OpenTest, NewStoreIsNotCreatedAmongOtherFiles) {
  const fs::path data = directory("data");
  for (const char* name : {"notes", ".hidden", "notes.new", "KEYS"}) {
    std::ofstream(data / name) << "text";
    const Status status = open(data).status();
    EXPECT_TRUE(status.is(Code::invalid_argument)) << name;
    EXPECT_NE(status.message().find(name), std::string::npos) << status.message();
    fs::remove(data / name);
    EXPECT_TRUE(fs::is_empty(data)) << name;
  }
  fs::create_directory(data / "directory");
  EXPECT_TRUE(open(data).status().is(Code::invalid_argument));
  fs::remove(data / "directory");
}

TEST_F(OpenTest, NewStoreIsCreatedBesideWhatIsNobodys) {
  const fs::path data = directory("data");
  fs::create_directory(data / "lost+found");
  // What a process leaves that dies while it creates a store.
  for (const std::string& name : {std::string(lock_name), std::string("MANIFEST.new")})
    std::ofstream(data / name) << "text";
  const auto opened = open(data);
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  EXPECT_TRUE(put(**opened, "a").ok());
}

TEST_F(OpenTest, DanglingManifestLinkIsAnError) {
  const fs::path data = directory("data");
  ASSERT_TRUE((*open(data))->close().ok());
  fs::remove(data / manifest_name);
  fs::create_symlink("nowhere", data / manifest_name);
  EXPECT_TRUE(open(data).status().is(Code::io));
}

// Every file `*.new` was removed, whoever had made it, and a directory of such a name kept the
// store from opening.
TEST_F(OpenTest, OnlyOwnUnfinishedFilesAreRemoved) {
  const fs::path data = directory("data");
  ASSERT_TRUE((*open(data))->close().ok());
  const std::string unfinished = segment_name(7) + std::string(unfinished_suffix);
  for (const std::string& name : {std::string("notes.new"), unfinished})
    std::ofstream(data / name) << "text";
  directory("data/directory.new");
  const auto opened = open(data);
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  EXPECT_TRUE(fs::exists(data / "notes.new"));
  EXPECT_TRUE(fs::exists(data / "directory.new"));
  EXPECT_FALSE(fs::exists(data / unfinished));
}

}  // namespace
}  // namespace stave::store

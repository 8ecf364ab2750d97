// Golden stores: what format 2 wrote once opens for ever, and a store of format 1 is refused with
// the answer that helps.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "core/os/posix_file_system.h"
#include "core/os/testing/temporary_directory.h"
#include "tests/support/store_access.h"

namespace stave::test {
namespace {

namespace fs = std::filesystem;
using store::Store;

// Each of the stores was made with two shards and segments of 4 KiB by these calls: put color=blue,
// color=green, empty=""; a batch that puts a=1 and b=2; remove empty.
const Contents golden_contents = {{"a", "1"}, {"b", "2"}, {"color", "green"}};
constexpr uint64_t golden_version = 5;

class GoldenStore : public testing::TestWithParam<const char*> {
 protected:
  GoldenStore() { fs::copy(fs::path(STAVE_GOLDEN) / "store" / GetParam(), path_); }

  Result<std::unique_ptr<Store>> open(bool read_only) const {
    return Store::open(os::posix_file_system(), path_,
                       {.segment_size = 4096, .read_only = read_only, .create_if_missing = false});
  }
  // Without the lock, which is no part of the store.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(path_)) {
      if (entry.path().filename() == store::lock_name) continue;
      std::stringstream content;
      content << std::ifstream(entry.path(), std::ios::binary).rdbuf();
      files[entry.path().filename()] = content.str();
    }
    return files;
  }

  const os::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "store";
};

class GoldenFormat2 : public GoldenStore {};

TEST_P(GoldenFormat2, Opens) {
  const auto before = files();
  ASSERT_GE(before.size(), 2U);
  {
    const auto reader = open(true);
    ASSERT_TRUE(reader.ok()) << describe(reader.status());
    EXPECT_EQ((*reader)->stats().version, golden_version);
    EXPECT_EQ(difference(golden_contents, *read_all(**reader)), "");
    EXPECT_TRUE(verify(**reader).ok());
  }
  EXPECT_EQ(files(), before) << "reading has changed it";
  {
    const auto writer = open(false);
    ASSERT_TRUE(writer.ok()) << describe(writer.status());
    const bool was_killed = std::string_view(GetParam()).ends_with("killed");
    EXPECT_EQ((*writer)->stats().recovered, was_killed);
    EXPECT_EQ(difference(golden_contents, *read_all(**writer)), "");
    ASSERT_TRUE(put(**writer, "new", "value", store::Durability::device).ok());
    EXPECT_TRUE(verify(**writer).ok());
    ASSERT_TRUE((*writer)->close().ok());
  }
  const auto again = open(true);
  ASSERT_TRUE(again.ok()) << describe(again.status());
  Contents expected = golden_contents;
  expected["new"] = "value";
  EXPECT_EQ(difference(expected, *read_all(**again)), "");
  for (const auto& [key, value] : expected) EXPECT_EQ(*get(**again, key), value);
}

INSTANTIATE_TEST_SUITE_P(Stores, GoldenFormat2,
                         testing::Values("format_2_closed", "format_2_killed",
                                         "format_2_keydir_disk"),
                         [](const auto& store) { return std::string(store.param); });

class GoldenFormat1 : public GoldenStore {};

TEST_P(GoldenFormat1, IsRefusedWithAdvice) {
  const auto before = files();
  ASSERT_GE(before.size(), 2U);
  for (const bool read_only : {true, false}) {
    const Status opened = open(read_only).status();
    EXPECT_TRUE(opened.is(Code::unsupported_version)) << describe(opened);
    const std::string message(opened.message());
    for (const char* part : {"file format 1", "`stave dump` of the release that wrote the store",
                             "`stave load` of this one into a new store"})
      EXPECT_NE(message.find(part), std::string::npos) << message;
  }
  EXPECT_EQ(files(), before) << "the refused store was changed";
}

INSTANTIATE_TEST_SUITE_P(Stores, GoldenFormat1,
                         testing::Values("format_1_closed", "format_1_keydir_disk"),
                         [](const auto& store) { return std::string(store.param); });

}  // namespace
}  // namespace stave::test

// Opening a log in which a later library has written what this one reads and cannot keep: it is
// refused, and nothing is changed.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/os/file_io.h"
#include "core/os/testing/simulated_file_system.h"
#include "core/store/store.h"

namespace stave::store {
namespace {

constexpr const char* directory = "/s";

class UnsupportedTest : public ::testing::TestWithParam<KeyDirectoryKind> {
 protected:
  // A store with one commit, whose process was killed.
  UnsupportedTest() {
    std::unique_ptr<Store> store = *open(false);
    EXPECT_TRUE(store->put(as_bytes("a"), as_bytes("1"), WriteMode::put, Durability::device).ok());
    std::unique_ptr<os::SimulatedFileSystem> image = files_->kill_image();
    store.reset();
    files_ = std::move(image);
    store_id_ = read_manifest(*files_, directory)->store_id;
  }

  Result<std::unique_ptr<Store>> open(bool read_only) {
    return Store::open(*files_, directory,
                       {.segment_size = 65536, .read_only = read_only, .keydir = GetParam()});
  }
  std::map<std::string, std::string> content() {
    std::map<std::string, std::string> content;
    const std::vector<std::string> names = *files_->list(directory);
    for (const std::string& name : names)
      if (name != lock_name)
        content[name] =
            *os::read_small_file(*files_, os::join_path(directory, name), size_t{1} << 30);
    return content;
  }
  static std::vector<std::byte> encoded(const RecordFields& fields, uint64_t seed) {
    std::vector<std::byte> bytes(
        padded(record_size(fields.key.size(), fields.value.size(), fields.flags())));
    encode_record(bytes.data(), fields, seed);
    return bytes;
  }
  // Commit 2, at the end of the log.
  void append(const RecordFields& fields) {
    constexpr uint64_t offset = segment_header_size + padded(record_size(1, 1));
    const std::string path = os::join_path(directory, segment_name(1));
    const auto file = *files_->open(path, os::OpenMode::read_write);
    const auto bytes = encoded(fields, segment_seed(store_id_, 1) + offset);
    ASSERT_TRUE(os::write_all(*file, path, offset, bytes).ok());
  }
  void expect_refusal() {
    const auto before = content();
    for (const bool read_only : {true, false}) {
      const Status status = open(read_only).status();
      EXPECT_TRUE(status.is(Code::unsupported_version)) << status.message();
      EXPECT_NE(status.message().find("segment"), std::string_view::npos) << status.message();
    }
    EXPECT_EQ(content(), before);
  }

  std::unique_ptr<os::SimulatedFileSystem> files_ = std::make_unique<os::SimulatedFileSystem>(1);
  StoreId store_id_{};
};

RecordFields commit_of(RecordKind kind, uint32_t namespace_id, uint64_t expires_at) {
  return {.lsn = 2,
          .durable_lag = durable_lag_unknown,
          .kind = kind,
          .member = false,
          .key = as_bytes("b"),
          .value = {},
          .namespace_id = namespace_id,
          .expires_at = expires_at};
}

TEST_P(UnsupportedTest, KnownCommitIsRecovered) {
  append(commit_of(RecordKind::put, 0, 0));
  const auto store = open(false);
  ASSERT_TRUE(store.ok()) << store.status().message();
  EXPECT_TRUE((*store)->contains(as_bytes("b")).ok());
}

// Without namespaces its key would be taken for one of the store itself.
TEST_P(UnsupportedTest, RecordOfNamespaceIsRefused) {
  for (const RecordKind kind : {RecordKind::put, RecordKind::remove, RecordKind::namespace_create,
                                RecordKind::namespace_drop}) {
    append(commit_of(kind, 1, 0));
    expect_refusal();
  }
}

// It would be shown for ever.
// No segment names a relocated one as its predecessor, so it was removed as the remains of an
// earlier recovery.
TEST_P(UnsupportedTest, RelocatedSegmentIsRefused) {
  RecordFields fields = commit_of(RecordKind::put, 0, 0);
  fields.lsn = 1;
  const auto record = encoded(fields, segment_seed(store_id_, 2) + segment_header_size);
  const SegmentHeaderBytes header =
      encode_segment_header({.kind = SegmentKind::relocated,
                             .store_id = store_id_,
                             .generation = 2,
                             .base_lsn = 1,
                             .end = segment_header_size + record.size()});
  std::vector<std::byte> bytes(header.begin(), header.end());
  bytes.insert(bytes.end(), record.begin(), record.end());
  ASSERT_TRUE(os::replace_file(*files_, directory, segment_name(2), bytes).ok());
  expect_refusal();
}

INSTANTIATE_TEST_SUITE_P(KeyDirectories, UnsupportedTest,
                         testing::Values(KeyDirectoryKind::memory, KeyDirectoryKind::disk),
                         [](const auto& kind) {
                           return std::string(kind.param == KeyDirectoryKind::disk ? "disk"
                                                                                   : "memory");
                         });

}  // namespace
}  // namespace stave::store

// What tests of the store share.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/os/testing/simulated_file_system.h"
#include "core/store/store.h"

namespace stave::store {

// The key's value; nothing when it is absent.
inline std::optional<std::string> value_of(Store& store, const std::string& key) {
  std::string value;
  const Status status = store.get(as_bytes(key), [&value](size_t size) {
    value.resize(size);
    return MutableBytes(reinterpret_cast<std::byte*>(value.data()), size);
  });
  if (status.is(Code::not_found)) return {};
  EXPECT_TRUE(status.ok()) << status.message();
  return value;
}

// A store on a simulated disk, in which nothing happens beside the test's calls.
class StoreTest : public ::testing::TestWithParam<KeyDirectoryKind> {
 protected:
  explicit StoreTest(Options options = {.shards = 4}) : options_(options) {
    options_.segment_size = 1 << 16;
    options_.keydir = GetParam();
    options_.background = false;
    open();
  }

  void open() {
    auto store = Store::open(disk_, "/store", options_);
    ASSERT_TRUE(store) << store.status().message();
    store_ = *std::move(store);
  }
  void reopen() {
    ASSERT_TRUE(store_->close().ok());
    store_.reset();
    open();
  }
  void put(const std::string& key, const std::string& value,
           const WriteOptions& options = Durability::os) {
    ASSERT_TRUE(store_->put(as_bytes(key), as_bytes(value), WriteMode::put, options).ok());
  }
  // "key0" to "v0", and so on.
  void put_numbers(int count) {
    for (int i = 0; i < count; i++) put("key" + std::to_string(i), "v" + std::to_string(i));
  }
  std::optional<std::string> get(const std::string& key) { return value_of(*store_, key); }

  Options options_;
  os::SimulatedFileSystem disk_;
  std::unique_ptr<Store> store_;
};

inline auto every_keydir() {
  return ::testing::Values(KeyDirectoryKind::memory, KeyDirectoryKind::disk);
}
inline std::string keydir_name(const ::testing::TestParamInfo<KeyDirectoryKind>& info) {
  return info.param == KeyDirectoryKind::disk ? "disk" : "memory";
}

// Every combination of where the key directory is and how records are read.
inline auto every_keydir_and_io() {
  return ::testing::Combine(::testing::Values(KeyDirectoryKind::memory, KeyDirectoryKind::disk),
                            ::testing::Values(ReadIo::mmap, ReadIo::buffered));
}

}  // namespace stave::store

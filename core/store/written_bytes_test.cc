// What the kernel writes to the device for the log, as it counts it for the process.
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>

#include "core/os/posix_file_system.h"
#include "core/os/testing/temporary_directory.h"
#include "core/store/store.h"

namespace stave::store {
namespace {

// Of pages that have become dirty; 0 where the kernel does not say.
uint64_t written_bytes() {
  std::ifstream lines("/proc/self/io");
  for (std::string name; lines >> name;) {
    uint64_t value = 0;
    lines >> value;
    if (name == "write_bytes:") return value;
  }
  return 0;
}

// ext4 keeps pages that a process stores into in a row as one folio, of 16 KiB and later of more. A
// sync writes dirty folios whole: for commits of 22 KB the device got 200 KiB each. The log finds
// out that its syncs are small.
TEST(WrittenBytes, SyncedPutWritesItsPagesOnly) {
  constexpr uint64_t value_size = 22'000;
  const std::string value(value_size, 'v');
  const os::TemporaryDirectory directory;
  auto opened = Store::open(os::posix_file_system(), directory.path(), {.io = ReadIo::mmap});
  ASSERT_TRUE(opened) << opened.status().message();
  const std::unique_ptr<Store> store = *std::move(opened);
  const auto put = [&](uint64_t number) {
    const std::string key = "key " + std::to_string(number);
    ASSERT_TRUE(
        store->put(as_bytes(key), as_bytes(value), WriteMode::put, Durability::device).ok());
  };
  constexpr uint64_t first = 1000;  // the folios grow meanwhile
  constexpr uint64_t counted = 200;
  for (uint64_t i = 0; i < first; i++) put(i);
  const uint64_t before = written_bytes();
  for (uint64_t i = first; i < first + counted; i++) put(i);
  const uint64_t written = written_bytes() - before;
  if (written == 0) GTEST_SKIP() << "this kernel, or this file system, does not count them";
  EXPECT_LT(written, counted * (value_size + 3 * 4096));
  ASSERT_TRUE(store->close().ok());
}

}  // namespace
}  // namespace stave::store

// What the kernel writes to the device for the log, as it counts it for the process.
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>

#include "core/os/posix_file_system.h"
#include "core/os/temporary_directory.h"
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

Status put(Store& store, uint64_t number, Durability durability) {
  const std::string key = "key " + std::to_string(number);
  return store.put(as_bytes(key), as_bytes(std::string(100, 'v')), PutMode::always, durability);
}

// ext4 keeps pages that a process stores into in a row as one folio, of 16 KiB and later of 64. A
// sync writes dirty folios whole: for a commit of 150 bytes the device got 50 KiB.
TEST(WrittenBytes, ASyncedPutWritesAPageOrTwo) {
  const os::TemporaryDirectory directory;
  auto opened = Store::open(os::posix_file_system(), directory.path(),
                            {.durability = Durability::device, .io = ReadIo::mmap});
  ASSERT_TRUE(opened) << opened.status().message();
  const std::unique_ptr<Store> store = *std::move(opened);
  // Further on in the file they are larger.
  constexpr uint64_t unsynced = 200'000;
  for (uint64_t i = 0; i < unsynced; i++) ASSERT_TRUE(put(*store, i, Durability::os).ok());
  ASSERT_TRUE(store->sync().ok());
  const uint64_t before = written_bytes();
  constexpr uint64_t synced = 200;
  for (uint64_t i = 0; i < synced; i++)
    ASSERT_TRUE(put(*store, unsynced + i, Durability::device).ok());
  const uint64_t written = written_bytes() - before;
  if (written == 0) GTEST_SKIP() << "this kernel, or this file system, does not count them";
  EXPECT_LT(written, synced * 2 * 4096);
  ASSERT_TRUE(store->close().ok());
}

}  // namespace
}  // namespace stave::store

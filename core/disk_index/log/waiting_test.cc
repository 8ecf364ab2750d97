// What keeps a put from waiting for the system: pages that others' growth of the file does not
// withhold, memory that is ready, and pauses that make the room last.
#include <gtest/gtest.h>

#include <algorithm>
#include <latch>
#include <thread>
#include <vector>

#include "core/disk_index/log/delta.h"
#include "core/disk_index/log/pacing.h"
#include "core/disk_index/log/redo_log.h"
#include "core/disk_index/pages/page_stock.h"
#include "core/os/testing/forwarding_file.h"
#include "core/os/testing/simulated_file_system.h"

namespace stave::disk_index {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// A file whose growth lasts until it is told to end.
class SlowFile final : public os::ForwardingFile {
 public:
  struct Gate {
    std::latch entered{1};
    std::latch opened{1};
  };
  SlowFile(std::unique_ptr<os::File> file, Gate& gate)
      : ForwardingFile(std::move(file)), gate_(gate) {}

  Status allocate(uint64_t size) override {
    gate_.entered.count_down();
    gate_.opened.wait();
    return ForwardingFile::allocate(size);
  }

 private:
  Gate& gate_;
};

constexpr uint64_t first_pages = 8;

class Waiting : public testing::Test {
 protected:
  // A file of first_pages, of which the first two are used.
  std::shared_ptr<PageFile> make_file(SlowFile::Gate& gate) {
    auto opened = disk_.open("/x", os::OpenMode::create_new);
    EXPECT_TRUE(opened.ok() && (*opened)->allocate(page_size * first_pages).ok());
    auto slow = std::make_unique<SlowFile>(*std::move(opened), gate);
    auto file = *PageFile::map(std::move(slow), "/x", first_pages, true);
    EXPECT_TRUE(file->set_used({{0, 2}}).ok());
    return file;
  }
  // One that has room for a log and does not wait at the gate.
  std::shared_ptr<PageFile> make_roomy_file(SlowFile::Gate& gate) {
    gate.opened.count_down();
    auto file = make_file(gate);
    EXPECT_TRUE(file->reserve(10000).ok());
    return file;
  }

  os::SimulatedFileSystem disk_;
};

// Once a put that wanted three free pages waited for 109 ms because the merger made the file
// larger: both wanted the mutex that was held meanwhile.
TEST_F(Waiting, FreePagesAreHadWhileTheFileGrows) {
  SlowFile::Gate gate;
  const auto file = make_file(gate);
  std::thread merger([&] { EXPECT_TRUE(file->allocate(100).ok()); });
  gate.entered.wait();
  EXPECT_EQ(*file->allocate(3), 2u);
  EXPECT_EQ(file->size_pages(), first_pages);
  EXPECT_EQ(file->free_pages(), 3u);
  file->free({2, 3});
  gate.opened.count_down();
  merger.join();
  EXPECT_GE(file->size_pages(), 100u);
}

// Who waits for growth takes what was freed meanwhile.
TEST_F(Waiting, GrowersTakeTurnsAndGrowNoMoreThanIsNeeded) {
  SlowFile::Gate gate;
  const auto file = make_file(gate);
  std::vector<std::thread> growers;
  std::vector<uint64_t> pages(8);
  for (uint64_t& page : pages) growers.emplace_back([&] { page = *file->allocate(50); });
  gate.entered.wait();
  gate.opened.count_down();
  for (std::thread& grower : growers) grower.join();
  std::sort(pages.begin(), pages.end());
  for (size_t i = 1; i < pages.size(); i++) EXPECT_GE(pages[i], pages[i - 1] + 50);
  EXPECT_LE(file->size_pages(), first_pages + pages.size() * 50);
}

TEST_F(Waiting, PagesSetAsideAreTakenWhileTheFileGrows) {
  SlowFile::Gate gate;
  const auto file = make_file(gate);
  PageStock stock(file, 3);
  EXPECT_FALSE(stock.take());
  EXPECT_FALSE(stock.is_low()) << "nothing was wanted yet";
  stock.fill(6);
  EXPECT_EQ(file->free_pages(), 0u);
  std::thread merger([&] { stock.fill(30); });
  gate.entered.wait();
  ASSERT_TRUE(stock.take());
  ASSERT_TRUE(stock.take());
  EXPECT_FALSE(stock.take());
  EXPECT_TRUE(stock.is_low());
  gate.opened.count_down();
  merger.join();
  EXPECT_FALSE(stock.is_low());
  const uint64_t free_before = file->free_pages();
  stock.give_back();
  EXPECT_EQ(file->free_pages(), free_before + 30);
  EXPECT_FALSE(stock.take());
}

TEST_F(Waiting, LeftRunIsContinuedInAnother) {
  SlowFile::Gate gate;
  const auto file = make_roomy_file(gate);
  RedoLog log(disk_, file, 8);
  const std::vector<std::byte> record(8, std::byte{7});
  ASSERT_TRUE(log.begin_chunk().ok());
  const LogChunk first = log.chunk();
  for (uint64_t i = 0; i < 10; i++) log.append(LogKind::put, {i, i}, record);
  const uint64_t free_before = file->free_pages();
  log.leave_run();
  EXPECT_GT(file->free_pages(), free_before) << "chunks that were not begun are free again";
  EXPECT_TRUE(log.needs_chunk());
  ASSERT_TRUE(log.begin_chunk().ok());
  for (uint64_t i = 10; i < 15; i++) log.append(LogKind::put, {i, i}, record);
  auto reread = *disk_.open("/x", os::OpenMode::read_only);
  const auto contents = read_log(*reread, "/x", first, 8, file->size_pages());
  ASSERT_TRUE(contents.ok());
  ASSERT_EQ(contents->chunks.size(), 2u);
  EXPECT_EQ(contents->chunks[0].operations, 10u);
  EXPECT_EQ(contents->chunks[1].operations, 5u);
}

// What is made ready is dirty: a sync writes it, although nothing was stored there.
TEST_F(Waiting, RunThatTheSyncWouldWriteIsLeft) {
  SlowFile::Gate gate;
  const auto file = make_roomy_file(gate);
  RedoLog log(disk_, file, 24);
  ASSERT_TRUE(log.begin_chunk().ok());
  log.leave_run();
  EXPECT_TRUE(log.needs_chunk()) << "made ready";
  ASSERT_TRUE(log.begin_chunk().ok());
  log.leave_run();
  EXPECT_FALSE(log.needs_chunk()) << "untouched: saves without changes in between take no pages";
}

TEST(Delta, IsReadyAfterItsParts) {
  Delta delta({1000, 2000}, 24);
  EXPECT_FALSE(delta.is_ready());
  for (int part = 0; part < 3; part++) delta.make_part_ready(3);
  EXPECT_TRUE(delta.is_ready());
  delta.make_part_ready(3);
  EXPECT_TRUE(delta.is_ready());
}

TEST(DeltaTable, IsTheSameWhenItsMemoryIsReady) {
  DeltaTable<> table(12, 100);
  const auto none = [](uint32_t) { return false; };
  for (uint32_t i = 0; i < 3000; i++) table.put(uint64_t{i} << 51, i, none);
  table.make_ready(0, table.pages() + 1);
  uint32_t found = 0;
  table.for_range(0, UINT64_MAX, [&](uint32_t number) { found += number < 3000 ? 1 : 0; });
  EXPECT_EQ(found, 3000u);
}

// A writer of a chunk of 100 operations in `work`, and a pass of `pass`: how many operations it has
// made when the pass ends.
uint64_t operations_in_pass(microseconds work, milliseconds pass, uint64_t limit) {
  Pacing pacing;
  Pacing::Time now{milliseconds(1000)};
  const Pacing::Time end = now + pass;
  pacing.begin_pass(now);
  uint64_t made = 0;
  while (now < end && made < limit) {
    const double merged = 1 - std::chrono::duration<double>(end - now) / pass;
    const auto pause = pacing.before_chunk({limit, limit - made, merged}, 100, now);
    EXPECT_LE(pause, Pacing::pause_max);
    EXPECT_TRUE(pause == Pacing::no_pause || pause >= Pacing::pause_min);
    now += pause + work;
    made += 100;
  }
  EXPECT_LE(now, end + Pacing::pause_max + work)
      << "the writer was held up for longer than the pass";
  return made;
}

TEST(Pacing, MakesTheRoomLastUntilThePassIsDone) {
  // A third of what the writer would make otherwise, half, nearly all.
  for (const uint64_t limit : {100'000u, 150'000u, 280'000u}) {
    const uint64_t made = operations_in_pass(microseconds(100), milliseconds(300), limit);
    EXPECT_LT(made, limit) << limit;
    EXPECT_GT(made, limit * 8 / 10) << limit;
  }
}

TEST(Pacing, DoesNotPauseSlowWriters) {
  EXPECT_EQ(operations_in_pass(microseconds(100), milliseconds(300), 2'000'000), 300'000u);
}

TEST(Pacing, RoomIsScarceBelowA32nd) {
  EXPECT_FALSE(Pacing::is_scarce(3200, 100));
  EXPECT_TRUE(Pacing::is_scarce(3200, 99));
  EXPECT_FALSE(Pacing::is_scarce(16, 0)) << "a delta for tests";
}

// One of the threads stays awake, the others sleep.
TEST(Pacing, WaitsAtLeastThePause) {
  const auto wait = [] {
    const Pacing::Time begin = Pacing::Clock::now();
    for (int i = 0; i < 10; i++) Pacing::wait(Pacing::pause_min);
    EXPECT_GE(Pacing::Clock::now() - begin, 10 * Pacing::pause_min);
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; i++) threads.emplace_back(wait);
  for (std::thread& thread : threads) thread.join();
  wait();
}

}  // namespace
}  // namespace stave::disk_index

// The active segment without a log around it.
#include "core/store/log/appender.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "core/os/posix_file_system.h"
#include "core/os/testing/temporary_directory.h"

namespace stave::store {
namespace {

constexpr uint64_t page_size = Appender::page_size;

class AppenderTest : public ::testing::Test {
 protected:
  std::unique_ptr<Appender> create(uint64_t segment_size) {
    bool name_taken = false;
    auto appender = Appender::create(os::posix_file_system(), directory_.path(),
                                     {.store_id = {}, .generation = 1, .base_lsn = 1}, segment_size,
                                     160, false, &name_taken);
    EXPECT_TRUE(appender) << appender.status().message();
    return *std::move(appender);
  }

  const os::TemporaryDirectory directory_;
};

// Takes bytes and prefaults as the log does.
TEST_F(AppenderTest, PagesArePrefaultedBeforeTheyAreFilled) {
  constexpr uint64_t unsynced_min = 1 << 20;
  constexpr uint64_t size = 144;
  const std::unique_ptr<Appender> appender = create(4 << 20);
  uint64_t ready = 0;
  uint64_t times = 0;
  for (;;) {
    const Result<Appender::Fit> fit = appender->ensure_space(size, false);
    ASSERT_TRUE(fit);
    if (*fit != Appender::Fit::fits) break;
    const uint64_t end = appender->take(size) + size;
    if (times > 0 && ready < appender->mapping()->size() - page_size) {
      EXPECT_LE(end, ready);
    }
    if (!appender->is_prefault_due()) continue;
    EXPECT_GE(end, unsynced_min);
    const Appender::Range range = appender->take_prefault();
    if (range.size == 0) continue;
    times++;
    EXPECT_EQ(range.offset % page_size, 0U);
    EXPECT_EQ(range.size % page_size, 0U);
    EXPECT_GE(range.offset, ready);
    ready = range.offset + range.size;
    // A store after the end of the file would be SIGBUS.
    EXPECT_LE(ready, appender->segment()->file_size());
    appender->mapping()->expect_stores(range.offset, range.size);
  }
  EXPECT_GT(times, 30U);
  // The next sync writes these pages for nothing.
  EXPECT_LE(ready, appender->end() + (128 << 10));
}

// A frame that shares its only page with another has none to prefault.
TEST_F(AppenderTest, FrameOfSeveralPagesIsPrefaulted) {
  const std::unique_ptr<Appender> appender = create(4 << 20);
  ASSERT_TRUE(appender->ensure_space(100'000, false));
  const uint64_t first = appender->take(10'000);
  const Appender::Range of_first = appender->take_prefault_of(first, 10'000);
  EXPECT_EQ(of_first.offset, 0U);
  EXPECT_EQ(of_first.size, 3 * page_size);
  const uint64_t small = appender->take(144);
  EXPECT_EQ(appender->take_prefault_of(small, 144).size, 0U);
  const uint64_t second = appender->take(20'000);
  const Appender::Range of_second = appender->take_prefault_of(second, 20'000);
  EXPECT_EQ(of_second.offset, 3 * page_size);
  EXPECT_GE(of_second.offset + of_second.size, appender->end());
  EXPECT_LE(of_second.offset + of_second.size, appender->segment()->file_size());
}

// The next sync writes prefaulted pages, so they pay only when much is appended between two syncs.
TEST_F(AppenderTest, SmallSyncsWriteNoPrefaultedPages) {
  const std::unique_ptr<Appender> appender = create(4 << 20);
  for (uint64_t unsynced = 0; *appender->ensure_space(144, false) == Appender::Fit::fits;) {
    appender->take(144);
    unsynced += 144;
    EXPECT_FALSE(appender->is_prefault_due());
    EXPECT_EQ(appender->take_prefault().size, 0U);
    if (unsynced < 1'000'000) continue;
    EXPECT_EQ(appender->note_sync(), unsynced);
    unsynced = 0;
  }
  EXPECT_GT(appender->end(), 3U << 20);
}

}  // namespace
}  // namespace stave::store

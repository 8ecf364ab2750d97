#include "core/sync/background.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "core/sync/epoch.h"

namespace stave::sync {
namespace {

struct CountedTask final : Background::Task {
  std::atomic<uint64_t> runs{0};
  std::atomic<uint64_t> more{0};  // how often it answers true
  bool run() noexcept override {
    runs++;
    if (more == 0) return false;
    more--;
    return true;
  }
};

// Waits for as long as a slow machine may take.
template <typename Condition>
bool comes_true(Condition condition) {
  for (int i = 0; i < 6000 && !condition(); i++) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return condition();
}

size_t threads_of_this_process() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    count++;
  }
  return count;
}

TEST(Background, RunsWhenWokenAndEndsWithTheLastTask) {
  // A sanitizer starts a thread of its own with the first one of the program.
  std::thread([] {}).join();
  const size_t before = threads_of_this_process();
  CountedTask first;
  CountedTask second;
  Background::add(first);
  Background::add(second);
  EXPECT_EQ(threads_of_this_process(), before);
  first.more = 5;
  Background::wake();
  EXPECT_TRUE(comes_true([&] { return first.runs >= 6 && second.runs >= 1; }));
  EXPECT_EQ(threads_of_this_process(), before + 1);
  Background::remove(first);
  const uint64_t runs = first.runs;
  Background::wake();
  const uint64_t others = second.runs;
  EXPECT_TRUE(comes_true([&] { return second.runs > others; }));
  EXPECT_EQ(first.runs, runs);
  Background::remove(second);
  EXPECT_EQ(threads_of_this_process(), before);
}

TEST(Background, EveryWakeIsFollowedByARun) {
  CountedTask task;
  Background::add(task);
  for (int i = 0; i < 5; i++) {
    const uint64_t before = task.runs;
    Background::wake();
    ASSERT_TRUE(comes_true([&] { return task.runs > before; })) << i;
    // From right after a run to long after it.
    std::this_thread::sleep_for(std::chrono::milliseconds(120 * i));
  }
  Background::remove(task);
}

TEST(Background, ReclaimsRetiredObjects) {
  CountedTask task;
  Background::add(task);
  for (int i = 0; i < 10; i++) EpochRegistry::retire(new Retired);
  Background::wake();
  EXPECT_TRUE(comes_true([] { return EpochRegistry::waiting() == 0; }));
  Background::remove(task);
}

TEST(Background, ATaskThatAlwaysHasMoreCanBeRemoved) {
  CountedTask task;
  task.more = UINT64_MAX;
  Background::add(task);
  Background::wake();
  EXPECT_TRUE(comes_true([&] { return task.runs > 10; }));
  Background::remove(task);
}

}  // namespace
}  // namespace stave::sync

// Hooks, and the visit of all records.
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/store/store.h"
#include "core/store/store_atomic.h"
#include "core/store/store_test_support.h"

namespace stave::store {
namespace {

using HooksTest = StoreTest;

TEST_P(HooksTest, HookSeesEveryChangeOnce) {
  put("before", "x");
  std::vector<std::string> seen;
  const auto hook = [&](const Event& event) -> Code {
    seen.push_back(std::string(as_text(event.key)) + (event.is_remove ? "-" : "=") +
                   std::string(as_text(event.value)) +
                   (event.old_value ? "/" + std::string(as_text(*event.old_value)) : "") + "@" +
                   std::to_string(event.version));
    // It is visible.
    EXPECT_EQ(get(std::string(as_text(event.key))).has_value(), !event.is_remove);
    return Code::ok;
  };
  ASSERT_TRUE(store_->add_hook(hook, true).ok());
  put("a", "1");
  put("a", "2");
  EXPECT_TRUE(store_->remove(as_bytes("a"), Durability::os).ok());
  EXPECT_TRUE(store_->remove(as_bytes("a"), Durability::os).is(Code::not_found));
  EXPECT_TRUE(
      store_
          ->atomic(
              as_bytes("ab"),
              [](Atomic& keys) { return keys.put(as_bytes("ab"), as_bytes("3"), WriteMode::put); },
              Durability::os, nullptr)
          .ok());
  EXPECT_EQ(seen, (std::vector<std::string>{"a=1@2", "a=2/1@3", "a-/2@4", "ab=3@5"}));
  seen.clear();
  EXPECT_TRUE(store_->visit_all(hook).ok());
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, (std::vector<std::string>{"ab=3@5", "before=x@1"}));
}

TEST_P(HooksTest, FailedHookLeavesTheChange) {
  int calls = 0;
  ASSERT_TRUE(store_->add_hook([](const Event&) -> Code { return Code::io; }, false).ok());
  ASSERT_TRUE(store_
                  ->add_hook(
                      [&](const Event&) -> Code {
                        calls++;
                        return Code::ok;
                      },
                      false)
                  .ok());
  EXPECT_TRUE(store_->put(as_bytes("a"), as_bytes("1"), WriteMode::put, Durability::os)
                  .is(Code::hook_failed));
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(calls, 1);
}

TEST_P(HooksTest, HooksComeInTheOrderOfTheVersions) {
  uint64_t last = 0;
  uint64_t calls = 0;
  std::mutex mutex;
  bool in_order = true;
  ASSERT_TRUE(store_
                  ->add_hook(
                      [&](const Event& event) -> Code {
                        const std::unique_lock lock(mutex, std::try_to_lock);
                        in_order &= lock.owns_lock() && event.version == last + 1;
                        last = event.version;
                        calls++;
                        return Code::ok;
                      },
                      false)
                  .ok());
  constexpr int threads_count = 8;
  constexpr int rounds = 200;
  std::vector<std::thread> threads;
  for (int t = 0; t < threads_count; t++)
    threads.emplace_back([this, t] {
      for (int i = 0; i < rounds; i++)
        put(std::to_string(t) + std::to_string(i % 7), "v",
            i % 5 == 0 ? Durability::device : Durability::os);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(in_order);
  EXPECT_EQ(calls, uint64_t{threads_count} * rounds);
}

INSTANTIATE_TEST_SUITE_P(, HooksTest, every_keydir(), keydir_name);

}  // namespace
}  // namespace stave::store

// Layer 6: every allocation fails, once and for ever. A call that has no memory has done nothing;
// bad_alloc may leave the core (the C interface makes it NO_MEMORY), a broken store may not.
#include <gtest/gtest.h>

#include <functional>
#include <new>
#include <optional>
#include <string>

#include "core/os/posix_file_system.h"
#include "core/os/testing/temporary_directory.h"
#include "tests/faults/failing_allocator.h"
#include "tests/support/ladder.h"
#include "tests/support/random.h"
#include "tests/support/store_access.h"

namespace stave::test {
namespace {

using store::Batch;
using store::Durability;
using store::Store;
using store::WriteMode;

constexpr const char* long_key = "a key that does not fit into a string without an allocation";

// One run of the scenario; the memory fails in its steps and nowhere else.
class AllocationRun {
 public:
  AllocationRun(store::ReadIo io, uint64_t first, bool forever) : first_(first), forever_(forever) {
    options_.io = io;
    options_.segment_size = 4096;
    options_.shards = 4;
  }

  void scenario();
  void check_afterwards();
  const std::string& problem() const noexcept { return problem_; }
  uint64_t allocations() const noexcept { return allocations_; }
  uint64_t failures() const noexcept { return failures_; }
  uint64_t no_memory() const noexcept { return no_memory_; }

 private:
  // True when the step succeeded; false when it had no memory. Anything else is a problem.
  bool step(const char* name, const std::function<Status()>& call);
  void open();
  void close();
  void write();
  void write_batch();
  void read();
  void note(const std::string& problem) {
    if (problem_.empty()) problem_ = problem;
  }

  os::TemporaryDirectory directory_{os::TemporaryDirectory::Where::memory};
  const std::string path_ = directory_ / "store";
  store::Options options_ = base_options();
  uint64_t first_;
  bool forever_;
  std::unique_ptr<Store> store_;
  Contents expected_;
  uint64_t allocations_ = 0;
  uint64_t failures_ = 0;
  uint64_t no_memory_ = 0;
  std::string problem_;
};

bool AllocationRun::step(const char* name, const std::function<Status()>& call) {
  if (!problem_.empty()) return false;
  Status status;
  {
    // The steps share one count: allocation `first_` of the whole scenario fails.
    const uint64_t left = first_ > allocations_ ? first_ - allocations_ : (forever_ ? 1 : 0);
    const FailingAllocations failing(left, forever_ && left > 0);
    try {
      status = call();
    } catch (const std::bad_alloc&) {
      status = Code::no_memory;
    }
    allocations_ += FailingAllocations::allocations();
    failures_ += FailingAllocations::failures();
  }
  if (!status.is_error()) return true;
  if (!status.is(Code::no_memory)) note(std::string(name) + ": " + describe(status));
  no_memory_++;
  return false;
}

void AllocationRun::open() {
  step("open", [&] {
    Result<std::unique_ptr<Store>> opened = Store::open(os::posix_file_system(), path_, options_);
    if (!opened.ok()) return opened.status();
    store_ = *std::move(opened);
    return Status();
  });
}

void AllocationRun::close() {
  if (store_) step("close", [&] { return store_->close(); });
  store_.reset();
}

void AllocationRun::write() {
  if (!store_) return;
  for (int i = 0; i < 12; i++) {
    const std::string key = long_key + std::to_string(i % 7);
    const std::string value = test_value(static_cast<uint64_t>(i), 700);
    const WriteMode mode = expected_.contains(key) ? WriteMode::replace : WriteMode::insert;
    if (step("put",
             [&] { return store_->put(as_bytes(key), as_bytes(value), mode, Durability::os); }))
      expected_[key] = value;
  }
  const std::string erased = long_key + std::to_string(3);
  if (step("delete", [&] { return erase(*store_, erased, Durability::device); }))
    expected_.erase(erased);
}

void AllocationRun::write_batch() {
  if (!store_) return;
  Contents after = expected_;
  Batch batch;
  for (int i = 0; i < 20; i++) {
    const std::string key = std::to_string(i) + long_key;
    const bool added = step("batch add", [&] {
      return batch.add(Batch::Kind::put, as_bytes(key), as_bytes(std::string_view("v")));
    });
    if (added) after[key] = "v";
  }
  if (step("write", [&] { return store_->write(batch, Durability::os, nullptr, nullptr); }))
    expected_ = after;
}

void AllocationRun::read() {
  if (!store_) return;
  for (const auto& [key, value] : expected_) {
    std::optional<std::string> got;
    step("get", [&, &key = key] {
      const Result<std::string> result = get_through_pin(*store_, key);
      if (result.ok()) got = *result;
      return result.status().is(Code::not_found) ? Status(Code::internal) : result.status();
    });
    if (got && *got != value) note("wrong value of " + test::quoted(key));
  }
  step("scan", [&] { return read_all(*store_).status(); });
  step("verify", [&] { return verify(*store_); });
}

void AllocationRun::scenario() {
  open();
  write();
  write_batch();
  read();
  close();
  open();
  write();
  read();
}

// The handle that lived through it works, and so does the store when it is opened again.
void AllocationRun::check_afterwards() {
  if (!problem_.empty()) return;
  first_ = UINT64_MAX;
  forever_ = false;
  for (const bool again : {false, true}) {
    if (!store_) open();
    if (!store_) return note("cannot be opened afterwards");
    const Result<Contents> found = read_all(*store_);
    if (!found.ok()) return note("scan afterwards: " + describe(found.status()));
    if (*found != expected_)
      return note(std::string(again ? "reopened: " : "afterwards: ") +
                  difference(expected_, *found));
    if (const Status status = verify(*store_); !status.ok())
      return note("verify afterwards: " + describe(status));
    write();
    if (again) close();
    store_.reset();
  }
}

TEST(StoreAllocations, FailWithoutHarm) {
  Random random(ladder_seed(20260603));
  uint64_t points = 0;
  uint64_t failures = 0;
  uint64_t no_memory = 0;
  for (const store::ReadIo io : {store::ReadIo::buffered, store::ReadIo::mmap}) {
    AllocationRun whole(io, UINT64_MAX, false);
    whole.scenario();
    ASSERT_EQ(whole.problem(), "");
    ASSERT_EQ(whole.no_memory(), 0U);
    for (uint64_t first = 1; first <= whole.allocations(); first++) {
      for (const bool forever : {false, true}) {
        if (random.below(100) >= scaled(100)) continue;
        AllocationRun run(io, first, forever);
        run.scenario();
        run.check_afterwards();
        ASSERT_EQ(run.problem(), "") << "allocation " << first << (forever ? " and all later" : "");
        points++;
        failures += run.failures();
        no_memory += run.no_memory();
      }
    }
  }
  report_counts(
      "faults, memory",
      {{"points", points}, {"allocations failed", failures}, {"calls without memory", no_memory}});
}

// The record for which there had been no memory was passed over: who made room and went on never
// saw it.
TEST(StoreAllocations, CursorReadsAgainAfterNoMemory) {
  const os::TemporaryDirectory directory(os::TemporaryDirectory::Where::memory);
  auto store = *Store::open(os::posix_file_system(), directory / "store", base_options());
  Contents expected;
  for (uint64_t i = 0; i < 20; i++) {
    const std::string key = long_key + std::string(2000, 'k') + std::to_string(i);
    expected[key] = test_value(i, 100 * i);
    ASSERT_TRUE(put(*store, key, expected[key], Durability::os).ok());
  }
  for (const bool keys_only : {false, true}) {
    for (uint64_t first = 1; first <= 8; first++) {
      const auto cursor = *store->open_cursor({}, keys_only);
      Contents found;
      uint64_t failures = 0;
      for (bool fails = true;; fails = !fails) {
        Status moved;
        {
          const FailingAllocations failing(fails ? first : 0, fails);
          try {
            moved = cursor->next();
          } catch (const std::bad_alloc&) {
            moved = Code::no_memory;
          }
          failures += FailingAllocations::failures();
        }
        if (moved.is(Code::done)) break;
        if (moved.is(Code::no_memory)) continue;
        ASSERT_TRUE(moved.ok()) << describe(moved);
        const std::string key(as_text(cursor->key()));
        EXPECT_TRUE(found.emplace(key, as_text(cursor->value())).second);
        if (keys_only) found[key] = expected[key];
      }
      EXPECT_EQ(difference(expected, found), "") << "allocation " << first;
      if (first == 1) {
        EXPECT_GT(failures, 0U);
      }
    }
  }
}

}  // namespace
}  // namespace stave::test

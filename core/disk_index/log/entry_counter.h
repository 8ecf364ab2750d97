// How many records an index has.
//
// A put does not look up whether its key is new, since that waits for memory. So what a put adds to
// the number stays open until size() is called, or until a merge has found out: it reads the
// segments' pages anyway.
//
//   1. count_ = entries in segments when the frozen delta's pass began + frozen_ + active_, the
//      sums of what the deltas' changes add.
//   2. A sum that is not `known` lacks something. active_ also lacks 1 for each key of recent_puts_
//      and older_puts_ that was absent before: before the recent changes, or before the delta.
//   3. is_counted_ says that nothing is lacking.
//
// Thread safety: size() from any thread, without locks. All else REQUIRES: writer lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/disk_index/state.h"

namespace stave::disk_index {

class EntryCounter {
 public:
  explicit EntryCounter(State& state);

  uint64_t size() noexcept;
  // The number as of the last count_all().
  uint64_t counted() const noexcept { return count_.load(std::memory_order_relaxed); }
  // Settles whatever is open.
  void count_all() noexcept;

  // A change added a record (1) or removed one (-1).
  void add(int64_t change) noexcept;
  // A put of a key without a recent change: operation `number` of the active delta.
  void note_blind_put(uint32_t number) noexcept;
  // Call before the active delta's recent changes are moved: for keys with an older change in the
  // delta, that change tells what the put added.
  void count_recent() noexcept;

  // The active delta holds operations that were found in the log.
  void delta_recovered() noexcept;
  // The active delta, without recent changes, has become the frozen one.
  void delta_began() noexcept;
  // The segments up to this hash hold the frozen delta's changes.
  void segment_merged(uint64_t last_hash) noexcept { merged_last_ = last_hash; }
  void pass_ended() noexcept;
  // The segments were replaced as a whole; there are no changes.
  void segments_replaced() noexcept;

  // How much of the pass is done, from 0 to 1.
  double merged_part() const noexcept {
    return static_cast<double>(merged_last_.value_or(0)) / 0x1p64;
  }

 private:
  // Puts that are remembered one by one; beyond that a count goes through the whole delta.
  static constexpr size_t older_puts_max = size_t{64} << 10;

  void update_is_counted() noexcept;
  bool was_there(const View& view, const Delta* delta, uint64_t hash,
                 const Key& key) const noexcept;
  int64_t sum_of(const View& view, const Delta& delta, const Delta* older,
                 uint64_t first) const noexcept;
  template <typename Prefetch, typename Visit>
  void for_keys(const std::vector<uint32_t>& numbers, Prefetch&& prefetch,
                Visit&& visit) const noexcept;

  State& state_;
  std::atomic<uint64_t> count_;  // relaxed: size() orders nothing
  std::atomic<bool> is_counted_{true};
  uint64_t base_ = 0;  // entries in segments when the frozen delta's pass began
  int64_t frozen_ = 0;
  int64_t active_ = 0;
  bool frozen_known_ = true;
  bool active_known_ = true;
  std::optional<uint64_t> merged_last_;  // the highest hash that the pass has merged
  // Numbers of operations in the active delta, never more than the vectors' capacity.
  std::vector<uint32_t> recent_puts_;
  std::vector<uint32_t> older_puts_;
};

}  // namespace stave::disk_index

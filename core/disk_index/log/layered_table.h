// Two tables of changes, of which readers see one: a small one that the newest changes go into, and
// behind it the large one that they are moved to, many at a time.
//
// A change put into a table of many megabytes waits for memory. In the small table, which stays in
// the processor's cache, it does not; and when many are moved at once, they wait together.
//
// Thread safety: as DeltaTable, and:
//   1. A change is in the large table before the small one that held it is replaced, and the small
//      one holds it until its last reader is done. So a reader, which takes the small table first
//      and loads it once, meets every change that was there when it began; for_range() may visit
//      one in both, the newer first.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "core/disk_index/log/delta_table.h"
#include "core/disk_index/log/lookahead.h"
#include "core/sync/epoch.h"

namespace stave::disk_index {

template <template <typename> class Atomic = std::atomic>
class LayeredTable {
 public:
  class Recent final : public sync::Retired {
   public:
    // 2^bits slots for at most `entries_max` keys, whatever their hashes.
    Recent(unsigned bits, uint32_t entries_max)
        : table_(bits, entries_max), entries_max_(entries_max) {}
    bool is_full() const noexcept { return entries_ == entries_max_; }

   private:
    friend class LayeredTable;
    DeltaTable<Atomic> table_;
    uint32_t entries_max_;
    uint32_t entries_ = 0;
  };

  // A large table as DeltaTable's, and no small one.
  LayeredTable(unsigned bits, size_t tail) : table_(bits, tail) {}

  template <typename IsKey>
  std::optional<uint32_t> find(uint64_t hash, IsKey&& is_key) const noexcept {
    // Acquire: pairs with the release in replace_recent(), for invariant 1.
    const Recent* const recent = readers_recent_.load(std::memory_order_acquire);
    if (recent != nullptr) {
      const std::optional<uint32_t> number = recent->table_.find(hash, is_key);
      if (number) return number;
    }
    return table_.find(hash, is_key);
  }

  // The large table: what was before the recent changes.
  DeltaTable<Atomic>& settled() noexcept { return table_; }
  const DeltaTable<Atomic>& settled() const noexcept { return table_; }

  // As DeltaTable's.
  template <typename Visit>
  void for_range(uint64_t first, uint64_t last, Visit&& visit) const {
    const Recent* const recent = readers_recent_.load(std::memory_order_acquire);
    if (recent != nullptr) recent->table_.for_range(first, last, visit);
    table_.for_range(first, last, visit);
  }

  // Writer. Into the small table, if there is one, which may not be full; else into the large one.
  template <typename IsKey>
  std::optional<TakenSlot> put(uint64_t hash, uint32_t number, IsKey&& is_key) noexcept {
    if (!recent_) return table_.put(hash, number, is_key);
    const std::optional<TakenSlot> slot = recent_->table_.put(hash, number, is_key);
    if (slot && !slot->replaced) recent_->entries_++;
    return slot;
  }

  // Writer: whether the small table, if there is one, can take another key.
  bool wants_replacement() const noexcept { return !recent_ || recent_->is_full(); }

  // Writer. Moves all changes into the large table and puts `next` in the place of the small one,
  // which it answers: to be freed after its readers. `hash_of(number)` and `is_same(number,
  // number)` tell of keys, `moved(slot)` is told what the large table said.
  template <typename HashOf, typename IsSame, typename Moved>
  std::unique_ptr<Recent> replace_recent(std::unique_ptr<Recent> next, HashOf&& hash_of,
                                         IsSame&& is_same, Moved&& moved) noexcept {
    if (recent_) {
      struct Change {
        uint64_t hash;
        uint32_t number;
      };
      const auto move = [&](const Change& change) {
        moved(table_.put(change.hash, change.number,
                         [&](uint32_t other) { return is_same(change.number, other); }));
      };
      Lookahead<Change> lookahead;
      recent_->table_.for_range(0, UINT64_MAX, [&](uint32_t number) {
        const uint64_t hash = hash_of(number);
        table_.prefetch(hash);
        lookahead.push({hash, number}, move);
      });
      lookahead.finish(move);
    }
    // Release: pairs with the acquires in find() and for_range(), for invariant 1.
    readers_recent_.store(next.get(), std::memory_order_release);
    std::swap(recent_, next);
    return next;
  }

 private:
  DeltaTable<Atomic> table_;
  std::unique_ptr<Recent> recent_;  // the writer's
  Atomic<Recent*> readers_recent_{nullptr};
};

}  // namespace stave::disk_index

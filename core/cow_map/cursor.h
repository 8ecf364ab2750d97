// A walk over all entries of a map as it was when the cursor was opened, in no particular order.
//
// Thread safety: one thread at a time; the map may change, be closed and be freed meanwhile.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/base/bytes.h"
#include "core/cow_map/family.h"

namespace stave::cow_map {

// The leaves below a word that does not change, one by one.
class LeafWalk {
 public:
  explicit LeafWalk(Word word) noexcept;

  // The next leaf that is not null, or null at the end.
  Leaf* next() noexcept;

 private:
  // Leaves lie anywhere in memory: the walk prefetches so many ahead.
  static constexpr uint32_t ahead_max = 8;

  struct Level {
    Inner* inner;
    uint32_t next;  // position
  };
  Word find_next() noexcept;

  // One more than a trie can have below any of its words.
  std::array<Level, levels_max + 1> levels_;
  uint32_t depth_ = 0;
  Word first_ = 0;  // the walk is one leaf
  std::array<Word, ahead_max> ahead_{};
  // How many leaves have been returned, and found.
  uint32_t returned_ = 0;
  uint32_t found_ = 0;
};

class Cursor {
 public:
  explicit Cursor(Snapshot snapshot) noexcept
      : snapshot_(std::move(snapshot)), walk_(snapshot_.root()) {}

  // False after the last entry.
  bool next() noexcept {
    if (!find_leaf()) return false;
    const LeafSlot slot = leaf_->slot(live_.take_first());
    key_ = key_of(slot);
    value_ = value_in(slot);
    return true;
  }

  // The bytes of every value, where that is few enough for them to be kept in their slots.
  std::optional<uint32_t> inside_size() const noexcept { return snapshot_.family()->inside_size(); }
  // Moves over the next `count_max` entries, or those that are left, and copies their keys and
  // values, one after another. Either array may be null. Returns how many. REQUIRES: inside_size().
  size_t take_inside(size_t count_max, int64_t* keys, std::byte* values) noexcept;

  // Of the entry the cursor stands on; valid until it moves.
  int64_t key() const noexcept { return key_; }
  Bytes value() const noexcept { return snapshot_.family()->bytes_of(value_); }

 private:
  // Relaxed, here and for values: the snapshot came with everything in it.
  int64_t key_of(LeafSlot slot) const noexcept {
    return static_cast<int64_t>(
        snapshot_.family()->hash().key_of(slot.hash().load(std::memory_order_relaxed)));
  }
  static uint64_t value_in(LeafSlot slot) noexcept {
    return slot.value().load(std::memory_order_relaxed);
  }

  // Whether there is another entry; if so, it is the first one of `live_` in `leaf_`.
  bool find_leaf() noexcept {
    while (live_.empty()) {
      leaf_ = walk_.next();
      if (leaf_ == nullptr) return false;
      live_ = leaf_->live;
    }
    return true;
  }

  Snapshot snapshot_;
  LeafWalk walk_;
  Leaf* leaf_ = nullptr;
  PositionSet live_;  // slots of the leaf that are still to come
  int64_t key_ = 0;
  uint64_t value_ = 0;
};

}  // namespace stave::cow_map

// A walk over all entries of a map as it was when the cursor was opened, in no order that means
// anything. One thread at a time; the map may change, be closed and be freed meanwhile.
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
  // Leaves lie anywhere in memory. The walk finds so many ahead, most of them at a time, and asks
  // for their headers one behind the other: the translations of their addresses, which a prefetch
  // waits for, are then looked up beside each other. The rest of a leaf is asked for when so few
  // are in front of it that the second cache still has it when its turn comes.
  static constexpr uint32_t ahead_max = 16;
  static constexpr uint32_t asked_max = 6;

  struct Level {
    Inner* inner;
    uint32_t next;  // position
  };
  Word find_next() noexcept;
  void find_more() noexcept;

  // One more than a trie can have below any of its words.
  std::array<Level, levels_max + 1> levels_;
  uint32_t depth_ = 0;
  Word first_ = 0;  // the walk is one leaf
  std::array<Word, ahead_max> ahead_{};
  // How many leaves have been given, asked for as a whole, and found.
  uint32_t given_ = 0;
  uint32_t asked_ = 0;
  uint32_t found_ = 0;
};

class Cursor {
 public:
  explicit Cursor(Snapshot snapshot) noexcept
      : snapshot_(std::move(snapshot)), walk_(snapshot_.root()) {}

  // False behind the last entry.
  bool next() noexcept {
    if (!find_leaf()) return false;
    const LeafSlot slot = leaf_->slot(live_.take_first());
    key_ = key_of(slot);
    value_ = slot.value().load(std::memory_order_relaxed);
    return true;
  }

  // The bytes of every value, where that is few enough for them to lie in their slots.
  std::optional<uint32_t> inside_size() const noexcept { return snapshot_.family()->inside_size(); }
  // Moves over the next `count_max` entries, or those that are left, and copies their keys, and
  // their values, which lie in their slots, one behind the other. Either may be null. Returns how
  // many.
  size_t take_inside(size_t count_max, int64_t* keys, std::byte* values) noexcept;

  // Of the entry it stands on; valid until it moves.
  int64_t key() const noexcept { return key_; }
  Bytes value() const noexcept { return snapshot_.family()->bytes_of(value_); }

 private:
  // Relaxed, here and for values: the snapshot came with everything in it.
  int64_t key_of(LeafSlot slot) const noexcept {
    return static_cast<int64_t>(
        snapshot_.family()->hash().key_of(slot.hash().load(std::memory_order_relaxed)));
  }

  // Whether an entry of leaf_ is still to come.
  bool find_leaf() noexcept {
    while (live_.empty()) {
      leaf_ = walk_.next();
      if (leaf_ == nullptr) return false;
      live_ = leaf_->live;
    }
    return true;
  }
  size_t take_from_leaf(size_t count_max, uint64_t* hashes, std::byte* values) noexcept;

  Snapshot snapshot_;
  LeafWalk walk_;
  Leaf* leaf_ = nullptr;
  PositionSet live_;  // slots of the leaf that are still to come
  int64_t key_ = 0;
  uint64_t value_ = 0;
};

}  // namespace stave::cow_map

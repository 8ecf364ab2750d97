#include "core/cow_map/diff.h"

#include <algorithm>

namespace stave::cow_map {

Diff::Diff(Snapshot before, Snapshot after)
    : before_(std::move(before)),
      after_(std::move(after)),
      same_family_(before_.family() == after_.family()) {
  // Enough for the words of a root and of nodes on the way to a leaf: most walks never grow it.
  regions_.reserve(2 << root_bits_max);
  const Region all = {before_.root(), after_.root(), 0, 0, 0, 0};
  if (same_family_) {
    regions_.push_back(all);
  } else {
    begin(all);
  }
}

Status Diff::next() {
  for (;;) {
    if (comparing_) {
      if (compare_next()) return {};
      comparing_ = false;
    }
    if (regions_.empty()) return Code::done;
    const Region region = regions_.back();
    if (region.before == region.after) {
      regions_.pop_back();
    } else if (is_inner(region.before) && is_inner(region.after)) {
      expand(region);
    } else {
      regions_.pop_back();
      begin(region);
    }
  }
}

// Replaces the last region by its parts. The two nodes may consume a different number of bits: a
// part is what one word of the wider node leads to, or several words that hold the same child.
void Diff::expand(const Region& region) {
  Inner* const before = as_inner(region.before);
  Inner* const after = as_inner(region.after);
  const uint32_t bits = std::max<uint32_t>(before->form, after->form);
  const uint32_t count = uint32_t{1} << bits;
  regions_.reserve(regions_.size() + count);
  regions_.pop_back();
  const auto words = [&](uint32_t i) {
    return std::pair(before->word(i >> (bits - before->form)),
                     after->word(i >> (bits - after->form)));
  };
  for (uint32_t i = 0; i < count;) {
    const auto both = words(i);
    // A part is a power of two of words that begin at a multiple of it.
    const auto holds = [&](uint32_t first, uint32_t end) {
      while (first < end && words(first) == both) first++;
      return first == end;
    };
    uint32_t run_bits = 0;
    while (run_bits < bits && i % (2u << run_bits) == 0 &&
           holds(i + (1u << run_bits), i + (2u << run_bits))) {
      run_bits++;
    }
    if (both.first != both.second) {
      const uint32_t depth = region.depth + bits - run_bits;
      regions_.push_back({both.first, both.second, region.depth_before + before->form,
                          region.depth_after + after->form, depth,
                          region.hash | uint64_t{i >> run_bits} << (64 - depth)});
    }
    i += 1u << run_bits;
  }
}

void Diff::begin(const Region& region) noexcept {
  comparison_ = {.region = region, .walk = LeafWalk(region.before), .live = {}};
  comparing_ = true;
}

bool Diff::compare_next() noexcept {
  for (;;) {
    while (comparison_.live.empty()) {
      comparison_.leaf = comparison_.walk.next();
      if (comparison_.leaf != nullptr) {
        comparison_.live = comparison_.leaf->live;
        continue;
      }
      if (comparison_.second) return false;
      comparison_.second = true;
      comparison_.walk = LeafWalk(comparison_.region.after);
    }
    const LeafSlot slot = comparison_.leaf->slot(comparison_.live.take_first());
    if (compare(slot.hash().load(std::memory_order_relaxed),
                slot.value().load(std::memory_order_relaxed), comparison_.second))
      return true;
  }
}

// Whether the entry, found in one of the maps, is a difference to report.
bool Diff::compare(uint64_t hash, uint64_t value, bool in_after) noexcept {
  entries_compared_++;
  const Region& region = comparison_.region;
  const KeyHash& own_hash = (in_after ? after_ : before_).family()->hash();
  const KeyHash& other_hash = (in_after ? before_ : after_).family()->hash();
  // A leaf may hold more than the region.
  if (region.depth != 0 && (hash ^ region.hash) >> (64 - region.depth) != 0) return false;
  const uint64_t key = own_hash.key_of(hash);
  const uint64_t hash_in_other = same_family_ ? hash : other_hash(key);
  const LeafSlot other = in_after
                             ? Trie::find_hash(region.before, hash_in_other, region.depth_before)
                             : Trie::find_hash(region.after, hash_in_other, region.depth_after);
  key_ = static_cast<int64_t>(key);
  if (in_after) {
    value_before_ = 0;
    value_after_ = value;
    change_ = Change::added;
    return !other;
  }
  value_before_ = value;
  value_after_ = other ? slot_value(other) : 0;
  change_ = other ? Change::changed : Change::removed;
  if (!other) return true;
  if (same_family_ && value == value_after_) return false;
  return !equal(before(), after());
}

}  // namespace stave::cow_map

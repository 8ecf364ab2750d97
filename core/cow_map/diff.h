// The differences between two maps. Where they share a node they are equal, and the walk skips it:
// its time follows the number of nodes that differ, which is what was written since they parted.
//
// Two maps of different families share nothing; they are compared entry by entry.
//
// Thread safety: one thread at a time; both maps may change, be closed and be freed meanwhile.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/cow_map/cursor.h"
#include "core/cow_map/family.h"
#include "core/cow_map/trie.h"

namespace stave::cow_map {

enum class Change : uint8_t { added, changed, removed };

class Diff {
 public:
  // From `before` to `after`.
  Diff(Snapshot before, Snapshot after);

  // Moves to the next key that differs; done after the last. Throws bad_alloc; then the call can be
  // repeated.
  Status next();
  Change change() const noexcept { return change_; }
  int64_t key() const noexcept { return key_; }
  // The key's values; before() is empty when it was added, after() when it was removed.
  Bytes before() const noexcept { return before_.family()->bytes_of(value_before_); }
  Bytes after() const noexcept { return after_.family()->bytes_of(value_after_); }
  // Entries compared so far, equal ones included.
  uint64_t entries_compared() const noexcept { return entries_compared_; }

 private:
  // The entries whose hash begins with the `depth` bits that `hash` begins with, in both maps.
  struct Region {
    Word before;
    Word after;
    uint32_t depth_before;  // bits consumed above the words
    uint32_t depth_after;
    uint32_t depth;
    uint64_t hash;
  };
  // A region at least one of whose words is a leaf or nothing, compared entry by entry: first those
  // of `before`, then those that only `after` has.
  struct Comparison {
    Region region{};
    bool second = false;
    LeafWalk walk{0};
    Leaf* leaf = nullptr;
    PositionSet live;
  };

  void expand(const Region& region);
  void begin(const Region& region) noexcept;
  bool compare_next() noexcept;
  bool compare(uint64_t hash, uint64_t value, bool in_after) noexcept;

  Snapshot before_;
  Snapshot after_;
  const bool same_family_;
  std::vector<Region> regions_;
  Comparison comparison_;
  bool comparing_ = false;
  Change change_ = Change::added;
  int64_t key_ = 0;
  uint64_t value_before_ = 0;
  uint64_t value_after_ = 0;
  uint64_t entries_compared_ = 0;
};

}  // namespace stave::cow_map

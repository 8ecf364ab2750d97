// The segments of a log in log order, and which of them holds an address.
//
// A segment gets a range of addresses after that of its predecessor (location.h), and keeps it. The
// set of segments is an immutable vector, sorted by address, behind a reference count. A change
// publishes a new one:
//   - a lookup of one location searches the published set under an epoch pin, without a lock and
//     without a shared count;
//   - long work (a verification, a replay) takes a reference to a set, which does not change.
//
// Thread safety: one thread at a time changes the directory (under the log's mutex). Any thread
// reads it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/store/log/location.h"
#include "core/store/log/segment.h"
#include "core/sync/epoch.h"

namespace stave::store {

// The segments at one moment, oldest first: by address, and so by generation. The directory owns
// the segments and outlives the set.
class SegmentSet {
 public:
  // The segment that holds the location. REQUIRES: it is in this set. O(log segments).
  Segment& of(Location location) const noexcept;
  // The segment of a generation; null when there is none. O(log segments).
  Segment* find(uint64_t generation) const noexcept;

  size_t size() const noexcept { return segments_.size(); }
  Segment& operator[](size_t position) const noexcept { return *segments_[position]; }
  auto begin() const noexcept { return segments_.begin(); }
  auto end() const noexcept { return segments_.end(); }

 private:
  friend class SegmentDirectory;
  std::vector<Segment*> segments_;
};

class SegmentDirectory {
 public:
  SegmentDirectory();
  // REQUIRES: no call is running.
  ~SegmentDirectory();

  std::shared_ptr<const SegmentSet> set() const noexcept {
    const sync::EpochPin pin;
    return published().set;
  }
  // The segment that holds the location. REQUIRES: the location was published after append() had
  // returned.
  Segment& of(Location location) const noexcept {
    const sync::EpochPin pin;
    return published().set->of(location);
  }
  // The segment of a generation; null when there is none.
  Segment* find(uint64_t generation) const noexcept {
    const sync::EpochPin pin;
    return published().set->find(generation);
  }

  // ---- For the thread that changes the directory ----------------------------------------------

  // REQUIRES: there is a segment.
  const std::shared_ptr<Segment>& last() const noexcept { return owned_.back(); }
  // Sets memory aside for one more segment of `capacity` bytes, so that append() cannot fail. May
  // throw bad_alloc. False when the addresses are used up.
  bool reserve(uint64_t capacity);
  // Gives the segment its addresses and publishes it. REQUIRES: reserve() of as much.
  void append(std::shared_ptr<Segment> segment, uint64_t capacity) noexcept;
  // Makes the range of the last segment `capacity` bytes long. False when the addresses are used
  // up.
  bool extend_last(uint64_t capacity) noexcept;
  // Removes all segments but the oldest `size`. May throw bad_alloc.
  void truncate(size_t size);

 private:
  // A reference to a set, held until no lookup can see it any more.
  struct Published : sync::Retired {
    std::shared_ptr<SegmentSet> set = std::make_shared<SegmentSet>();
  };

  const Published& published() const noexcept {
    // Acquire: pairs with the release in publish().
    return *published_.load(std::memory_order_acquire);
  }
  void publish(std::unique_ptr<Published> next) noexcept;

  std::atomic<Published*> published_;
  // The changing thread's.
  std::vector<std::shared_ptr<Segment>> owned_;
  std::unique_ptr<Published> reserved_;  // with the segments of owned_, and room for one more
  uint64_t next_address_ = 0;
};

}  // namespace stave::store

// The segments of a log in order, and which of them holds an address.
//
// Append-only: a segment gets a range of addresses behind that of its predecessor (location.h), and
// keeps it. The set of segments is a cow_map, from each piece of the address space to the segment
// that owns it. Appending writes to a copy of the map and puts that in its place, so:
//   - copy() is O(1), and what works on a copy (a cursor, a verification) works on a set of
//   segments
//     that does not change under it;
//   - all that can fail is done before the new set is there to be seen.
// Reads of single records go through a view of the same set, a table of all pieces: they take
// neither a lock nor a reference.
//
// Thread safety: one thread at a time appends (under the log's mutex). Any thread copies, and asks
// for the segment of a location that reached it, which was published after the segment.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "core/cow_map/family.h"
#include "core/cow_map/map.h"
#include "core/store/location.h"
#include "core/store/segment.h"

namespace stave::store {

// The segments at one moment. The directory outlives it.
class SegmentSet {
 public:
  SegmentSet() noexcept = default;
  explicit SegmentSet(cow_map::Snapshot pieces) noexcept : pieces_(std::move(pieces)) {}

  // The segment that holds the location; null when it is newer than the set.
  Segment* find(Location location) const noexcept;
  // Oldest first. May throw bad_alloc.
  std::vector<Segment*> in_order() const;

 private:
  std::optional<cow_map::Snapshot> pieces_;  // nothing: the empty set
};

class SegmentDirectory {
 public:
  static constexpr uint64_t piece_size = uint64_t{16} << 20;  // addresses are given in these

  ~SegmentDirectory();

  uint32_t size() const noexcept {
    // Relaxed: a figure; the segments come with a copy, or with a location.
    return size_.load(std::memory_order_relaxed);
  }
  // The last segment. The appending thread, when there is one.
  const std::shared_ptr<Segment>& last() const noexcept { return owned_.back(); }

  SegmentSet copy() const;

  // The segment that holds the location. Of any number of threads, see above.
  Segment& of(Location location) const noexcept {
    const uint64_t piece = location.address() / piece_size;
    // Relaxed twice: whoever knows the location learned it after append() had returned.
    return *(*view_[piece / page_size].load(std::memory_order_relaxed))[piece % page_size].load(
        std::memory_order_relaxed);
  }

  // The segment of a generation; null when there is none. Of any number of threads, as of().
  // O(log of the bytes in the log).
  Segment* find(uint64_t generation) const noexcept;

  // Memory for one more segment of `capacity` bytes, so that append() cannot fail. May throw
  // bad_alloc. False when the addresses are used up.
  bool reserve(uint64_t capacity);
  // After reserve() of as much. Gives the segment its addresses.
  void append(std::shared_ptr<Segment> segment, uint64_t capacity) noexcept;
  // The last segment is going to hold `capacity` bytes. As reserve().
  bool extend_last(uint64_t capacity);
  // Forgets all segments but the oldest `size`; while nobody reads yet. May throw bad_alloc.
  void truncate(uint32_t size);

 private:
  // Pieces of addresses, from `first` to before `end`.
  struct Range {
    uint64_t first;
    uint64_t end;
  };
  static constexpr uint32_t page_size = 4096;                   // pieces of a page of the view
  using Pieces = std::array<std::atomic<Segment*>, page_size>;  // as owned through owned_

  static constexpr uint64_t rounded(uint64_t capacity) noexcept {
    return (capacity + piece_size - 1) / piece_size * piece_size;
  }
  static constexpr Range range_of(uint64_t address, uint64_t capacity) noexcept {
    return {address / piece_size, (address + rounded(capacity)) / piece_size};
  }

  // A copy of the set that can be written to.
  std::unique_ptr<cow_map::Map> begin_change() const;
  static void give(cow_map::Map& map, Range range, Segment* segment);
  void make_view_pages(Range range);
  void show(Range range, Segment* segment) noexcept;
  // `changed` takes the set's place.
  void publish(std::unique_ptr<cow_map::Map> changed) noexcept;

  // The view: freed by the destructor only.
  std::array<std::atomic<Pieces*>, Location::address_max / piece_size / page_size> view_{};
  std::atomic<uint64_t> view_end_{0};  // pieces below it have segments
  // The appending thread's.
  std::vector<std::shared_ptr<Segment>> owned_;
  std::unique_ptr<cow_map::Map>
      reserved_;  // the next set, in which the new pieces have no segment yet
  uint64_t next_address_ = 0;
  std::atomic<uint32_t> size_{0};

  mutable std::mutex mutex_;              // against copies: guards the pointer
  std::unique_ptr<cow_map::Map> pieces_;  // null: the empty set
};

}  // namespace stave::store

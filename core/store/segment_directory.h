// The segments of a log in order, and which of them holds an address; for readers without a lock.
//
// Append-only: a segment gets the next slot and a range of addresses behind that of its predecessor
// (location.h), and keeps both. One thread at a time appends (under the log's mutex); any thread
// reads slots below size(), and slots and addresses that reached it through a location, which was
// published after the segment.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "core/store/location.h"
#include "core/store/segment.h"

namespace stave::store {

class SegmentDirectory {
 public:
  static constexpr uint32_t slots_max = uint32_t{1} << 24;

  ~SegmentDirectory() {
    for (std::atomic<Slots*>& slots : slots_) delete slots.load(std::memory_order_relaxed);
    for (std::atomic<Ranges*>& ranges : ranges_) delete ranges.load(std::memory_order_relaxed);
  }

  uint32_t size() const noexcept {
    // Acquire: pairs with the release in append(); slots below the answer can be read.
    return size_.load(std::memory_order_acquire);
  }

  const std::shared_ptr<Segment>& operator[](uint32_t slot) const noexcept {
    // Relaxed: whoever knows the slot learned it after append() had returned (see above).
    return (*slots_[slot / page_size].load(std::memory_order_relaxed))[slot % page_size];
  }

  // The segment that holds the location. Of any number of threads, see above.
  Segment& of(Location location) const noexcept {
    const uint64_t range = location.address() / range_size;
    // Relaxed twice: as in operator[].
    return *(*ranges_[range / page_size].load(std::memory_order_relaxed))[range % page_size].load(
        std::memory_order_relaxed);
  }

  // Memory for one more segment of `capacity` bytes, so that append() cannot fail. May throw
  // bad_alloc. False when the addresses are used up.
  bool reserve(uint64_t capacity) {
    if (size() == slots_max || next_address_ + rounded(capacity) > Location::address_max)
      return false;
    make_page(slots_[size() / page_size]);
    make_range_pages(next_address_, capacity);
    return true;
  }

  // After reserve() of as much. Gives the segment its slot and its addresses.
  void append(std::shared_ptr<Segment> segment, uint64_t capacity) noexcept {
    const uint32_t slot = size();
    segment->set_base_address(next_address_);
    own_range(*segment, next_address_, capacity);
    next_address_ += rounded(capacity);
    (*slots_[slot / page_size].load(std::memory_order_relaxed))[slot % page_size] =
        std::move(segment);
    // Release: pairs with the acquire in size().
    size_.store(slot + 1, std::memory_order_release);
  }

  // The last segment is going to hold `capacity` bytes. As reserve().
  bool extend_last(uint64_t capacity) {
    Segment& last = *(*this)[size() - 1];
    const uint64_t base = last.base_address();
    if (base + rounded(capacity) > Location::address_max) return false;
    make_range_pages(base, capacity);
    own_range(last, base, capacity);
    if (next_address_ < base + rounded(capacity)) next_address_ = base + rounded(capacity);
    return true;
  }

  // Forgets the slots from `size` on; while nobody reads yet.
  void truncate(uint32_t size) noexcept {
    while (size_.load(std::memory_order_relaxed) > size) {
      const uint32_t slot = size_.load(std::memory_order_relaxed) - 1;
      std::shared_ptr<Segment>& segment =
          (*slots_[slot / page_size].load(std::memory_order_relaxed))[slot % page_size];
      next_address_ = segment->base_address();
      segment.reset();
      size_.store(slot, std::memory_order_relaxed);
    }
  }

 private:
  static constexpr uint32_t page_size = 4096;                 // entries of a table's page
  static constexpr uint64_t range_size = uint64_t{16} << 20;  // addresses are given in these
  using Slots = std::array<std::shared_ptr<Segment>, page_size>;
  using Ranges = std::array<std::atomic<Segment*>, page_size>;  // as owned through Slots
  static_assert(uint64_t{slots_max} * range_size == Location::address_max);

  static constexpr uint64_t rounded(uint64_t capacity) noexcept {
    return (capacity + range_size - 1) / range_size * range_size;
  }

  template <typename Page>
  static void make_page(std::atomic<Page*>& page) {
    // Release is not needed: append() publishes.
    if (!page.load(std::memory_order_relaxed)) page.store(new Page(), std::memory_order_relaxed);
  }

  void make_range_pages(uint64_t address, uint64_t capacity) {
    const uint64_t end = (address + rounded(capacity)) / range_size;
    for (uint64_t range = address / range_size; range < end; range++)
      make_page(ranges_[range / page_size]);
  }

  void own_range(Segment& segment, uint64_t address, uint64_t capacity) noexcept {
    const uint64_t end = (address + rounded(capacity)) / range_size;
    for (uint64_t range = address / range_size; range < end; range++)
      (*ranges_[range / page_size].load(std::memory_order_relaxed))[range % page_size].store(
          &segment, std::memory_order_relaxed);
  }

  // Owning; freed by the destructor only.
  std::array<std::atomic<Slots*>, slots_max / page_size> slots_{};
  std::array<std::atomic<Ranges*>, Location::address_max / range_size / page_size> ranges_{};
  uint64_t next_address_ = 0;
  std::atomic<uint32_t> size_{0};
};

}  // namespace stave::store

// slot -> segment, for readers without a lock.
//
// Append-only: slots are handed out in log order and never change. One thread at a time appends
// (under the log's mutex); any thread reads slots below size(), or slots that reached it through a
// location, which was published after the slot.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "core/store/segment.h"

namespace stave::store {

class SegmentDirectory {
 public:
  static constexpr uint32_t slots_max = uint32_t{1} << 24;

  ~SegmentDirectory() {
    for (std::atomic<Chunk*>& chunk : chunks_) delete chunk.load(std::memory_order_relaxed);
  }

  uint32_t size() const noexcept {
    // Acquire: pairs with the release in append(); slots below the answer can be read.
    return size_.load(std::memory_order_acquire);
  }

  const std::shared_ptr<Segment>& operator[](uint32_t slot) const noexcept {
    // Relaxed: whoever knows the slot learned it after append() had returned (see above).
    return (*chunks_[slot / chunk_size].load(std::memory_order_relaxed))[slot % chunk_size];
  }

  // Memory for one more segment, so that append() cannot fail. May throw bad_alloc.
  void reserve() {
    std::atomic<Chunk*>& chunk = chunks_[size() / chunk_size];
    if (!chunk.load(std::memory_order_relaxed)) {
      // Release is not needed: append() publishes.
      chunk.store(new Chunk, std::memory_order_relaxed);
    }
  }

  // After reserve(). Gives the segment its slot.
  void append(std::shared_ptr<Segment> segment) noexcept {
    const uint32_t slot = size();
    segment->set_slot(slot);
    (*chunks_[slot / chunk_size].load(std::memory_order_relaxed))[slot % chunk_size] =
        std::move(segment);
    // Release: pairs with the acquire in size().
    size_.store(slot + 1, std::memory_order_release);
  }

  // Forgets the slots from `size` on; while nobody reads yet.
  void truncate(uint32_t size) noexcept {
    while (size_.load(std::memory_order_relaxed) > size) {
      const uint32_t slot = size_.load(std::memory_order_relaxed) - 1;
      (*chunks_[slot / chunk_size].load(std::memory_order_relaxed))[slot % chunk_size].reset();
      size_.store(slot, std::memory_order_relaxed);
    }
  }

 private:
  static constexpr uint32_t chunk_size = 4096;
  using Chunk = std::array<std::shared_ptr<Segment>, chunk_size>;
  // Owning; freed by the destructor only.
  std::array<std::atomic<Chunk*>, slots_max / chunk_size> chunks_{};
  std::atomic<uint32_t> size_{0};
};

}  // namespace stave::store

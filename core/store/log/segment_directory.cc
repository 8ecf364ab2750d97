#include "core/store/log/segment_directory.h"

#include <algorithm>
#include <utility>

namespace stave::store {

namespace {

// The end of a range of `capacity` bytes at `address`; 0 when the addresses are used up.
uint64_t range_end(uint64_t address, uint64_t capacity) noexcept {
  if (capacity > Location::address_max - address) return 0;
  return address + (capacity + location_unit - 1) / location_unit * location_unit;
}

}  // namespace

Segment& SegmentSet::of(Location location) const noexcept {
  const auto next = std::upper_bound(
      segments_.begin(), segments_.end(), location.address(),
      [](uint64_t address, const Segment* segment) { return address < segment->base_address(); });
  return **(next - 1);
}

Segment* SegmentSet::find(uint64_t generation) const noexcept {
  const auto found = std::lower_bound(
      segments_.begin(), segments_.end(), generation,
      [](const Segment* segment, uint64_t wanted) { return segment->generation() < wanted; });
  return found != segments_.end() && (*found)->generation() == generation ? *found : nullptr;
}

SegmentDirectory::SegmentDirectory() : published_(new Published) {}

SegmentDirectory::~SegmentDirectory() {
  delete published_.load(std::memory_order_relaxed);
}

void SegmentDirectory::publish(std::unique_ptr<Published> next) noexcept {
  // Release: pairs with the acquire in published().
  sync::EpochRegistry::retire(published_.exchange(next.release(), std::memory_order_acq_rel));
}

bool SegmentDirectory::reserve(uint64_t capacity) {
  if (range_end(next_address_, capacity) == 0) return false;
  owned_.reserve(owned_.size() + 1);
  auto next = std::make_unique<Published>();
  next->set->segments_.reserve(owned_.size() + 1);
  next->set->segments_ = published().set->segments_;
  reserved_ = std::move(next);
  return true;
}

void SegmentDirectory::append(std::shared_ptr<Segment> segment, uint64_t capacity) noexcept {
  segment->set_base_address(next_address_);
  next_address_ = range_end(next_address_, capacity);
  reserved_->set->segments_.push_back(segment.get());
  owned_.push_back(std::move(segment));
  publish(std::move(reserved_));
}

bool SegmentDirectory::extend_last(uint64_t capacity) noexcept {
  const uint64_t end = range_end(last()->base_address(), capacity);
  next_address_ = std::max(next_address_, end);
  return end != 0;
}

void SegmentDirectory::truncate(size_t size) {
  if (size >= owned_.size()) return;
  auto next = std::make_unique<Published>();
  next->set->segments_.assign(published().set->begin(), published().set->begin() + size);
  next_address_ = owned_[size]->base_address();
  publish(std::move(next));
  owned_.resize(size);
}

}  // namespace stave::store

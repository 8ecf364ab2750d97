#include "core/store/segment_directory.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>

#include "core/cow_map/cursor.h"
#include "core/cow_map/trie.h"
#include "core/sync/epoch.h"

namespace stave::store {

namespace {

constexpr cow_map::Options pieces_options = {.fixed_values = true, .value_size = sizeof(Segment*)};
// The keys are ours: nobody chooses them to crowd one place.
constexpr uint64_t hash_seed = 0;

int64_t key_of(uint64_t piece) noexcept {
  return static_cast<int64_t>(piece);
}

}  // namespace

Segment* SegmentSet::find(Location location) const noexcept {
  if (!pieces_) return nullptr;
  const uint64_t piece = location.address() / SegmentDirectory::piece_size;
  const std::optional<uint64_t> value = cow_map::find(*pieces_, key_of(piece));
  return value ? reinterpret_cast<Segment*>(*value) : nullptr;
}

std::vector<Segment*> SegmentSet::in_order() const {
  std::vector<Segment*> segments;
  if (!pieces_) return segments;
  cow_map::Cursor cursor(pieces_->copy());
  while (cursor.next()) {
    Segment* segment = nullptr;
    std::memcpy(&segment, cursor.value().data(), sizeof segment);
    // Each at its first piece.
    const uint64_t address = static_cast<uint64_t>(cursor.key()) * SegmentDirectory::piece_size;
    if (segment != nullptr && segment->base_address() == address) segments.push_back(segment);
  }
  std::sort(segments.begin(), segments.end(), [](const Segment* a, const Segment* b) {
    return a->base_address() < b->base_address();
  });
  return segments;
}

SegmentDirectory::~SegmentDirectory() {
  for (std::atomic<Pieces*>& page : view_) delete page.load(std::memory_order_relaxed);
  pieces_.reset();
  reserved_.reset();
  // The maps' nodes go level by level, each after its grace period: a closed store leaves nothing.
  constexpr int levels = 4;
  for (int level = 0; level < levels; level++)
    static_cast<void>(sync::EpochRegistry::reclaim_all());
}

SegmentSet SegmentDirectory::copy() const {
  const std::lock_guard lock(mutex_);
  if (!pieces_) return {};
  auto snapshot = pieces_->snapshot();
  assert(snapshot.ok());  // it is not closed, and nobody has callbacks
  return SegmentSet(*std::move(snapshot));
}

std::unique_ptr<cow_map::Map> SegmentDirectory::begin_change() const {
  auto changed = std::make_unique<cow_map::Map>();
  const Status status =
      pieces_ ? changed->clone_from(*pieces_) : changed->create(pieces_options, hash_seed);
  if (!status.ok()) throw std::bad_alloc();
  return changed;
}

void SegmentDirectory::give(cow_map::Map& map, Range range, Segment* segment) {
  const auto value = reinterpret_cast<uint64_t>(segment);
  for (uint64_t piece = range.first; piece < range.end; piece++) {
    const Status status =
        map.put(key_of(piece), as_bytes(&value, sizeof value), [](Bytes) { return Status(); });
    if (!status.ok()) throw std::bad_alloc();
  }
}

void SegmentDirectory::make_view_pages(Range range) {
  for (uint64_t piece = range.first; piece < range.end; piece++) {
    std::atomic<Pieces*>& page = view_[piece / page_size];
    // Relaxed: whoever looks has learned of a location in it later.
    if (!page.load(std::memory_order_relaxed)) page.store(new Pieces(), std::memory_order_relaxed);
  }
}

void SegmentDirectory::show(Range range, Segment* segment) noexcept {
  for (uint64_t piece = range.first; piece < range.end; piece++)
    (*view_[piece / page_size].load(std::memory_order_relaxed))[piece % page_size].store(
        segment, std::memory_order_relaxed);
}

void SegmentDirectory::publish(std::unique_ptr<cow_map::Map> changed) noexcept {
  const std::lock_guard lock(mutex_);
  pieces_.swap(changed);
}

// Generations grow with addresses.
Segment* SegmentDirectory::find(uint64_t generation) const noexcept {
  uint64_t low = 0;
  // Acquire: pairs with the releases in append() and extend_last(), for the pieces below.
  for (uint64_t high = view_end_.load(std::memory_order_acquire); low < high;) {
    const uint64_t middle = low + (high - low) / 2;
    Segment& segment = of(Location::of_address(middle * piece_size));
    if (segment.generation() == generation) return &segment;
    if (segment.generation() < generation)
      low = middle + 1;
    else
      high = middle;
  }
  return nullptr;
}

bool SegmentDirectory::reserve(uint64_t capacity) {
  if (capacity > Location::address_max || next_address_ + rounded(capacity) > Location::address_max)
    return false;
  const Range range = range_of(next_address_, capacity);
  make_view_pages(range);
  if (owned_.size() == owned_.capacity()) owned_.reserve(std::max<size_t>(16, 2 * owned_.size()));
  std::unique_ptr<cow_map::Map> changed = begin_change();
  give(*changed, range, nullptr);
  reserved_ = std::move(changed);
  return true;
}

void SegmentDirectory::append(std::shared_ptr<Segment> segment, uint64_t capacity) noexcept {
  segment->set_base_address(next_address_);
  const Range range = range_of(next_address_, capacity);
  // The pieces are there and nobody has copied this map: their values change in place.
  give(*reserved_, range, segment.get());
  show(range, segment.get());
  next_address_ += rounded(capacity);
  // Release: pairs with the acquire in find().
  view_end_.store(next_address_ / piece_size, std::memory_order_release);
  owned_.push_back(std::move(segment));
  publish(std::move(reserved_));
  size_.store(static_cast<uint32_t>(owned_.size()), std::memory_order_relaxed);
}

bool SegmentDirectory::extend_last(uint64_t capacity) {
  Segment& last = *owned_.back();
  const uint64_t base = last.base_address();
  if (capacity > Location::address_max || base + rounded(capacity) > Location::address_max)
    return false;
  const Range range = range_of(base, capacity);
  make_view_pages(range);
  std::unique_ptr<cow_map::Map> changed = begin_change();
  give(*changed, range, &last);
  show(range, &last);
  publish(std::move(changed));
  next_address_ = std::max(next_address_, base + rounded(capacity));
  // Release: pairs with the acquire in find().
  view_end_.store(next_address_ / piece_size, std::memory_order_release);
  return true;
}

void SegmentDirectory::truncate(uint32_t size) {
  if (size >= owned_.size()) return;
  const uint64_t address = owned_[size]->base_address();
  std::unique_ptr<cow_map::Map> changed = begin_change();
  for (uint64_t piece = address / piece_size; piece < next_address_ / piece_size; piece++) {
    const Status status = changed->remove(key_of(piece), [](Bytes) { return Status(); });
    if (status.is_error()) throw std::bad_alloc();
  }
  publish(std::move(changed));
  owned_.resize(size);
  next_address_ = address;
  view_end_.store(address / piece_size, std::memory_order_release);
  size_.store(size, std::memory_order_relaxed);
}

}  // namespace stave::store

#include "core/mvcc/snapshot_registry.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>

#include "core/sync/thread_number.h"

namespace stave::mvcc {

void ParkedList::push(sync::Retired* object) noexcept {
  object->next = nullptr;
  (first_ == nullptr ? first_ : last_->next) = object;
  last_ = object;
  count_++;
}

void ParkedList::append(ParkedList& other) noexcept {
  if (other.first_ == nullptr) return;
  (first_ == nullptr ? first_ : last_->next) = other.first_;
  last_ = other.last_;
  count_ += other.count_;
  other = ParkedList();
}

sync::Retired* ParkedList::pop() noexcept {
  sync::Retired* object = first_;
  if (object == nullptr) return nullptr;
  first_ = object->next;
  object->next = nullptr;
  count_--;
  return object;
}

void ParkedList::retire() noexcept {
  const ParkedList all = std::exchange(*this, ParkedList());
  if (all.first_ == nullptr) return;
  // What is beyond the count's range only makes others wait a little longer for their slice.
  sync::EpochRegistry::retire_chain(
      all.first_, all.last_,
      static_cast<uint32_t>(std::min<uint64_t>(all.count_, sync::EpochRegistry::kSliceObjects)));
}

ParkedList ParkedList::take(uint64_t count) noexcept {
  if (count >= count_) return std::exchange(*this, ParkedList());
  ParkedList taken;
  while (taken.count_ < count) taken.push(pop());
  return taken;
}

SnapshotRegistry::SnapshotRegistry() noexcept {
  for (Stripe& stripe : stripes_) add_places(stripe, stripe.first);
}

SnapshotRegistry::~SnapshotRegistry() {
  for (Stripe& stripe : stripes_) {
    Chunk* chunk = stripe.first.next_chunk.load(std::memory_order_relaxed);
    while (chunk != nullptr) delete std::exchange(chunk, chunk->next_chunk.load());
  }
}

void SnapshotRegistry::add_places(Stripe& stripe, Chunk& chunk) noexcept {
  for (size_t i = kChunkPlaces; i-- != 0;) {
    Place& place = chunk.places[i];
    place.slot_ = &chunk.slots[i];
    place.stripe_ = &stripe;
    place.chunk_ = &chunk;
    push_free(stripe, place);
  }
}

// Behind the first one. False without memory.
bool SnapshotRegistry::add_chunk(Stripe& stripe) noexcept {
  auto* chunk = new (std::nothrow) Chunk;
  if (chunk == nullptr) return false;
  add_places(stripe, *chunk);
  Chunk* next = stripe.first.next_chunk.load(std::memory_order_relaxed);
  chunk->next_chunk.store(next, std::memory_order_relaxed);
  chunk->previous_chunk = &stripe.first;
  if (next != nullptr) next->previous_chunk = chunk;
  // Release: pairs with the acquire in SnapshotView. A scan that does not see the chunk is like one
  // that does not see a claim in it: its barrier came first.
  stripe.first.next_chunk.store(chunk, std::memory_order_release);
  return true;
}

// One without a snapshot, which its caller then retires. Its own link stays as it is: a scan that
// stands on it goes on to those behind.
void SnapshotRegistry::remove_chunk(Stripe& stripe, Chunk& chunk) noexcept {
  for (Place& place : chunk.places) remove_free(stripe, place);
  Chunk* next = chunk.next_chunk.load(std::memory_order_relaxed);
  if (next != nullptr) next->previous_chunk = chunk.previous_chunk;
  // Release: as in add_chunk(), of which a scan may know by this store alone.
  chunk.previous_chunk->next_chunk.store(next, std::memory_order_release);
}

void SnapshotRegistry::push_free(Stripe& stripe, Place& place) noexcept {
  place.next_free_ = std::exchange(stripe.free, &place);
  place.previous_free_ = nullptr;
  if (place.next_free_ != nullptr) place.next_free_->previous_free_ = &place;
  stripe.free_count++;
}

void SnapshotRegistry::remove_free(Stripe& stripe, Place& place) noexcept {
  if (place.next_free_ != nullptr) place.next_free_->previous_free_ = place.previous_free_;
  (place.previous_free_ == nullptr ? stripe.free : place.previous_free_->next_free_) =
      place.next_free_;
  stripe.free_count--;
}

// Under the stripe's mutex.
void SnapshotRegistry::add_open(Stripe& stripe, uint64_t more) noexcept {
  // Relaxed: run_without_snapshots() holds the mutex; others take it as a statistic.
  stripe.open.store(stripe.open.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

SnapshotRegistry::Place* SnapshotRegistry::open(const Clock& clock) noexcept {
  const size_t number = sync::thread_number() % kStripes;
  Stripe& stripe = stripes_[number];
  const std::lock_guard lock(stripe.mutex);
  if (stripe.free == nullptr && !add_chunk(stripe)) return nullptr;
  Place* place = stripe.free;
  remove_free(stripe, *place);
  place->chunk_->open++;
  if (place->chunk_ == &stripe.first) {
    const auto used = static_cast<size_t>(place - stripe.first.places.data()) + 1;
    // Relaxed, and before the claim: a scan that does not see it is like one that does not see the
    // claim either.
    if (used > used_[number].load(std::memory_order_relaxed))
      used_[number].store(used, std::memory_order_relaxed);
  }
  place->slot_->announce(clock);
  add_open(stripe, 1);
  return place;
}

bool SnapshotRegistry::close(Place* place, FunctionRef<void(ParkedList&)> adopt) noexcept {
  Stripe& stripe = *place->stripe_;
  Chunk* const chunk = place->chunk_;
  bool had_some = false;
  {
    const std::lock_guard lock(stripe.mutex);
    place->slot_->withdraw();
    ParkedList parked = std::exchange(place->parked_, ParkedList());
    had_some = !parked.empty();
    if (had_some) adopt(parked);
    add_open(stripe, ~uint64_t{0});
    push_free(stripe, *place);
    // With some free places beside it, so that chunks do not come and go with every snapshot.
    if (--chunk->open != 0 || chunk == &stripe.first || stripe.free_count < kFreePlacesMax)
      return had_some;
    remove_chunk(stripe, *chunk);
  }
  sync::EpochRegistry::retire(chunk);
  return true;
}

bool SnapshotRegistry::park(Place* place, uint64_t timestamp, sync::Retired* object) noexcept {
  const std::lock_guard lock(place->stripe_->mutex);
  if (place->timestamp() != timestamp) return false;
  place->parked_.push(object);
  return true;
}

uint64_t SnapshotRegistry::count() const noexcept {
  uint64_t count = 0;
  for (const Stripe& stripe : stripes_) count += stripe.open.load(std::memory_order_relaxed);
  return count;
}

void SnapshotRegistry::lock_all() noexcept {
  for (Stripe& stripe : stripes_) stripe.mutex.lock();
}

void SnapshotRegistry::unlock_all() noexcept {
  for (Stripe& stripe : stripes_) stripe.mutex.unlock();
}

SnapshotView::SnapshotView(SnapshotRegistry& registry, const SnapshotRegistry::Clock& clock,
                           const SnapshotRegistry::Place* but) noexcept {
  SnapshotRegistry::Scan scan(clock);
  for (size_t number = 0; number < registry.stripes_.size(); number++) {
    size_t count = registry.used_[number].load(std::memory_order_relaxed);
    if (count == 0) continue;
    SnapshotRegistry::Chunk* chunk = &registry.stripes_[number].first;
    while (chunk != nullptr) {
      for (size_t i = 0; i < count; i++) {
        const uint64_t timestamp = scan.look_at(chunk->slots[i]);
        if (timestamp != 0 && &chunk->places[i] != but) add({&chunk->places[i], timestamp});
      }
      // Acquire: pairs with add_chunk() and remove_chunk().
      chunk = chunk->next_chunk.load(std::memory_order_acquire);
      count = SnapshotRegistry::kChunkPlaces;
    }
  }
  floor_ = scan.floor();
}

void SnapshotView::add(Blocker live) noexcept {
  if (count_ < kInline) {
    inline_[count_++] = live;
    return;
  }
  try {
    more_.push_back(live);
  } catch (const std::bad_alloc&) {
    complete_ = false;
  }
}

SnapshotView::Need SnapshotView::need(uint64_t after, uint64_t up_to,
                                      Blocker& blocker) const noexcept {
  blocker = {};
  const auto consider = [&](const Blocker& live) {
    if (live.timestamp <= after || live.timestamp > up_to) return;
    if (blocker.place == nullptr || lot(live) > lot(blocker)) blocker = live;
  };
  for (size_t i = 0; i < count_; i++) consider(inline_[i]);
  for (const Blocker& live : more_) consider(live);
  if (blocker.place != nullptr) return Need::snapshot;
  return up_to >= floor_ || !complete_ ? Need::unknown : Need::none;
}

}  // namespace stave::mvcc

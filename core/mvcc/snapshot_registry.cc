#include "core/mvcc/snapshot_registry.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>

#include "core/sync/thread_number.h"

namespace stave::mvcc {

SnapshotRegistry::SnapshotRegistry() noexcept {
  for (Stripe& stripe : stripes_) add_slots(stripe, stripe.first);
}

SnapshotRegistry::~SnapshotRegistry() {
  for (Stripe& stripe : stripes_) {
    Chunk* chunk = stripe.first.next_chunk.load(std::memory_order_relaxed);
    while (chunk != nullptr) delete std::exchange(chunk, chunk->next_chunk.load());
  }
}

void SnapshotRegistry::add_slots(Stripe& stripe, Chunk& chunk) noexcept {
  for (size_t i = kChunkSlots; i-- != 0;) {
    OpenSnapshot& snapshot = chunk.snapshots[i];
    snapshot.slot_ = &chunk.slots[i];
    snapshot.stripe_ = &stripe;
    snapshot.chunk_ = &chunk;
    push_free(stripe, snapshot);
  }
}

// Adds a chunk after the first one. False without memory.
bool SnapshotRegistry::add_chunk(Stripe& stripe) noexcept {
  auto* chunk = new (std::nothrow) Chunk;
  if (chunk == nullptr) return false;
  add_slots(stripe, *chunk);
  Chunk* next = stripe.first.next_chunk.load(std::memory_order_relaxed);
  chunk->next_chunk.store(next, std::memory_order_relaxed);
  chunk->previous_chunk = &stripe.first;
  if (next != nullptr) next->previous_chunk = chunk;
  // Release: pairs with the acquire in SnapshotView. A scan that does not see the chunk is like a
  // scan that does not see a claim in it: its barrier came first.
  stripe.first.next_chunk.store(chunk, std::memory_order_release);
  return true;
}

// REQUIRES: the chunk has no snapshot. The caller then retires it. Its own link stays as it is: a
// scan that stands on it goes on to the chunks after it.
void SnapshotRegistry::remove_chunk(Stripe& stripe, Chunk& chunk) noexcept {
  for (OpenSnapshot& snapshot : chunk.snapshots) remove_free(stripe, snapshot);
  Chunk* next = chunk.next_chunk.load(std::memory_order_relaxed);
  if (next != nullptr) next->previous_chunk = chunk.previous_chunk;
  // Release: pairs with the same acquire, as a scan may learn of `next` from this store alone.
  chunk.previous_chunk->next_chunk.store(next, std::memory_order_release);
}

void SnapshotRegistry::push_free(Stripe& stripe, OpenSnapshot& snapshot) noexcept {
  snapshot.next_free_ = std::exchange(stripe.free, &snapshot);
  snapshot.previous_free_ = nullptr;
  if (snapshot.next_free_ != nullptr) snapshot.next_free_->previous_free_ = &snapshot;
  stripe.free_count++;
}

void SnapshotRegistry::remove_free(Stripe& stripe, OpenSnapshot& snapshot) noexcept {
  if (snapshot.next_free_ != nullptr) snapshot.next_free_->previous_free_ = snapshot.previous_free_;
  (snapshot.previous_free_ == nullptr ? stripe.free : snapshot.previous_free_->next_free_) =
      snapshot.next_free_;
  stripe.free_count--;
}

// REQUIRES the stripe's mutex.
void SnapshotRegistry::add_open(Stripe& stripe, uint64_t more) noexcept {
  // Relaxed: run_without_snapshots() holds the mutex; for others it is a statistic.
  stripe.open.store(stripe.open.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

SnapshotRegistry::OpenSnapshot* SnapshotRegistry::open(const Clock& clock) noexcept {
  const size_t number = sync::thread_number() % kStripes;
  Stripe& stripe = stripes_[number];
  const std::lock_guard lock(stripe.mutex);
  if (stripe.free == nullptr && !add_chunk(stripe)) return nullptr;
  OpenSnapshot* snapshot = stripe.free;
  remove_free(stripe, *snapshot);
  snapshot->chunk_->open++;
  if (snapshot->chunk_ == &stripe.first) {
    const auto used = static_cast<size_t>(snapshot - stripe.first.snapshots.data()) + 1;
    // Relaxed, and before the claim: a scan that does not see it is like a scan that does not see
    // the claim.
    if (used > used_[number].load(std::memory_order_relaxed))
      used_[number].store(used, std::memory_order_relaxed);
  }
  snapshot->slot_->announce(clock);
  snapshot->number_ = ++stripe.opened * kStripes + number;
  add_open(stripe, 1);
  return snapshot;
}

bool SnapshotRegistry::close(OpenSnapshot* snapshot,
                             FunctionRef<void(RetiredList&)> adopt) noexcept {
  Stripe& stripe = *snapshot->stripe_;
  Chunk* const chunk = snapshot->chunk_;
  bool had_some = false;
  {
    const std::lock_guard lock(stripe.mutex);
    snapshot->slot_->withdraw();
    RetiredList parked = std::exchange(snapshot->parked_, RetiredList());
    had_some = !parked.empty();
    if (had_some) adopt(parked);
    add_open(stripe, ~uint64_t{0});
    push_free(stripe, *snapshot);
    // Keeps some free slots, so that chunks do not come and go with every snapshot.
    if (--chunk->open != 0 || chunk == &stripe.first || stripe.free_count < kFreeSlotsMax)
      return had_some;
    remove_chunk(stripe, *chunk);
  }
  sync::EpochRegistry::retire(chunk);
  return true;
}

bool SnapshotRegistry::park(OpenSnapshot* snapshot, uint64_t timestamp,
                            sync::Retired* object) noexcept {
  const std::lock_guard lock(snapshot->stripe_->mutex);
  if (snapshot->timestamp() != timestamp) return false;
  snapshot->parked_.push(object);
  return true;
}

uint64_t SnapshotRegistry::count() const noexcept {
  uint64_t count = 0;
  for (const Stripe& stripe : stripes_) count += stripe.open.load(std::memory_order_relaxed);
  return count;
}

SnapshotView::SnapshotView(SnapshotRegistry& registry, const SnapshotRegistry::Clock& clock,
                           const SnapshotRegistry::OpenSnapshot* except) noexcept {
  SnapshotRegistry::Scan scan(clock);
  for (size_t number = 0; number < registry.stripes_.size(); number++) {
    size_t count = registry.used_[number].load(std::memory_order_relaxed);
    if (count == 0) continue;
    SnapshotRegistry::Chunk* chunk = &registry.stripes_[number].first;
    while (chunk != nullptr) {
      for (size_t i = 0; i < count; i++) {
        const uint64_t timestamp = scan.look_at(chunk->slots[i]);
        if (timestamp != 0 && &chunk->snapshots[i] != except)
          complete_ &= live_.add({&chunk->snapshots[i], timestamp});
      }
      // Acquire: pairs with add_chunk() and remove_chunk().
      chunk = chunk->next_chunk.load(std::memory_order_acquire);
      count = SnapshotRegistry::kChunkSlots;
    }
  }
  floor_ = scan.floor();
}

SnapshotView::Need SnapshotView::need(uint64_t after, uint64_t up_to,
                                      Blocker& blocker) const noexcept {
  blocker = {};
  for (const Blocker& live : live_) {
    if (live.timestamp <= after || live.timestamp > up_to) continue;
    if (blocker.snapshot == nullptr || rank(live) > rank(blocker)) blocker = live;
  }
  if (blocker.snapshot != nullptr) return Need::snapshot;
  return up_to >= floor_ || !complete_ ? Need::unknown : Need::none;
}

}  // namespace stave::mvcc

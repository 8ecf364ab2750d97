// Managed pruning: a version is freed when no snapshot, now or later, can see it.
//
// The keep rule: a version is kept iff it is the newest, or some live snapshot s has
// begin < s <= its successor's begin. It is asked when a version gets a successor, and when the
// snapshot that kept it ends. A tombstone is kept also when it is the only version left, as long as
// some live snapshot s has s <= begin: a transaction at s that writes the key must meet the
// conflict.
#include <algorithm>
#include <mutex>
#include <utility>

#include "core/base/planted_bug.h"
#include "core/mvcc/memtable.h"
#include "core/sync/thread_number.h"

namespace stave::mvcc {

namespace {

// Versions examined under one pin.
constexpr uint64_t slice = 256;

// So many versions of a thread wait for its later commits to look at them again: time enough for
// transactions as short as its own to end.
constexpr uint64_t left_waiting = 16;

// Of lists to which nothing has been added for so many commits, whose threads may be gone, one has
// its turn now and then. Those of threads under way are left to them: what two threads look at in
// turn travels between their caches.
constexpr uint64_t commits_between_turns = 64;
constexpr uint64_t commits_until_idle = 1024;

}  // namespace

void Memtable::drop_superseded(Row& row, ValueVersion* version, const SnapshotView& view,
                               Aftermath& after, Totals& change) noexcept {
  ValueVersion* older = version->next(0);
  if (older != nullptr && !older->marked()) {
    consider(row, older, version->begin(), view, after, change);
  }
  consider_tombstone(row, view, after, change);
}

// `end` is the successor's begin.
void Memtable::consider(Row& row, ValueVersion* version, uint64_t end, const SnapshotView& view,
                        Aftermath& after, Totals& change) noexcept {
  SnapshotView::Blocker blocker;
  const uint64_t begin = STAVE_PLANTED_BUG(prune_needed) ? version->begin() + 1 : version->begin();
  if (view.need(begin, end, blocker) == SnapshotView::Need::none) {
    row.remove(version);
    drop(version, after, change);
  } else {
    mark(row, version, blocker, after);
  }
}

void Memtable::consider_tombstone(Row& row, const SnapshotView& view, Aftermath& after,
                                  Totals& change) noexcept {
  ValueVersion* newest = row.newest();
  if (newest == nullptr || !newest->payload().is_tombstone() || newest->next(0) != nullptr ||
      newest->marked() || newest == row.pending()) {
    return;
  }
  SnapshotView::Blocker blocker;
  if (view.need(0, newest->begin(), blocker) == SnapshotView::Need::none) {
    row.remove(newest);
    drop(newest, after, change);
  } else {
    mark(row, newest, blocker, after);
  }
}

void Memtable::mark(Row& row, ValueVersion* version, const SnapshotView::Blocker& blocker,
                    Aftermath& after) noexcept {
  // From here on only examine() removes it.
  version->set_marked(true);
  version->tag = reinterpret_cast<uintptr_t>(&row);
  after.marked = version;
  after.blocker = blocker;
}

void Memtable::park(ValueVersion* version, const SnapshotView::Blocker& blocker) noexcept {
  if (blocker.place != nullptr && snapshots_.park(blocker.place, blocker.timestamp, version))
    return;
  ParkedList one;
  one.push(version);
  add_orphans(one);
  wake_background();
}

void Memtable::end_snapshot(SnapshotRegistry::Place* place) noexcept {
  const auto adopt = [this](ParkedList& parked) { add_orphans(parked); };
  if (snapshots_.close(place, adopt)) wake_background();
}

Memtable::Orphans& Memtable::own_orphans() noexcept {
  return orphans_[sync::thread_number() % kOrphanLists];
}

Memtable::Portion Memtable::orphans_in_turn(uint64_t timestamp, uint64_t writes) noexcept {
  // Twice what the commit can add.
  const uint64_t most = 2 * writes;
  // Relaxed, here and below: hints; the list itself is looked at under the mutex.
  if (timestamp % commits_between_turns == 0) [[unlikely]] {
    Orphans& other = orphans_[timestamp / commits_between_turns % kOrphanLists];
    const uint64_t last_added = other.last_added.load(std::memory_order_relaxed);
    if (timestamp - last_added > commits_until_idle)
      return {other, std::min(other.count.load(std::memory_order_relaxed), most)};
  }
  Orphans& own = own_orphans();
  const uint64_t waiting = own.count.load(std::memory_order_relaxed);
  return {own, waiting > left_waiting ? std::min(waiting - left_waiting, most) : 0};
}

void Memtable::add_orphans(ParkedList& list) noexcept {
  Orphans& own = own_orphans();
  const std::lock_guard lock(own.mutex);
  own.list.append(list);
  own.count.store(own.list.count(), std::memory_order_relaxed);
  own.last_added.store(clock_.next(), std::memory_order_relaxed);
}

// A version that nobody keeps any more, or that has only just been found to need another look.
void Memtable::examine(ValueVersion* version, const SnapshotView& view, Totals& change,
                       ParkedList& dropped) noexcept {
  Row& row = *reinterpret_cast<Row*>(static_cast<uintptr_t>(version->tag));
  Aftermath after;
  {
    const std::lock_guard lock(row);
    version->set_marked(false);
    ValueVersion* successor = row.newer_than(version);
    // One that is linked but not committed will see to this version when it settles.
    if (successor != nullptr && successor->begin() != 0 && successor != row.pending()) {
      consider(row, version, successor->begin(), view, after, change);
    }
    if (after.marked == nullptr) consider_tombstone(row, view, after, change);
    mark_if_dead(row, after);
  }
  if (after.marked != nullptr) park(after.marked, after.blocker);
  finish(row, after, change, &dropped);
}

uint64_t Memtable::examine_orphans(Orphans& orphans, uint64_t count, const SnapshotView& view,
                                   Totals& change, ParkedList& dropped) noexcept {
  ParkedList taken;
  {
    const std::lock_guard lock(orphans.mutex);
    taken = orphans.list.take(count);
    orphans.count.store(orphans.list.count(), std::memory_order_relaxed);
  }
  const uint64_t examined = taken.count();
  while (sync::Retired* orphan = taken.pop()) {
    examine(static_cast<ValueVersion*>(orphan), view, change, dropped);
  }
  return examined;
}

uint64_t Memtable::count_orphans() noexcept {
  uint64_t count = 0;
  for (Orphans& orphans : orphans_) {
    const std::lock_guard lock(orphans.mutex);
    count += orphans.list.count();
  }
  return count;
}

Memtable::Slice Memtable::prune_slice(uint64_t count) noexcept {
  const sync::EpochPin pin;
  const SnapshotView view(snapshots_, clock_);
  Totals change;
  ParkedList dropped;
  uint64_t examined = 0;
  for (Orphans& orphans : orphans_) {
    examined += examine_orphans(orphans, count - examined, view, change, dropped);
  }
  const uint64_t pruned = dropped.count();
  retire_versions(dropped);
  add(change);
  return {examined, pruned};
}

uint64_t Memtable::prune_now() noexcept {
  const std::lock_guard lock(prune_mutex_);
  uint64_t pruned = 0;
  // What must be looked at again is put at the end, and left there when the rest is done.
  uint64_t waiting = count_orphans();
  while (waiting != 0) {
    const Slice done = prune_slice(std::min(waiting, slice));
    if (done.examined == 0) break;
    waiting -= done.examined;
    pruned += done.pruned;
  }
  return pruned;
}

// The background thread's part, in slices that hold the epoch only briefly. In one round what was
// there at its beginning: beside traffic there is always something, and whoever adds it asks for a
// round.
bool Memtable::run() noexcept {
  const std::unique_lock lock(prune_mutex_, std::try_to_lock);
  if (!lock) {
    // Somebody prunes or clears, and may leave some behind.
    sync::Background::wake();
    return false;
  }
  if (left_in_round_ == 0) left_in_round_ = count_orphans();
  if (left_in_round_ == 0) return false;
  const uint64_t examined = prune_slice(std::min(left_in_round_, slice)).examined;
  left_in_round_ = examined == 0 ? 0 : left_in_round_ - examined;
  return left_in_round_ != 0;
}

}  // namespace stave::mvcc

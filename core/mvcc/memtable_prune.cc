// Managed pruning: a version is freed when no snapshot, now or later, can see it.
//
// The keep rule: a version is kept iff it is the newest, or an open snapshot s has
// begin < s <= begin of its successor. It is applied when a version gets a successor, and when the
// snapshot that kept it ends. A tombstone that is the only version left is kept while an open
// snapshot s has s <= begin: a transaction at s that writes the key must meet the conflict.
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

// So many orphans stay in a thread's list for its later commits to examine: by then transactions as
// short as its own have ended.
constexpr uint64_t left_waiting = 16;

// Every so many commits one examines the next of all lists instead of its thread's own, as the
// threads of some lists may have ended.
constexpr uint64_t commits_between_turns = 64;

}  // namespace

// Unlinks `version` (or null), whose successor begins at `end`, and then the row's last version if
// that is a settled tombstone. Returns the one that a snapshot needs, marked: from then on only
// examine() unlinks it. REQUIRES the row's lock.
Memtable::Needed Memtable::unlink_unneeded(Row& row, ValueVersion* version, uint64_t end,
                                           const SnapshotView& view,
                                           DeferredCleanup& cleanup) noexcept {
  Needed needed;
  const auto unlink = [&](ValueVersion* candidate, uint64_t after, uint64_t up_to) {
    if (view.need(after, up_to, needed.blocker) == SnapshotView::Need::none) {
      row.remove(candidate);
      drop(candidate, cleanup);
      return;
    }
    candidate->set_marked(true);
    candidate->tag = reinterpret_cast<uintptr_t>(&row);
    needed.version = candidate;
  };
  if (version != nullptr) {
    unlink(version, version->begin() + (STAVE_PLANTED_BUG(prune_needed) ? 1 : 0), end);
  }
  ValueVersion* const newest = row.newest();
  if (newest != nullptr && newest->payload().is_tombstone() && newest->next(0) == nullptr &&
      !newest->marked() && newest != row.pending()) {
    unlink(newest, 0, newest->begin());
  }
  return needed;
}

void Memtable::park(const Needed& needed) noexcept {
  const SnapshotView::Blocker& blocker = needed.blocker;
  if (blocker.snapshot != nullptr &&
      snapshots_.park(blocker.snapshot, blocker.timestamp, needed.version))
    return;
  RetiredList one;
  one.push(needed.version);
  add_orphans(one);
  wake_background();
}

void Memtable::end_snapshot(SnapshotRegistry::OpenSnapshot* snapshot) noexcept {
  const auto adopt = [this](RetiredList& parked) { add_orphans(parked); };
  if (snapshots_.close(snapshot, adopt)) wake_background();
}

Memtable::Due Memtable::due_orphans(uint64_t timestamp, uint64_t writes) noexcept {
  const bool in_turn = timestamp % commits_between_turns == 0;
  Orphans& orphans =
      orphans_[(in_turn ? timestamp / commits_between_turns : sync::thread_number()) %
               kOrphanLists];
  // Relaxed: a hint; the list itself is read under the mutex.
  const uint64_t waiting = orphans.count.load(std::memory_order_relaxed);
  const uint64_t left = in_turn ? 0 : left_waiting;
  // Twice what the commit can add.
  return {orphans, waiting > left ? std::min(waiting - left, 2 * writes) : 0};
}

void Memtable::add_orphans(RetiredList& list) noexcept {
  Orphans& own = orphans_[sync::thread_number() % kOrphanLists];
  const std::lock_guard lock(own.mutex);
  own.list.append(list);
  own.count.store(own.list.count(), std::memory_order_relaxed);
}

// Unlinks a version that was marked, or parks it at a snapshot that needs it.
void Memtable::examine(ValueVersion* version, const SnapshotView& view,
                       DeferredCleanup& cleanup) noexcept {
  Row& row = *reinterpret_cast<Row*>(static_cast<uintptr_t>(version->tag));
  Needed needed;
  {
    const std::lock_guard lock(row);
    version->set_marked(false);
    ValueVersion* const successor = row.newer_than(version);
    // A successor that is linked but not settled takes care of this version when it settles.
    const bool superseded =
        successor != nullptr && successor->begin() != 0 && successor != row.pending();
    needed = unlink_unneeded(row, superseded ? version : nullptr,
                             superseded ? successor->begin() : 0, view, cleanup);
    drop_if_dead(row, cleanup);
  }
  if (needed.version != nullptr) park(needed);
}

uint64_t Memtable::examine_orphans(Orphans& orphans, uint64_t count, const SnapshotView& view,
                                   DeferredCleanup& cleanup) noexcept {
  RetiredList taken;
  {
    const std::lock_guard lock(orphans.mutex);
    taken = orphans.list.take(count);
    orphans.count.store(orphans.list.count(), std::memory_order_relaxed);
  }
  const uint64_t examined = taken.count();
  while (sync::Retired* orphan = taken.pop()) {
    examine(static_cast<ValueVersion*>(orphan), view, cleanup);
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
  DeferredCleanup cleanup;
  uint64_t examined = 0;
  for (Orphans& orphans : orphans_) {
    examined += examine_orphans(orphans, count - examined, view, cleanup);
  }
  const auto pruned = static_cast<uint64_t>(-cleanup.versions);
  finish(cleanup);
  retire(cleanup);
  return {examined, pruned};
}

uint64_t Memtable::prune_now() noexcept {
  const std::lock_guard lock(prune_mutex_);
  uint64_t pruned = 0;
  // Orphans that are still needed go to the end of a list, and stay there when the rest is done.
  uint64_t waiting = count_orphans();
  while (waiting != 0) {
    const Slice done = prune_slice(std::min(waiting, slice));
    if (done.examined == 0) break;
    waiting -= done.examined;
    pruned += done.pruned;
  }
  return pruned;
}

// The background thread's part, in slices that are pinned only briefly. A round examines as many
// orphans as there were at its beginning; a thread that adds some asks for another round.
bool Memtable::run() noexcept {
  const std::unique_lock lock(prune_mutex_, std::try_to_lock);
  if (!lock) {
    // Another thread prunes or clears, and may leave some orphans.
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

// One key's part in a commit, and the table of the changes that are logged and not yet visible.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "core/store/keydir/key_directory.h"

namespace stave::store {

// Lives on the writer's side until its commit is visible or has failed. `key` and `value` are the
// caller's memory.
struct Change : KeyChange {
  Bytes value;              // empty for a remove
  uint64_t expires_at = 0;  // Unix time in milliseconds; 0: never
  // The change is made only if this is the key's newest record.
  std::optional<Location> expected;
  uint32_t shard = 0;
  Change* next_pending = nullptr;
};

// The newest pending change of each key; older ones of the same key stay in the chain after it
// until they are removed. Intrusive: add() allocates nothing after reserve().
//
// Thread safety: guarded by the shard's write mutex.
class PendingTable {
 public:
  // Makes room for `count` more. May throw bad_alloc.
  void reserve(size_t count) {
    const size_t needed = size_ + count;
    if (needed <= buckets_.size()) return;
    size_t bucket_count = 16;
    while (bucket_count < needed) bucket_count *= 2;
    std::vector<Change*> buckets(bucket_count);
    buckets.swap(buckets_);
    size_ = 0;
    // Oldest first, so that the newest of a key ends up in front.
    for (Change* change : buckets) add_reversed(change);
  }

  void add(Change& change) noexcept {
    Change*& head = buckets_[change.hash & (buckets_.size() - 1)];
    change.next_pending = head;
    head = &change;
    size_++;
  }

  // The newest pending change of the key, or null.
  Change* find(uint64_t hash, Bytes key) const noexcept {
    if (size_ == 0) return nullptr;
    for (Change* change = buckets_[hash & (buckets_.size() - 1)]; change;
         change = change->next_pending)
      if (change->hash == hash && equal(change->key, key)) return change;
    return nullptr;
  }

  // Whether any key of this hash has a pending change.
  bool has_hash(uint64_t hash) const noexcept {
    if (size_ == 0) return false;
    for (const Change* change = buckets_[hash & (buckets_.size() - 1)]; change;
         change = change->next_pending)
      if (change->hash == hash) return true;
    return false;
  }

  // Nothing happens if the change is not in the table.
  void remove(Change& change) noexcept {
    if (size_ == 0) return;
    for (Change** link = &buckets_[change.hash & (buckets_.size() - 1)]; *link;
         link = &(*link)->next_pending) {
      if (*link != &change) continue;
      *link = change.next_pending;
      size_--;
      return;
    }
  }

  size_t size() const noexcept { return size_; }

 private:
  void add_reversed(Change* change) noexcept {
    Change* reversed = nullptr;
    while (change) {
      Change* const next = change->next_pending;
      change->next_pending = reversed;
      reversed = change;
      change = next;
    }
    while (reversed) {
      Change* const next = reversed->next_pending;
      add(*reversed);
      reversed = next;
    }
  }

  std::vector<Change*> buckets_;  // a power of two of them
  size_t size_ = 0;
};

}  // namespace stave::store

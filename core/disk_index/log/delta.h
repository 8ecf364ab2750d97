// The delta: the table that finds the operations in the redo log which no segment holds yet. A
// record is written once, into the log; the delta's slots only number the log's.
//
// Thread safety: find() and for_range() by any number of threads under an EpochPin; all else by one
// writer at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/prefetch.h"
#include "core/disk_index/format/directory_format.h"
#include "core/disk_index/format/log_format.h"
#include "core/disk_index/log/layered_table.h"
#include "core/disk_index/log/lookahead.h"
#include "core/disk_index/pages/page_file.h"
#include "core/sync/epoch.h"

namespace stave::disk_index {

// When a delta is merged. The fewer entries, the more often a segment is rewritten for few
// changes; the more, the larger log and memory.
struct DeltaLimits {
  uint32_t soft = 0;  // entries at which merging begins
  uint32_t hard = 0;  // entries at which writers wait for it
  // The log grows with every operation, the table only with new keys.
  uint64_t soft_operations() const noexcept { return uint64_t{soft} * 2; }
  uint64_t hard_operations() const noexcept { return uint64_t{hard} * 2; }
};

// An operation where it lies in the log.
struct Change {
  LogKind kind;            // put or remove
  const std::byte* entry;  // key, and behind it the record of a put
};

// A change with the hash of its key.
struct HashedChange {
  uint64_t hash;
  LogKind kind;
  const std::byte* entry;
};

class Delta : public sync::Retired {
  struct IsKey {
    const Delta& delta;
    const PageFile& file;
    const Key& key;
    bool operator()(uint32_t number) const noexcept { return delta.key_at(file, number) == key; }
  };

 public:
  // Changes gathered in cache before they are moved into the large table together.
  static constexpr uint32_t recent_max = 512;
  // While the large table is being made ready: so many that it is ready when they are moved.
  static constexpr uint32_t first_recent_max = 2048;

  // Room for limits.hard entries, and for as many more operations as a recovery has found, in so
  // many chunks.
  Delta(DeltaLimits limits, uint32_t record_size, uint64_t more_operations = 0,
        uint64_t more_chunks = 0)
      : Delta(limits, record_size, more_operations, more_chunks, 1024 + more_operations) {}
  // Room for limits.hard entries and for so many promised operations, whatever their hashes.
  static std::unique_ptr<Delta> for_promises(DeltaLimits limits, uint32_t record_size,
                                             uint64_t promised);

  std::optional<Change> find(const PageFile& file, uint64_t hash, const Key& key) const noexcept {
    const std::optional<uint32_t> number = table_.find(hash, IsKey{*this, file, key});
    if (!number) return {};
    return change(file, *number);
  }
  void prefetch(uint64_t hash) const noexcept { table_.settled().prefetch(hash); }
  // Calls visit(HashedChange) for the changes of hashes in [first, last]. If a key has two, the
  // newer one comes first. Changes lie all over the log, so they are prefetched.
  template <typename Visit>
  void for_range(const PageFile& file, const KeyHasher& hasher, uint64_t first, uint64_t last,
                 Visit&& visit) const {
    const auto visit_one = [&](uint32_t number) {
      const Change found = change(file, number);
      const uint64_t hash = hasher(found.entry);
      if (hash >= first && hash <= last) visit(HashedChange{hash, found.kind, found.entry});
    };
    Lookahead<uint32_t> lookahead;
    table_.for_range(first, last, [&](uint32_t number) {
      stave::prefetch(slot_at(file, number));
      lookahead.push(number, visit_one);
    });
    lookahead.finish(visit_one);
  }

  // Writer: makes another part of the memory ready for stores, so that changes need not wait for
  // the system: all of it in so many parts.
  void make_part_ready(size_t parts) noexcept;
  bool is_ready() const noexcept { return ready_pages_ >= table_.settled().pages(); }

  // Writer: the next chunk of the log holds operations of this delta.
  void add_chunk(uint64_t page) noexcept { chunk_pages_[chunks_++] = page; }
  void set_start(const LogStart& start) noexcept { start_ = start; }
  bool wants_merge() const noexcept;
  // Whether so many operations more fit in, whatever their keys.
  bool has_room_for(uint64_t operations) const noexcept {
    return !crowded_ && chunks_ < chunks_max_ &&
           entries() + operations <= limits_.hard + more_operations_ &&
           operations_ + operations <= limits_.hard_operations() + more_operations_;
  }
  // New keys, or half as many operations, that fit in.
  uint64_t room() const noexcept {
    const uint64_t used = std::max<uint64_t>(entries(), operations_ / 2);
    return used < limits_.hard ? limits_.hard - used : 0;
  }
  // How much of what begins a merge is there: keys, operations or chunks, as wants_merge().
  double filled() const noexcept;
  // Adds the operation in `slot` of the newest chunk; there is room. Returns the key's change
  // before it, if that is a recent one, or if recent changes are not gathered.
  std::optional<Change> add(const PageFile& file, uint64_t hash, const Key& key,
                            uint32_t slot) noexcept;
  // The number of the operation in `slot` of the newest chunk, and its key.
  uint32_t number_of(uint32_t slot) const noexcept {
    return (chunks_ - 1) * log_chunk_slots + slot;
  }
  Key key_at(const PageFile& file, uint32_t number) const noexcept {
    return load_key(slot_at(file, number) + log_key_at);
  }

  // Between two operations: moves the recent changes to the others. With `and_gather` new changes
  // are recent ones again.
  void settle_recent(const PageFile& file, const KeyHasher& hasher, bool and_gather);
  bool wants_settling() const noexcept { return table_.wants_replacement(); }
  // What a key was before the recent changes.
  std::optional<Change> find_settled(const PageFile& file, uint64_t hash,
                                     const Key& key) const noexcept {
    const std::optional<uint32_t> number = table_.settled().find(hash, IsKey{*this, file, key});
    if (!number) return {};
    return change(file, *number);
  }

  const DeltaLimits& limits() const noexcept { return limits_; }
  // A key with a recent change and an older one counts twice.
  uint32_t entries() const noexcept {
    // Relaxed, here and where it is stored: a reader to whom a put has not been made known may miss
    // it.
    return entries_.load(std::memory_order_relaxed);
  }
  uint64_t operations() const noexcept { return operations_; }
  uint32_t chunks() const noexcept { return chunks_; }
  const LogStart& start() const noexcept { return start_; }
  std::vector<Extent> extents() const;

 private:
  Delta(DeltaLimits limits, uint32_t record_size, uint64_t more_operations, uint64_t more_chunks,
        uint64_t probe_max);
  const std::byte* slot_at(const PageFile& file, uint32_t number) const noexcept {
    const uint64_t page = chunk_pages_[number / log_chunk_slots];
    return file.region()->page(page) + size_t{number % log_chunk_slots} * slot_size_;
  }
  Change change(const PageFile& file, uint32_t number) const noexcept {
    const std::byte* const slot = slot_at(file, number);
    return {log_kind(slot), slot + log_key_at};
  }
  void note_probe(size_t length) noexcept { crowded_ = crowded_ || length > probe_max_; }

  DeltaLimits limits_;
  uint64_t more_operations_;
  uint32_t record_size_;
  uint32_t slot_size_;
  LogStart start_;
  uint64_t probe_max_;
  // A probe was longer than probe_max_: the hashes do not spread. All recent changes will find
  // slots, which is what the table's tail is for, but no more than these.
  bool crowded_ = false;
  LayeredTable<> table_;
  size_t ready_pages_ = 0;
  // By chunk. An element is written before the first number that needs it is published.
  std::unique_ptr<uint64_t[]> chunk_pages_;
  uint32_t chunks_max_;
  uint32_t chunks_ = 0;
  std::atomic<uint32_t> entries_{0};
  uint64_t operations_ = 0;
};

}  // namespace stave::disk_index

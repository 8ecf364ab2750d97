// What the parts of a disk index share, and who may touch it. docs/internals/disk_index.md explains
// the whole.
//
// Three kinds of threads meet here:
//   readers  find everything through one View, under an EpochPin, without locks;
//   a writer holds writer_mutex: it appends to the log and adds to the active delta;
//   a merger holds merge_mutex: it rewrites segments, writes superblocks and frees extents.
// merge_mutex is taken before writer_mutex. Growing threads of the PageFile wait for neither.
//
//   1. A key's newest change is found first: active delta, then frozen delta, then segment. A
//      reader that has passed one of them without finding the key misses no change that was made
//      before it began: changes only move towards the segments, and a View that names a delta
//      names it until a segment holds what it held.
//   2. What a View reaches is not reused before every reader that may have the View is done
//      (epochs), and what the durable superblock reaches not before the next one is durable.
//   3. Nothing that a durable superblock reaches is changed, except the log after its durable end.
//   4. A failed sync is final: it is unknown what the device has, so nothing may be built on it.
//      Writes are refused from then on.
//
// "REQUIRES: writer lock" means that writer_mutex is held by the calling thread; "merge lock"
// likewise. A WriterLock parameter is taken where it is needed and left as it was: the caller holds
// it to keep writers waiting throughout, or passes it unlocked to work beside them.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/disk_index/format/superblock.h"
#include "core/disk_index/log/delta.h"
#include "core/disk_index/log/redo_log.h"
#include "core/disk_index/options.h"
#include "core/disk_index/pages/page_file.h"
#include "core/disk_index/segments/directory.h"
#include "core/disk_index/segments/segment_reader.h"
#include "core/os/file_system.h"
#include "core/sync/epoch.h"

namespace stave::disk_index {

using MergeLock = std::unique_lock<std::mutex>;
using WriterLock = std::unique_lock<std::mutex>;

// Holds a lock until the end of the scope and leaves it as it was.
class HeldLock {
 public:
  explicit HeldLock(WriterLock& lock) : lock_(lock), was_held_(lock.owns_lock()) {
    if (!was_held_) lock_.lock();
  }
  ~HeldLock() {
    if (!was_held_) lock_.unlock();
  }
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;

 private:
  WriterLock& lock_;
  const bool was_held_;
};

// All that a reader needs, as of some moment; never changed once published. Its functions are
// called under an EpochPin.
struct View final : sync::Retired {
  std::shared_ptr<PageFile> file;
  std::shared_ptr<const SegmentReader> reader;
  const Directory* directory = nullptr;
  Delta* active = nullptr;  // null in an index opened read-only whose log is empty
  Delta* frozen = nullptr;  // the delta being merged; may be null

  // The newest change of a key that no segment holds, if there is one.
  std::optional<Change> find_change(uint64_t hash, const Key& key) const noexcept {
    for (const Delta* delta : {active, frozen}) {
      if (delta == nullptr || delta->entries() == 0) continue;
      if (const std::optional<Change> change = delta->find(*file, hash, key)) return change;
    }
    return {};
  }
  // The entry's bytes, or null when the key is absent.
  Result<const std::byte*> find(uint64_t hash, const Key& key) const {
    if (const std::optional<Change> change = find_change(hash, key)) [[unlikely]]
      return change->kind == LogKind::put ? change->entry : nullptr;
    return reader->find(*file, directory->word_of(hash), hash, key);
  }
  // Prefetches what find() reads first in the deltas and in the segment, so that the loads overlap.
  void prefetch(uint64_t hash) const noexcept {
    for (const Delta* delta : {active, frozen})
      if (delta != nullptr && delta->entries() > 0) delta->prefetch(hash);
    reader->prefetch(SegmentReader::home(*file, directory->word_of(hash), hash));
  }
};

// What an open has found in the file.
struct Opened {
  std::shared_ptr<PageFile> file;
  Superblock superblock;
  std::unique_ptr<Directory> directory;
  LogContents log;
};

class State {
 public:
  State(os::FileSystem& file_system, std::string path, const Options& options,
        std::unique_ptr<os::FileLock> lock, Opened& opened);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // REQUIRES: an EpochPin, or one of the locks.
  const View& view() const noexcept {
    // Acquire: pairs with the release in publish().
    return *view_.load(std::memory_order_acquire);
  }
  std::unique_ptr<View> copy_view() const { return std::make_unique<View>(view()); }
  // REQUIRES: writer lock. Retires the View before it.
  void publish(std::unique_ptr<View> next) noexcept;

  // Why changes are refused, if they are. REQUIRES: writer lock.
  Status refusal() const;
  // From now on changes are refused. REQUIRES: writer lock.
  void refuse(const Status& why) noexcept;
  bool refuses() const noexcept { return refuses_.load(std::memory_order_relaxed); }

  // Null for a stand-alone index.
  Owner* owner() const noexcept { return options.owner; }

  os::FileSystem& file_system;
  const std::string path;
  const Options options;
  std::unique_ptr<os::FileLock> lock;
  const uint32_t record_size;
  const RecordKind record_kind;
  const KeyHasher hasher;

  mutable std::mutex merge_mutex;
  mutable std::mutex writer_mutex;
  // Replaced with both locks held; used with either.
  std::shared_ptr<PageFile> file;
  // The View's. Changed with both locks held; used with either.
  std::unique_ptr<Directory> directory;
  // The sum of Owner::weight_of() over all entries in `directory`. REQUIRES: merge lock.
  uint64_t weight = 0;

 private:
  std::atomic<View*> view_{nullptr};
  // Relaxed: the reason is guarded by writer_mutex.
  std::atomic<bool> refuses_{false};
  Status refused_because_;  // set once, before refuses_
};

}  // namespace stave::disk_index

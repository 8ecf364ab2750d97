// The commit log: hands out LSNs and places, begins new segments, and syncs.
//
// docs/internals/commit.md explains the protocol. Thread safety: reserve(), sync_through() and the
// getters from any thread; close() once, when nothing else runs.
//
// Invariants
//  1. LSNs are dense, and (generation, offset) grows with them.
//  2. A place that was handed out lies in allocated, mapped space: filling it cannot fail.
//  3. Before the first reservation of this handle the manifest is no longer clean on the device,
//     and a segment's name and header are on the device before the first reservation in it.
//  4. durable_lsn() <= the LSN that the last completed sync_through() was asked for, or what
//     recovery made durable.
//  5. After any failed sync no reservation and no sync succeeds.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/os/file_system.h"
#include "core/store/format/manifest.h"
#include "core/store/log/appender.h"
#include "core/store/log/segment_directory.h"
#include "core/store/options.h"
#include "core/sync/adaptive_mutex.h"

namespace stave::store {

class Log {
 public:
  struct Place {
    Segment* segment = nullptr;
    os::Mapping* mapping = nullptr;
    uint64_t offset = 0;
    std::byte* bytes = nullptr;
    uint64_t lsn = 0;
    uint32_t durable_lag = 0;
    Appender::Range unready{};     // pages of it to make ready before it is filled
    bool is_near_unready = false;  // time to make_ready()
  };

  // `manifest` is what lies on the device and is clean: recovery has made it so. `segments` holds
  // the segments of the log, `lock` is the directory's; both outlive it.
  Log(os::FileSystem& files, std::string directory, const Options& options, Manifest manifest,
      SegmentDirectory& segments, os::FileLock& lock);

  // To be called before the first reserve(): maps the last segment if appending goes on there.
  Status resume();

  // The next LSN and `size` bytes (a multiple of 16) for its frame, to be filled by the caller.
  // `only_deletes` may use the reserve. `no_space` and other failures have taken nothing.
  // `visible_lsn`: all places up to it are filled.
  Result<Place> reserve(uint64_t size, bool only_deletes, uint64_t visible_lsn);

  // The same for what is usual: there is room behind what was appended last. False, and nothing has
  // been taken, when reserve() has to see to it.
  bool reserve_at_once(uint64_t size, Place* place) noexcept;

  // Makes pages ready that the next places will be in, without a lock held and beside the threads
  // that fill theirs. A first store into a page interrupts who makes it for some microseconds, and
  // all commits behind it wait for it.
  void make_ready() noexcept;

  // Everything up to `lsn` reaches the device; all of it has been filled. Syncs of several threads
  // run one after the other, and one that has become needless does nothing.
  Status sync_through(uint64_t lsn) noexcept;

  // Whether the directory's path still leads to it: before a file is made or replaced by name,
  // which could be another store's.
  Status check_in_place() const { return lock_.check_in_place(); }
  // The error of the first failed sync, or ok.
  Status failure() const;
  uint64_t durable_lsn() const noexcept {
    // Acquire: pairs with the release in sync_through(), so that whoever acts on the answer also
    // sees the sync done.
    return durable_lsn_.load(std::memory_order_acquire);
  }
  uint64_t syncs() const noexcept { return syncs_.load(std::memory_order_relaxed); }

  // Where the next frame would begin, and the LSN before it.
  LogEnd end() const;

  // Syncs, gives unused space back and marks the manifest clean.
  Status close();

 private:
  struct Sealed {
    std::shared_ptr<Segment> segment;
    std::shared_ptr<os::Mapping> mapping;  // kept until everything in it has been filled
    uint64_t last_lsn;
    bool synced;
  };

  // With mutex_ held and room made.
  Place take(uint64_t size) noexcept;
  Status make_room(uint64_t size, bool only_deletes, uint64_t visible_lsn);
  Status roll(uint64_t first_frame_size, bool only_deletes, uint64_t visible_lsn);
  Status mark_in_use();
  Status fail(const Status& status) noexcept;  // with mutex_ held
  void note_sync() noexcept;                   // likewise
  bool expects_small_syncs() const noexcept;   // likewise
  void release_filled_mappings(uint64_t visible_lsn);
  // The oldest segment behind `generation` that has unsynced bytes.
  std::shared_ptr<Segment> next_unsynced(uint64_t generation) const noexcept;
  Status sync_segment(const Segment& segment) noexcept;

  os::FileSystem& files_;
  const std::string directory_;
  const Options options_;
  SegmentDirectory& segments_;
  os::FileLock& lock_;

  mutable sync::AdaptiveMutex mutex_;  // guards what follows
  Manifest manifest_;                  // as on the device
  std::unique_ptr<Appender> active_;
  uint32_t small_syncs_ = 0;    // in a row
  std::vector<Sealed> sealed_;  // those not yet synced, or not yet filled
  uint64_t last_lsn_;
  Status failure_;

  std::mutex sync_mutex_;  // held during a sync; taken before mutex_
  std::atomic<uint64_t> durable_lsn_;
  std::atomic<uint64_t> syncs_{0};  // relaxed: a statistic
};

}  // namespace stave::store

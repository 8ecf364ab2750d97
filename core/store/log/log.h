// The commit log: gives LSNs and bytes to commits, begins new segments, and syncs.
//
// docs/internals/commit.md explains the protocol.
//
// Thread safety: all calls from any thread. REQUIRES of resume() and close(): no other call is
// running.
//
// Invariants
//  1. LSNs are dense, and (generation, offset) grows with them.
//  2. Reserved bytes lie in allocated, mapped space: filling them cannot fail.
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
  // The bytes of one frame, for its writer to fill.
  struct Reservation {
    Segment* segment = nullptr;
    os::Mapping* mapping = nullptr;
    uint64_t offset = 0;  // in the segment
    std::byte* bytes = nullptr;
    uint64_t lsn = 0;
    uint32_t durable_lag = 0;
    Appender::Range prefault{};    // pages of the frame to prefault before it is filled
    bool is_prefault_due = false;  // call prefault() once it is filled
  };

  // REQUIRES: `manifest` is on the device, and clean, as recovery leaves it; `segments` has the
  // segments of the log; `segments` and `lock`, the directory's, outlive the log.
  Log(os::FileSystem& files, std::string directory, const Options& options, Manifest manifest,
      SegmentDirectory& segments, os::FileLock& lock);

  // Maps the last segment if appending goes on there. REQUIRES: called before the first reserve().
  Status resume();

  // The next LSN, and `size` bytes (a multiple of 16) for its frame. `only_removes`: a frame that
  // may use the reserve for removes. REQUIRES: the frames up to `visible_lsn` are filled. A failure
  // (`no_space`, ...) has taken nothing.
  Result<Reservation> reserve(uint64_t size, bool only_removes, uint64_t visible_lsn);

  // Before the first record that expires is logged: the manifest says so, on the device.
  Status mark_expiry();

  // Prefaults pages that the next frames will be in, without a lock held. The first store into a
  // page interrupts its thread for microseconds, in which all later commits wait.
  void prefault() noexcept;

  // Brings everything up to `lsn` to the device. REQUIRES: all of it is filled. Syncs of several
  // threads run one after the other; one that is no longer needed does nothing.
  Status sync_through(uint64_t lsn) noexcept;

  // Whether the directory's path still leads to it. Asked before a file is created or replaced by
  // name, which could be another store's.
  Status check_in_place() const { return lock_.check_in_place(); }
  // The error of the first failed sync, or ok.
  Status failure() const;
  uint64_t durable_lsn() const noexcept {
    // Acquire: pairs with the release in sync_through().
    return durable_lsn_.load(std::memory_order_acquire);
  }
  uint64_t syncs() const noexcept { return syncs_.load(std::memory_order_relaxed); }

  // Where the next frame would begin, and the LSN before it.
  LogEnd end() const;

  // Syncs, gives unused space back, and marks the manifest clean.
  Status close();

 private:
  struct Sealed {
    std::shared_ptr<Segment> segment;
    std::shared_ptr<os::Mapping> mapping;  // kept until everything in it is filled
    uint64_t last_lsn;
    bool synced;
  };

  // REQUIRES of what follows, up to next_unsynced(): mutex_ is held.
  Status ensure_space(uint64_t size, bool only_removes, uint64_t visible_lsn);
  Status roll(uint64_t first_frame_size, bool only_removes, uint64_t visible_lsn);
  Status mark_in_use();
  Status put_manifest_in_force(const Manifest& next);
  Status fail(const Status& status) noexcept;
  void note_sync() noexcept;
  bool expects_small_syncs() const noexcept;
  void release_filled_mappings(uint64_t visible_lsn);

  // The oldest segment after `generation` that has unsynced bytes.
  std::shared_ptr<Segment> next_unsynced(uint64_t generation) const noexcept;
  Status sync_segment(const Segment& segment) noexcept;

  os::FileSystem& files_;
  const std::string directory_;
  const Options options_;
  SegmentDirectory& segments_;
  os::FileLock& lock_;

  mutable sync::AdaptiveMutex mutex_;  // guards what follows
  // As on the device. The segments that a sealed one leaves out are known by its next generation,
  // which therefore stays when later segments are made.
  Manifest manifest_;
  uint64_t next_generation_;
  std::unique_ptr<Appender> active_;
  uint32_t small_syncs_ = 0;    // in a row
  std::vector<Sealed> sealed_;  // not yet synced, or not yet filled
  uint64_t last_lsn_;
  Status failure_;

  std::mutex sync_mutex_;  // held during a sync; taken before mutex_
  std::atomic<uint64_t> durable_lsn_;
  std::atomic<uint64_t> syncs_{0};  // relaxed: a statistic
};

}  // namespace stave::store

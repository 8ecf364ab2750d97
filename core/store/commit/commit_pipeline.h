// Publishes logged commits, in log order, each once it is as durable as it asked to be.
//
// docs/internals/commit.md explains the protocol. In short: the writer of the next commit publishes
// it at once when it needs no sync. Any other commit joins a list, and one of the waiting threads
// leads: it syncs for all of them (group commit), and publishes them one after the other.
//
// Thread safety: all calls from any thread.
//
// Invariants
//  1. visible() grows by one at a time; when it is L, the commit L has been published.
//  2. A commit is published only when it and all before it are filled and as durable as it asked.
//  3. At most one thread leads or publishes at any moment.
//  4. After a failed sync nothing is published any more.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>

#include "core/base/status.h"
#include "core/store/commit/change.h"
#include "core/sync/adaptive_mutex.h"

namespace stave::store {

// A filled frame that is not visible yet. Lives in its writer's stack frame until it is done.
struct Commit {
  uint64_t lsn = 0;
  uint64_t frame_size = 0;  // bytes in the log
  bool needs_device = false;
  std::span<Change> changes;

  // The pipeline's.
  Commit* next = nullptr;
  bool done = false;
  Status status;
};

class CommitPipeline {
 public:
  class Backend {
   public:
    virtual ~Backend() = default;
    // Applies the changes. `locked`: the calling thread holds the write mutexes.
    virtual void publish(Commit& commit, bool locked) noexcept = 0;
    // Brings everything up to `lsn` to the device. Does not throw: waiting commits need the result.
    virtual Status sync_through(uint64_t lsn) noexcept = 0;
    virtual uint64_t durable_lsn() const noexcept = 0;
  };

  CommitPipeline(Backend& backend, uint64_t visible) noexcept
      : backend_(backend), visible_(visible) {}

  uint64_t visible() const noexcept {
    // Acquire: pairs with the release in set_visible().
    return visible_.load(std::memory_order_acquire);
  }

  // Publishes the commit if it is the next one and need not wait; false: enqueue() it. REQUIRES:
  // the write mutexes of its shards are held.
  bool publish_now(Commit& commit);
  // REQUIRES: the write mutexes of its shards are held, and its changes are pending.
  void enqueue(Commit& commit) noexcept;
  // Returns when the commit is visible (ok) or never will be (the error). REQUIRES: the calling
  // thread holds no write mutex, as of wait_visible().
  Status wait(Commit& commit);
  // Waits likewise for the commit with this LSN, of any thread.
  Status wait_visible(uint64_t lsn);
  // After a failed sync of the log: waiting and later commits fail with `status`.
  void fail(const Status& status) noexcept;
  // visible() at a moment when no commit is being published: it covers every change that the
  // calling thread has read before.
  uint64_t settled_visible();

 private:
  using Lock = std::unique_lock<std::mutex>;
  bool can_lead() const noexcept;
  void await_turn(uint64_t lsn) const noexcept;
  void lead(Lock& lock, const Commit& own);
  bool sync_for_list(Lock& lock);
  void publish_first(Lock& lock);
  void set_visible(uint64_t lsn) noexcept;
  void fail_all(const Status& status) noexcept;

  Backend& backend_;
  std::atomic<uint64_t> visible_;  // written under mutex_

  sync::AdaptiveMutex mutex_;  // guards what follows
  std::condition_variable changed_;
  Commit* first_ = nullptr;  // by LSN
  bool leading_ = false;
  bool publishing_ = false;  // by the leader, without the mutex
  Status failure_;
};

}  // namespace stave::store

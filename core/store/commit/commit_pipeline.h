// Brings logged commits into view, in log order, each once it is as durable as it asked to be.
//
// docs/internals/commit.md explains the protocol. In short: a commit whose turn it is and that
// needs no sync is published by its writer at once; any other joins a list, and among the waiting
// threads one leads: it syncs for all (group commit) and publishes them one after the other.
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

// A filled frame on its way. Lives in its writer's stack frame until done.
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
  // What the pipeline drives.
  class Backend {
   public:
    virtual ~Backend() = default;
    // Applies the changes; cannot fail. `locked`: the caller of publish_now holds the write
    // mutexes.
    virtual void publish(Commit& commit, bool locked) noexcept = 0;
    // Everything up to `lsn` to the device. Must not throw: waiting commits depend on the answer.
    virtual Status sync_through(uint64_t lsn) noexcept = 0;
    virtual uint64_t durable_lsn() const noexcept = 0;
  };

  CommitPipeline(Backend& backend, uint64_t visible) noexcept
      : backend_(backend), visible_(visible) {}

  uint64_t visible() const noexcept {
    // Acquire: pairs with the release in set_visible(): whoever sees the LSN sees what it
    // published.
    return visible_.load(std::memory_order_acquire);
  }

  // With the write mutexes of the commit's shards held: publishes it if nothing stands before it.
  // False: enqueue() it.
  bool publish_now(Commit& commit);
  // With the write mutexes held, after its changes became pending.
  void enqueue(Commit& commit) noexcept;
  // Without them: returns when the commit is visible (ok) or never will be (the error).
  Status wait(Commit& commit);
  // After a failed sync of the log: what waits and what comes later fails with `status`.
  void fail(const Status& status) noexcept;
  // Until the commit with this LSN, of any thread, is visible or never will be.
  Status wait_visible(uint64_t lsn);
  // visible(), at a moment at which no commit is published and not yet visible. So whoever has read
  // published changes before finds their commits up to this LSN.
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

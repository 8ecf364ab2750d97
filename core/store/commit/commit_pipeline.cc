#include "core/store/commit/commit_pipeline.h"

#include "core/base/planted_bug.h"

namespace stave::store {

void CommitPipeline::set_visible(uint64_t lsn) noexcept {
  // Release: pairs with the acquire in visible().
  visible_.store(lsn, std::memory_order_release);
}

bool CommitPipeline::can_lead() const noexcept {
  return !leading_ && first_ && first_->lsn == visible() + 1;
}

// Spins for a microsecond or two: the threads that fill or publish the commits before this one are
// nearly always running, and sleeping would take longer.
void CommitPipeline::await_turn(uint64_t lsn) const noexcept {
  constexpr int spins_max = 100;
  for (int i = 0; i < spins_max && visible() + 1 < lsn; i++) sync::Backoff::pause();
}

bool CommitPipeline::publish_now(Commit& commit) {
  if (!commit.needs_device) await_turn(commit.lsn);
  const Lock lock = mutex_.acquire();
  if (leading_ || !failure_.ok() || visible() + 1 != commit.lsn ||
      (commit.needs_device && backend_.durable_lsn() < commit.lsn))
    return false;
  backend_.publish(commit, true);
  set_visible(commit.lsn);
  commit.done = true;
  if (first_) changed_.notify_all();
  return true;
}

void CommitPipeline::enqueue(Commit& commit) noexcept {
  const Lock lock = mutex_.acquire();
  if (!failure_.ok()) {
    commit.status = failure_;
    commit.done = true;
    return;
  }
  Commit** link = &first_;
  while (*link && (*link)->lsn < commit.lsn) link = &(*link)->next;
  commit.next = *link;
  *link = &commit;
}

Status CommitPipeline::wait(Commit& commit) {
  Lock lock = mutex_.acquire();
  while (!commit.done) {
    if (can_lead())
      lead(lock, commit);
    else
      changed_.wait(lock);
  }
  if (STAVE_PLANTED_BUG(publish_before_sync) && commit.needs_device)
    return backend_.sync_through(commit.lsn);
  return commit.status;
}

Status CommitPipeline::wait_visible(uint64_t lsn) {
  Lock lock = mutex_.acquire();
  changed_.wait(lock, [&] { return visible() >= lsn || !failure_.ok(); });
  return visible() >= lsn ? Status() : failure_;
}

uint64_t CommitPipeline::settled_visible() {
  Lock lock = mutex_.acquire();
  changed_.wait(lock, [&] { return !publishing_; });
  return visible();
}

void CommitPipeline::fail(const Status& status) noexcept {
  const Lock lock = mutex_.acquire();
  fail_all(status);
}

// Publishes until the own commit is done and going on needs another sync, or until the next commit
// is not in the list yet.
void CommitPipeline::lead(Lock& lock, const Commit& own) {
  constexpr int others_max = 64;  // commits of others after the own
  leading_ = true;
  for (int others = 0; failure_.ok() && first_ && first_->lsn == visible() + 1;) {
    if (own.done && ++others > others_max) break;
    if (first_->needs_device && backend_.durable_lsn() < first_->lsn &&
        !STAVE_PLANTED_BUG(publish_before_sync)) {
      if (own.done || !sync_for_list(lock)) break;
    } else {
      publish_first(lock);
    }
  }
  leading_ = false;
  changed_.notify_all();
}

// One sync for all commits that are filled without a gap. False when it failed.
bool CommitPipeline::sync_for_list(Lock& lock) {
  uint64_t last = first_->lsn;
  for (const Commit* commit = first_->next; commit && commit->lsn == last + 1;
       commit = commit->next)
    last = commit->lsn;
  // Published commits need not wait for this sync.
  changed_.notify_all();
  lock.unlock();
  const Status status = backend_.sync_through(last);
  lock.lock();
  if (!status.ok()) fail_all(status);
  return status.ok();
}

void CommitPipeline::publish_first(Lock& lock) {
  Commit& commit = *first_;
  first_ = commit.next;
  // The lock order forbids taking write mutexes under mutex_; leading_ keeps others from
  // publishing.
  publishing_ = true;
  lock.unlock();
  backend_.publish(commit, false);
  lock.lock();
  publishing_ = false;
  set_visible(commit.lsn);
  commit.done = true;  // its owner may leave as soon as the lock is free
}

void CommitPipeline::fail_all(const Status& status) noexcept {
  if (failure_.ok()) failure_ = status;
  for (Commit* commit = first_; commit; commit = commit->next) {
    commit->status = failure_;
    commit->done = true;
  }
  first_ = nullptr;
  changed_.notify_all();
}

}  // namespace stave::store

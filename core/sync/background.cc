#include "core/sync/background.h"

#include <pthread.h>

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <optional>
#include <utility>

#include "core/os/helper_thread.h"
#include "core/sync/epoch.h"

namespace stave::sync {

std::atomic<bool> Background::awake_{false};

// The state of the one thread. Everything is guarded by `mutex`.
struct BackgroundThread {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
  Background::Task* tasks = nullptr;
  Background::Task* running = nullptr;
  bool requested = false;
  // A thread ends when this is no longer its number. So one may still be ending while the next one
  // starts.
  uint64_t generation = 0;
  std::optional<os::HelperThread> thread;

  void lock() noexcept { pthread_mutex_lock(&mutex); }
  void unlock() noexcept { pthread_mutex_unlock(&mutex); }
  void notify() noexcept { pthread_cond_broadcast(&changed); }

  void serve(uint64_t mine) noexcept;
  // False when something still waits.
  bool run_all(uint64_t mine) noexcept;
  // Until the period has passed or the thread must end.
  void pause(uint64_t mine) noexcept;
  void set_awake(bool awake) noexcept {
    Background::awake_.store(awake, std::memory_order_relaxed);
  }
};

namespace {

// Never destroyed: a thread may be using it while the process ends.
constinit BackgroundThread background;

void thread_main(void* argument) noexcept {
  background.serve(reinterpret_cast<uintptr_t>(argument));
}

void before_fork() {
  background.lock();
}
void after_fork_in_parent() {
  background.unlock();
}
// Neither the thread nor the owners of the tasks exist in the child.
void after_fork_in_child() {
  background.tasks = nullptr;
  background.running = nullptr;
  background.thread.reset();
  background.requested = false;
  background.generation++;
  background.changed = PTHREAD_COND_INITIALIZER;
  background.set_awake(false);
  background.unlock();
}

// As in epoch.cc. A failure affects only a forked child: its tables are pruned by their writers
// alone.
[[maybe_unused]] const bool handlers_added =
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child) == 0;

}  // namespace

void BackgroundThread::serve(uint64_t mine) noexcept {
  lock();
  while (mine == generation) {
    if (!requested) {
      pthread_cond_wait(&changed, &mutex);
      continue;
    }
    set_awake(true);
    do {
      pause(mine);
    } while (mine == generation && !run_all(mine));
    // A caller that read the flag before it was cleared has work that the last round below finds.
    requested = false;
    set_awake(false);
    pause(mine);
    if (mine == generation && !run_all(mine)) requested = true;
  }
  unlock();
}

bool BackgroundThread::run_all(uint64_t mine) noexcept {
  bool idle = true;
  // A running task stays in the list: remove() waits for it.
  for (Background::Task* task = tasks; task != nullptr && mine == generation; task = task->next_) {
    running = task;
    bool more = true;
    while (more && !task->leaving_ && mine == generation) {
      unlock();
      more = task->run();
      lock();
    }
    running = nullptr;
    notify();
  }
  unlock();
  if (!EpochRegistry::reclaim_free()) idle = false;
  lock();
  return idle;
}

void BackgroundThread::pause(uint64_t mine) noexcept {
  timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += Background::kPeriodMs * 1'000'000L;
  until.tv_sec += until.tv_nsec / 1'000'000'000L;
  until.tv_nsec %= 1'000'000'000L;
  while (mine == generation &&
         pthread_cond_clockwait(&changed, &mutex, CLOCK_MONOTONIC, &until) != ETIMEDOUT) {
  }
}

void Background::add(Task& task) noexcept {
  background.lock();
  task.next_ = background.tasks;
  background.tasks = &task;
  background.unlock();
}

void Background::remove(Task& task) noexcept {
  background.lock();
  // The thread goes on from a running task to the next, so a running one leaves the list
  // afterwards.
  task.leaving_ = true;
  while (background.running == &task) pthread_cond_wait(&background.changed, &background.mutex);
  Task** link = &background.tasks;
  while (*link != nullptr && *link != &task) link = &(*link)->next_;
  if (*link != nullptr) *link = task.next_;
  std::optional<os::HelperThread> last;
  if (background.tasks == nullptr) last = std::exchange(background.thread, {});
  if (last) {
    background.requested = false;
    background.generation++;
    background.set_awake(false);
    background.notify();
  }
  background.unlock();
  if (last) last->join();
}

void Background::wake_up() noexcept {
  background.lock();
  background.requested = true;
  if (background.tasks != nullptr) {
    if (!background.thread) {
      const uintptr_t generation = ++background.generation;
      background.thread = os::HelperThread::start(thread_main, reinterpret_cast<void*>(generation));
    }
    if (background.thread) background.set_awake(true);
    background.notify();
  }
  background.unlock();
}

}  // namespace stave::sync

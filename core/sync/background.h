// The one background thread of the process, for work that can wait but must not wait for ever:
// pruning and reclaiming what the last calls before a silence have left behind.
//
// It is started by the first wake(), sleeps without a timeout while there is nothing to do, and
// ends with the last task. Where it cannot be started the work stays until somebody else does it:
// no task may depend on it for more than memory.
//
// Thread safety: everything may be called from any thread, but add() and remove() not by run(). In
// the child after fork() there are no tasks and no thread; the child may add its own.
#pragma once

#include <atomic>

namespace stave::sync {

class Background {
 public:
  class Task {
   public:
    // Does a bounded piece of work; called again, soon, while it answers true.
    virtual bool run() noexcept = 0;

   protected:
    ~Task() = default;

   private:
    friend class Background;
    friend struct BackgroundThread;
    Task* next_ = nullptr;
    bool leaving_ = false;
  };

  // From being idle to running the tasks, and between two rounds while something waits. What is
  // deferred is back after two rounds.
  static constexpr int kPeriodMs = 200;

  static void add(Task& task) noexcept;
  // Returns when the task is not running and will not run again. The last one takes the thread
  // along.
  static void remove(Task& task) noexcept;

  // There is work, or there are retired objects: everything is run within kPeriodMs. Cheap when the
  // thread is awake already.
  static void wake() noexcept {
    // Relaxed: the thread clears the flag before it looks for work, under the mutex that wake_up()
    // takes; a caller that still sees it set has at least one round of work to come.
    if (!awake_.load(std::memory_order_relaxed)) [[unlikely]]
      wake_up();
  }

 private:
  static void wake_up() noexcept;
  static std::atomic<bool> awake_;
  friend struct BackgroundThread;
};

}  // namespace stave::sync

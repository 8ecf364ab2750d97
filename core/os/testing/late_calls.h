// For tests: calls at the very end of a thread, when the library has cleaned up after it.
#pragma once

#include <pthread.h>

#include <functional>
#include <utility>

namespace stave::os {

// Calls from the destructor of a pthread key of the program.
class LateCalls {
 public:
  // Rounds of destructors, and those in which a thread may call for the first time: the library's
  // own destructor runs one later, or not at all. ThreadSanitizer does not work in the last of the
  // four.
#ifdef __SANITIZE_THREAD__
  static constexpr int kRounds = 3;
  static constexpr int kFirstCallRounds = 2;
#else
  static constexpr int kRounds = 4;
  static constexpr int kFirstCallRounds = 4;
#endif
  // From this round on the library has given back everything that the thread had before.
  static constexpr int kFirstAfterLeaving = 2;

  LateCalls() : is_made_(pthread_key_create(&key_, run) == 0) {}
  // REQUIRES: the thread has ended.
  ~LateCalls() {
    if (is_made_) pthread_key_delete(key_);
  }
  LateCalls(const LateCalls&) = delete;
  LateCalls& operator=(const LateCalls&) = delete;

  // Calls `call(round)` in each round, from 1 on, at the end of the calling thread.
  bool add(std::function<void(int)> call) {
    call_ = std::move(call);
    return is_made_ && pthread_setspecific(key_, this) == 0;
  }

 private:
  static void run(void* late_calls) {
    auto* const self = static_cast<LateCalls*>(late_calls);
    self->call_(++self->round_);
    if (self->round_ < kRounds) pthread_setspecific(self->key_, self);
  }

  pthread_key_t key_;
  bool is_made_;
  int round_ = 0;
  std::function<void(int)> call_;
};

}  // namespace stave::os

#include "core/os/helper_thread.h"

#include <sched.h>
#include <signal.h>

#include <memory>
#include <new>

namespace stave::os {

namespace {

struct Work {
  void (*run)(void*) noexcept;
  void* argument;
};

void* thread_main(void* argument) noexcept {
  const Work work = *std::unique_ptr<Work>(static_cast<Work*>(argument));
#ifdef SCHED_BATCH
  // Where that is refused nothing is lost but a little of the callers' time.
  const sched_param none{};
  pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
#endif
  work.run(work.argument);
  return nullptr;
}

}  // namespace

std::optional<HelperThread> HelperThread::start(void (*run)(void*) noexcept,
                                                void* argument) noexcept {
  std::unique_ptr<Work> work(new (std::nothrow) Work{run, argument});
  if (!work) return {};
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  HelperThread helper;
  const bool started = pthread_create(&helper.thread_, nullptr, thread_main, work.get()) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!started) return {};
  static_cast<void>(work.release());
  return helper;
}

}  // namespace stave::os

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
  // Only from the usual policy: to leave SCHED_IDLE would be to take more, and writers of a
  // real-time one wait for what this thread holds. Where it is refused nothing is lost but a little
  // of the callers' time.
  int policy = -1;
  sched_param parameters{};
  pthread_getschedparam(pthread_self(), &policy, &parameters);
  if (policy == SCHED_OTHER) pthread_setschedparam(pthread_self(), SCHED_BATCH, &parameters);
#endif
  work.run(work.argument);
  return nullptr;
}

}  // namespace

std::optional<HelperThread> HelperThread::start(void (*run)(void*) noexcept,
                                                void* argument) noexcept {
  std::unique_ptr<Work> work(new (std::nothrow) Work{run, argument});
  if (!work) return {};
  sigset_t for_others;
  sigset_t before;
  sigfillset(&for_others);
  // What the thread itself brings about, as where a device fails under a mapping. Blocked it would
  // end the process without the program's handler.
  for (const int fault : {SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP})
    sigdelset(&for_others, fault);
  pthread_sigmask(SIG_BLOCK, &for_others, &before);
  HelperThread helper;
  const bool started = pthread_create(&helper.thread_, nullptr, thread_main, work.get()) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!started) return {};
  static_cast<void>(work.release());
  return helper;
}

}  // namespace stave::os

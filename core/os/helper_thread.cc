#include "core/os/helper_thread.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <new>
#include <string_view>

namespace stave::os {

namespace {

struct Work {
  void (*run)(void*) noexcept;
  void* argument;
  bool is_batch_job;
};

// Whether the system is sure to take any call of this thread and of those it creates. A filter may
// end the process for one that it does not allow, and filters of hardened services often do not
// allow to set a policy.
bool is_free_to_call() noexcept {
  const int file = ::open("/proc/thread-self/status", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  std::array<char, 8192> text;
  const ssize_t size = ::read(file, text.data(), text.size());
  ::close(file);
  const std::string_view status(text.data(), size > 0 ? static_cast<size_t>(size) : 0);
  return status.find("\nSeccomp:\t0\n") != status.npos;
}

// Only from the usual policy: to leave SCHED_IDLE would be to take more, and writers of a real-time
// one wait for what this thread holds. Where it is refused nothing is lost but a little of the
// callers' time.
void become_batch_job() noexcept {
  int policy = -1;
  sched_param parameters{};
  pthread_getschedparam(pthread_self(), &policy, &parameters);
  if (policy == SCHED_OTHER) pthread_setschedparam(pthread_self(), SCHED_BATCH, &parameters);
}

void* thread_main(void* argument) noexcept {
  const Work work = *std::unique_ptr<Work>(static_cast<Work*>(argument));
  if (work.is_batch_job) become_batch_job();
  work.run(work.argument);
  return nullptr;
}

}  // namespace

std::optional<HelperThread> HelperThread::start(void (*run)(void*) noexcept,
                                                void* argument) noexcept {
  std::unique_ptr<Work> work(new (std::nothrow) Work{run, argument, is_free_to_call()});
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

#include "core/os/helper_thread.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>

#include <thread>

namespace stave::os {
namespace {

struct Seen {
  bool has_run = false;
  bool takes_signals = false;
  bool takes_faults = true;
  int policy = -1;
};

int own_policy() {
  int policy = -1;
  sched_param parameters{};
  pthread_getschedparam(pthread_self(), &policy, &parameters);
  return policy;
}

void look(void* argument) noexcept {
  auto& seen = *static_cast<Seen*>(argument);
  seen.has_run = true;
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPROF, SIGCHLD})
    if (sigismember(&blocked, signal) == 0) seen.takes_signals = true;
  for (const int signal : {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGSYS})
    if (sigismember(&blocked, signal) != 0) seen.takes_faults = false;
  seen.policy = own_policy();
}

TEST(HelperThread, LeavesSignalsAndProcessorsToTheProgram) {
  sigset_t before;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  const int policy_before = own_policy();
  Seen seen;
  const std::optional<HelperThread> helper = HelperThread::start(look, &seen);
  ASSERT_TRUE(helper);
  helper->join();
  EXPECT_TRUE(seen.has_run);
  EXPECT_FALSE(seen.takes_signals);
  EXPECT_TRUE(seen.takes_faults) << "which no other thread can take in its place";
#ifdef SCHED_BATCH
  if (policy_before == SCHED_OTHER) {
    EXPECT_EQ(seen.policy, SCHED_BATCH);
  }
#endif
  // The caller is as it was.
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  EXPECT_EQ(sigismember(&after, SIGINT), sigismember(&before, SIGINT));
  EXPECT_EQ(own_policy(), policy_before);
}

#ifdef SCHED_IDLE
// It once ran before its caller, where the caller had no more than what others left over: as root.
TEST(HelperThread, HasNoMoreThanItsCallerHas) {
  std::thread([] {
    const sched_param none{};
    ASSERT_EQ(pthread_setschedparam(pthread_self(), SCHED_IDLE, &none), 0);
    Seen seen;
    const std::optional<HelperThread> helper = HelperThread::start(look, &seen);
    ASSERT_TRUE(helper);
    helper->join();
    EXPECT_EQ(seen.policy, SCHED_IDLE);
  }).join();
}
#endif

}  // namespace
}  // namespace stave::os

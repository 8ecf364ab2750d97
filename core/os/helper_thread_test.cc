#include "core/os/helper_thread.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>

namespace stave::os {
namespace {

struct Seen {
  bool has_run = false;
  bool takes_signals = false;
  int policy = -1;
};

void look(void* argument) noexcept {
  auto& seen = *static_cast<Seen*>(argument);
  seen.has_run = true;
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPROF, SIGCHLD})
    if (sigismember(&blocked, signal) == 0) seen.takes_signals = true;
  sched_param parameters{};
  pthread_getschedparam(pthread_self(), &seen.policy, &parameters);
}

TEST(HelperThread, LeavesSignalsAndProcessorsToTheProgram) {
  sigset_t before;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  int policy_before = -1;
  sched_param parameters{};
  pthread_getschedparam(pthread_self(), &policy_before, &parameters);
  Seen seen;
  const std::optional<HelperThread> helper = HelperThread::start(look, &seen);
  ASSERT_TRUE(helper);
  helper->join();
  EXPECT_TRUE(seen.has_run);
  EXPECT_FALSE(seen.takes_signals);
#ifdef SCHED_BATCH
  EXPECT_EQ(seen.policy, SCHED_BATCH);
#endif
  // The caller is as it was.
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  EXPECT_EQ(sigismember(&after, SIGINT), sigismember(&before, SIGINT));
  int policy = -1;
  pthread_getschedparam(pthread_self(), &policy, &parameters);
  EXPECT_EQ(policy, policy_before);
}

}  // namespace
}  // namespace stave::os

#include "core/os/helper_thread.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
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
    EXPECT_EQ(seen.policy, prctl(PR_GET_SECCOMP) == 0 ? SCHED_BATCH : SCHED_OTHER);
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

// Ends the process at a call that sets a policy, from now on. False where there are no filters.
bool forbid_policies() {
  std::array<sock_filter, 4> program = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_setscheduler, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter = {program.size(), program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// systemd's SystemCallFilter=~@resources once ended a service that opened an index.
TEST(HelperThread, DoesNotCallWhatAFilterMayForbid) {
  constexpr int ran = 42;
  constexpr int no_filters = 43;
  const pid_t child = ::fork();
  if (child == 0) {
    if (!forbid_policies()) ::_exit(no_filters);
    Seen seen;
    const std::optional<HelperThread> helper = HelperThread::start(look, &seen);
    if (helper) helper->join();
    ::_exit(seen.has_run ? ran : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
  if (WEXITSTATUS(status) == no_filters) GTEST_SKIP() << "the system has no filters";
  EXPECT_EQ(WEXITSTATUS(status), ran);
}

}  // namespace
}  // namespace stave::os

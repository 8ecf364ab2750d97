#include "core/os/fork_guard.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace stave::os {
namespace {

// Runs `body` in a child; true when it returned true there.
template <typename Body>
bool true_in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(ForkGuard, KnowsItsOwnProcess) {
  const ForkGuard guard;
  const ForkGuard copy = guard;
  EXPECT_FALSE(guard.in_child());
  EXPECT_FALSE(copy.in_child());
}

TEST(ForkGuard, KnowsAChild) {
  const ForkGuard guard;
  EXPECT_TRUE(true_in_child([&] { return guard.in_child(); }));
  EXPECT_FALSE(guard.in_child());
}

TEST(ForkGuard, ChildMakesGuardsOfItsOwnAndStillKnowsItsParents) {
  const ForkGuard guard;
  EXPECT_TRUE(true_in_child([&] {
    const ForkGuard childs;
    return !childs.in_child() && guard.in_child();
  }));
}

TEST(ForkGuard, GrandchildBelongsToNeither) {
  const ForkGuard guard;
  EXPECT_TRUE(true_in_child([&] {
    const ForkGuard childs;
    return true_in_child([&] {
      const ForkGuard grandchilds;
      return guard.in_child() && childs.in_child() && !grandchilds.in_child();
    });
  }));
}

}  // namespace
}  // namespace stave::os

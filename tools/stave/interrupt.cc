#include "tools/stave/interrupt.h"

#include <atomic>
#include <csignal>

namespace stave::tool {

namespace {

std::atomic<int> noted{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may use it only then");

}  // namespace

void note_interrupts() noexcept {
  struct sigaction action {};
  action.sa_handler = [](int number) { noted = number; };
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigemptyset(&action.sa_mask);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction inherited {};
    sigaction(number, nullptr, &inherited);
    if (inherited.sa_handler != SIG_IGN) sigaction(number, &action, nullptr);
  }
  std::signal(SIGPIPE, SIG_IGN);
}

int noted_interrupt() noexcept {
  return noted;
}

}  // namespace stave::tool

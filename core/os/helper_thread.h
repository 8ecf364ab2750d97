// A thread that the library starts for itself, beside those of the program.
#pragma once

#include <pthread.h>

#include <optional>

namespace stave::os {

class HelperThread {
 public:
  // Calls run(argument) in a new thread; nothing where the system has none to give. It takes no
  // signals but its own faults, the others being for the program's own threads, and it does not
  // interrupt these: one that begins to run takes a processor that is free or its turn, as a batch
  // job does. Where the caller has another scheduling policy than the usual one, or a filter for
  // system calls, it has the caller's.
  static std::optional<HelperThread> start(void (*run)(void*) noexcept, void* argument) noexcept;

  // Waits for the end. Once.
  void join() const noexcept { pthread_join(thread_, nullptr); }

 private:
  pthread_t thread_ = {};
};

}  // namespace stave::os

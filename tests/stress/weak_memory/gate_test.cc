#include "core/sync/gate.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/stress/weak_memory/kernel_check.h"

namespace stave::weak_memory {
namespace {

// Threads 0 and 1 have words of their own, 2 and 3 share one.
struct Handle {
  sync::GateCounters<Atomic, FullBarrier, 2, 1> gate;
  NonAtomic<bool> open{true};
  Atomic<int> first_closers{0};
};

void call(Handle& handle, size_t thread) {
  auto* const word = handle.gate.enter(thread);
  if (word == nullptr) {
    note("a call is refused");
    return;
  }
  check(handle.open.read(), "a call inside a closed handle");
  if (handle.gate.closed()) note("a call outlives the closing of the gate");
  handle.gate.leave(word);
}

void close(Handle& handle) {
  const bool first = handle.gate.close();
  while (!handle.gate.drained()) note("close waits");
  if (!first) {
    note("a second close");
    return;
  }
  handle.first_closers.fetch_add(1, std::memory_order_relaxed);
  handle.open.write(false);
}

// Three threads that call, numbered from `first` on, and two that close.
void set_up(Program& program, size_t first) {
  auto handle = std::make_shared<Handle>();
  for (size_t thread = first; thread < first + 3; thread++) {
    program.thread([=] {
      for (int i = 0; i < 2; i++) call(*handle, thread);
    });
  }
  program.thread([=] { close(*handle); });
  program.thread([=] { close(*handle); });
  program.at_end([=] {
    check(handle->first_closers.load(std::memory_order_relaxed) == 1, "not one first closer");
    for (size_t thread = 0; thread < 4; thread++)
      check(handle->gate.enter(thread) == nullptr, "open again");
  });
}

TEST(WeakMemory, Gate) {
  const std::vector<std::string> notes = {"a call is refused",
                                          "a call outlives the closing of the gate", "close waits",
                                          "a second close"};
  check_kernel({.scenarios = {{.name = "calls of threads with words of their own, and two closes",
                               .set_up = [](Program& program) { set_up(program, 0); },
                               .expected_notes = notes},
                              {.name = "calls of threads that share a word, and two closes",
                               .set_up = [](Program& program) { set_up(program, 1); },
                               .expected_notes = notes}},
                // A refused call leaves: the fence before it would do, if plain accesses relied on
                // fences.
                .redundant = {"enter store(release)"}});
}

}  // namespace
}  // namespace stave::weak_memory

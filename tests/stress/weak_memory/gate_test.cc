#include "core/sync/gate.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/stress/weak_memory/kernel_check.h"

namespace stave::weak_memory {
namespace {

struct Handle {
  sync::GateCounters<Atomic, 2> gate;
  NonAtomic<bool> open{true};
  Atomic<int> first_closers{0};
};

void call(Handle& handle, size_t shard) {
  if (!handle.gate.enter(shard)) {
    note("a call is refused");
    return;
  }
  check(handle.open.read(), "a call inside a closed handle");
  if (handle.gate.closed()) note("a call outlives the closing of the gate");
  handle.gate.leave(shard);
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

void set_up(Program& program) {
  auto handle = std::make_shared<Handle>();
  for (size_t thread = 0; thread < 3; thread++) {
    program.thread([=] {
      for (int i = 0; i < 2; i++) call(*handle, thread % 2);
    });
  }
  program.thread([=] { close(*handle); });
  program.thread([=] { close(*handle); });
  program.at_end([=] {
    check(handle->first_closers.load(std::memory_order_relaxed) == 1, "not one first closer");
    check(!handle->gate.enter(0) && !handle->gate.enter(1), "open again");
  });
}

TEST(WeakMemory, Gate) {
  check_kernel({.scenarios = {{.name = "calls and two closes",
                               .set_up = set_up,
                               .expected_notes = {"a call is refused",
                                                  "a call outlives the closing of the gate",
                                                  "close waits", "a second close"}}},
                .redundant = {}});
}

}  // namespace
}  // namespace stave::weak_memory

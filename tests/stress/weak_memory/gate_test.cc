#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/sync/epoch_protocol.h"
#include "core/sync/gate_protocol.h"
#include "tests/stress/weak_memory/kernel_check.h"

namespace stave::weak_memory {
namespace {

struct Node {
  NonAtomic<Node*> next{nullptr};
};
using Epochs = sync::EpochProtocol<Atomic, FullBarrier, Node, 2, 1>;
using Gate = sync::GateProtocol<Atomic, Epochs>;

struct Handle {
  Epochs epochs;
  Gate gate;
  Gate other;
  NonAtomic<bool> open{true};
  NonAtomic<bool> taken_apart{false};
  Atomic<int> first_closers{0};
};

void use(Handle& handle) {
  check(handle.open.read(), "a call inside a closed handle");
  if (handle.gate.closed()) note("a call outlives the closing of the gate");
}

// A call that announces itself in its thread's slot, pinned or not.
void call(Handle& handle, Gate& gate, Epochs::Slot& slot, bool pinned) {
  gate.announce(slot, 0);
  if (pinned)
    handle.epochs.pin(slot);
  else
    Epochs::barrier();
  if (gate.closed())
    note("a call is refused");
  else if (&gate == &handle.gate)
    use(handle);
  Gate::withdraw(slot, 0);
  if (pinned) handle.epochs.unpin(slot);
}

void call_counted(Handle& handle) {
  if (!handle.gate.enter_counted()) {
    note("a call is refused");
    return;
  }
  use(handle);
  // What a callback of the call calls again.
  handle.gate.enter_counted_again();
  use(handle);
  handle.gate.leave_counted();
  use(handle);
  handle.gate.leave_counted();
}

void close(Handle& handle) {
  if (handle.gate.close()) {
    while (!handle.gate.drained(handle.epochs)) note("close waits");
    handle.open.write(false);
    handle.taken_apart.write(true);
    handle.first_closers.fetch_add(1, std::memory_order_relaxed);
    handle.gate.finish();
    return;
  }
  note("a second close");
  while (!handle.gate.finished()) note("close waits for another");
  check(handle.taken_apart.read(), "a second close before the end of the first");
}

void at_end(Program& program, const std::shared_ptr<Handle>& handle) {
  program.at_end([=] {
    check(handle->first_closers.load(std::memory_order_relaxed) == 1, "not one first closer");
    check(handle->gate.closed() && !handle->gate.enter_counted(), "open again");
  });
}

void calls_in_slots(Program& program) {
  auto handle = std::make_shared<Handle>();
  for (const bool pinned : {false, true}) {
    program.thread([=] {
      Epochs::Slot& slot = *handle->epochs.take_slot();
      call(*handle, handle->gate, slot, pinned);
      call(*handle, handle->other, slot, pinned);
      call(*handle, handle->gate, slot, pinned);
      handle->epochs.give_back_slot(slot);
    });
  }
  program.thread([=] { close(*handle); });
  at_end(program, handle);
}

void counted_calls(Program& program) {
  auto handle = std::make_shared<Handle>();
  for (int thread = 0; thread < 2; thread++) {
    program.thread([=] {
      call_counted(*handle);
      call_counted(*handle);
    });
  }
  program.thread([=] { close(*handle); });
  program.thread([=] { close(*handle); });
  at_end(program, handle);
}

TEST(WeakMemory, Gate) {
  check_kernel(
      {.scenarios = {{.name = "calls announced in slots, and a close",
                      .set_up = calls_in_slots,
                      .expected_notes = {"a call is refused",
                                         "a call outlives the closing of the gate", "close waits"}},
                     {.name = "counted calls, and two closes",
                      .set_up = counted_calls,
                      .expected_notes = {"a call is refused",
                                         "a call outlives the closing of the gate", "close waits",
                                         "a second close", "close waits for another"}}},
       // What only the pin of a call needs: the epoch's own test sees it fail.
       .redundant = {"pin store(release)", "unpin store(release)", "for_each_slot load(acquire)",
                     "take compare_exchange(acquire)"}});
}

}  // namespace
}  // namespace stave::weak_memory

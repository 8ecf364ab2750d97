#include "core/sync/gate.h"

#include "core/sync/backoff.h"

namespace stave::sync {

using internal::epoch_thread;
using internal::Epochs;
using internal::EpochThread;

namespace {

// What a call is answered whose thread is inside the gate already. It is let in even when close has
// begun: what the thread is inside of cannot be taken apart.
Code in_callback(Reentry reentry) noexcept {
  return reentry == Reentry::refused ? Code::busy : Code::ok;
}

}  // namespace

bool Gate::close_and_wait() noexcept {
  const bool first = protocol_.close();
  if (!first) {
    await_finished();
    return false;
  }
  // Polls instead of being woken: a call that notified would touch the gate after it has left, when
  // the closer may already have destroyed it.
  Backoff backoff;
  while (!protocol_.drained(internal::epochs)) backoff.wait();
  return true;
}

void Gate::await_finished() const noexcept {
  Backoff backoff;
  while (!protocol_.finished()) backoff.wait();
}

bool Gate::is_among_entries_of(const EpochThread& thread) const noexcept {
  for (uint32_t i = 0; i < thread.inside; i++) {
    // Relaxed: this thread stored it.
    if (thread.slot->inside[i].load(std::memory_order_relaxed) == &protocol_) return true;
  }
  for (const auto* entry = static_cast<const Entry*>(thread.counted); entry != nullptr;
       entry = entry->outer_counted_) {
    bool found = false;
    entry->gate_->for_each([&](const Gate& each) { return !(found = &each == this); });
    if (found) return true;
  }
  return false;
}

// A call from inside a callback, or of a thread that has no slot.
Code Gate::Entry::enter_nested(Gate& gate, Reentry reentry) noexcept {
  EpochThread& thread = epoch_thread;
  if (thread.slot == nullptr) internal::take_slot(thread);
  if (thread.slot == nullptr || thread.inside + kDepthMax > Epochs::kInsideMax)
    return enter_counted(gate, reentry);
  // What the thread is inside of without this call.
  const EpochThread before = thread;
  announce(gate, thread);
  Epochs::barrier();
  // Only now are the gates above an open one sure to live while they are asked.
  Code refusal = Code::ok;
  gate.for_each([&](const Gate& each) {
    if (each.is_among_entries_of(before))
      refusal = in_callback(reentry);
    else if (each.closed())
      refusal = Code::closed;
    return refusal == Code::ok;
  });
  if (refusal != Code::ok) leave();
  return refusal;
}

Code Gate::Entry::enter_counted(Gate& gate, Reentry reentry) noexcept {
  Code refusal = Code::ok;
  const uint32_t depth = gate.for_each([&](Gate& each) {
    if (each.entered_by_this_thread()) {
      refusal = in_callback(reentry);
      if (refusal == Code::ok) each.protocol_.enter_counted_again();
    } else if (!each.protocol_.enter_counted()) {
      refusal = Code::closed;
    }
    return refusal == Code::ok;
  });
  if (refusal != Code::ok) {
    leave_gates(gate, depth - 1);
    return refusal;
  }
  gate_ = &gate;
  outer_counted_ = static_cast<const Entry*>(epoch_thread.counted);
  epoch_thread.counted = this;
  return Code::ok;
}

// The gate itself last: that lets its closer go on, and with it those above it.
void Gate::Entry::leave_gates(Gate& gate, uint32_t depth) noexcept {
  while (depth > 1) gate.parents_[--depth - 1]->protocol_.leave_counted();
  if (depth == 1) gate.protocol_.leave_counted();
}

void Gate::Entry::leave_counted() noexcept {
  epoch_thread.counted = outer_counted_;
  leave_gates(*gate_, gate_->for_each([](const Gate&) { return true; }));
  gate_ = nullptr;
}

}  // namespace stave::sync

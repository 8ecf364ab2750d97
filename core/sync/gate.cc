#include "core/sync/gate.h"

#include "core/sync/backoff.h"

namespace stave::sync {

using internal::epoch_thread;
using internal::Epochs;
using internal::EpochThread;

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
  if (reentry == Reentry::refused) {
    bool busy = false;
    gate.for_each([&](const Gate& each) {
      busy = each.is_among_entries_of(thread);
      // What is above a closed gate need not be there any more.
      return !busy && !each.closed();
    });
    if (busy) return Code::busy;
  }
  if (thread.slot == nullptr) internal::take_slot_of(thread);
  if (thread.slot == nullptr || thread.inside + kDepthMax > Epochs::kInsideMax)
    return enter_counted(gate);
  slot_ = thread.slot;
  const uint32_t outer = thread.inside;
  announce(gate, thread);
  Epochs::barrier();
  // Let in where a gate is closed, too, if the thread was inside it before: what it is inside
  // cannot be taken apart. Asked without the announcements that have just been made.
  EpochThread before = thread;
  before.inside = outer;
  bool refused = false;
  gate.for_each([&](const Gate& each) {
    refused = each.closed() && !each.is_among_entries_of(before);
    return !refused;
  });
  if (!refused) return Code::ok;
  leave();
  return Code::closed;
}

Code Gate::Entry::enter_counted(Gate& gate) noexcept {
  bool refused = false;
  const uint32_t depth = gate.for_each([&](Gate& each) {
    if (each.protocol_.enter_counted()) return true;
    refused = !each.entered_by_this_thread();
    if (!refused) each.protocol_.enter_counted_again();
    return !refused;
  });
  if (refused) {
    leave_gates(gate, depth - 1);
    return Code::closed;
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

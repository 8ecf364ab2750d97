#include "core/sync/gate.h"

#include "core/sync/backoff.h"

namespace stave::sync {

bool Gate::close_and_wait() noexcept {
  const bool first = counters_.close();
  // Polls instead of being woken, here and below: a leave() that notified would touch the gate
  // after the call has left, when the closer may already have destroyed it.
  Backoff backoff;
  while (!counters_.drained() || internal::epochs.is_visited(this)) backoff.wait();
  return first;
}

bool SmallGate::close_and_wait() noexcept {
  const bool first = counters_.close();
  Backoff backoff;
  while (!counters_.drained()) backoff.wait();
  return first;
}

}  // namespace stave::sync

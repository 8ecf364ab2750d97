#include "capi/handle.h"

#include <stave/stave.h>

#include <string>
#include <utility>

#include "capi/barrier.h"
#include "core/sync/striped_counter.h"

namespace stave::capi {

namespace {

// Pins are made and freed as often as values are read, and by any thread.
constinit sync::StripedCounter live;

}  // namespace

Handle::Handle(HandleKind kind, Handle* parent) noexcept
    : kind_(kind), gate_(parent != nullptr ? &parent->gate_ : nullptr), parent_(parent) {
  live.add(1);
}

Handle::~Handle() {
  if (!is(HandleKind::freed)) mark_freed();
}

Handle::Hold::Hold(Handle* handle) noexcept : handle_(handle) {
  // Relaxed: the call that this happens in keeps the handle from being closed.
  if (handle_ != nullptr) handle_->holds_.fetch_add(1, std::memory_order_relaxed);
}

void Handle::Hold::reset() noexcept {
  Handle* const handle = std::exchange(handle_, nullptr);
  if (handle != nullptr) handle->release_hold();
}

void Handle::mark_freed() noexcept {
  kind_.store(HandleKind::freed, std::memory_order_relaxed);
  live.add(-1);
}

Status Handle::close(sync::Reentry in_callback_of_parent) noexcept {
  if (gate_.entered_by_this_thread()) return Code::busy;
  if (in_callback_of_parent == sync::Reentry::refused && !gate_.closed() &&
      gate_.parent_entered_by_this_thread())
    return Code::busy;
  return shut();
}

void Handle::free() noexcept {
  if (gate_.entered_by_this_thread()) return;
  static_cast<void>(shut());
  mark_freed();
  release_memory();
}

Status Handle::shut() noexcept {
  if (!try_hold()) {
    gate_.await_finished();
    return {};
  }
  Status status;
  bool is_first;
  {
    // From here on the parent does not close, unless its own parent is closed. If it has begun to,
    // this waits for the end of that, but in a callback of the parent's, which that waits for in
    // turn. Before the gate is shut: such a callback may close this handle, too, and must not wait
    // for a thread that waits for the parent.
    sync::Gate::Entry inside_parent;
    Handle* const parent = parent_.get();
    if (parent != nullptr &&
        inside_parent.enter(parent->gate_, sync::Reentry::allowed, sync::Pinned::no) != Code::ok &&
        parent->gate_.closed())
      parent->gate_.await_finished();
    is_first = gate_.close_and_wait();
    if (is_first) {
      status = caught([this] { return close_core(); });
      release_hold();
    }
    release_hold();
  }
  if (is_first) {
    gate_.finish_close();
    after_close();
  }
  return status;
}

bool Handle::try_hold() noexcept {
  // Relaxed: it only keeps what the caller has already.
  uint32_t holds = holds_.load(std::memory_order_relaxed);
  while (holds != 0 && !holds_.compare_exchange_weak(holds, holds + 1, std::memory_order_relaxed,
                                                     std::memory_order_relaxed)) {
  }
  return holds != 0;
}

void Handle::release_hold() noexcept {
  // Release, and acquire for the last one: what the others have done with the core comes before its
  // end.
  if (holds_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  destroy_core();
  parent_.reset();
  release_memory();
}

void Handle::release_memory() noexcept {
  // As in release_hold().
  if (memory_holds_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

uint64_t Handle::live_count() noexcept {
  return live.sum();
}

Status not_this_handle(std::string_view name) {
  return invalid_argument(std::string(name) + " is not a handle of this kind, or freed");
}

}  // namespace stave::capi

uint64_t stave_live_handles(void) {
  return stave::capi::Handle::live_count();
}

// What every object that C sees through an opaque pointer begins with, and how a call gets in.
//
// A handle is checked in this order: NULL or of another kind or freed (as far as that can be seen:
// invalid_argument), made by a parent process (forked), running a callback in this thread (busy),
// closed. The last two are the business of the handle's gate (core/sync/gate.h), which a call stays
// inside of until it returns, so that close can wait for it.
//
// A forked child has a copy of the parent's memory in which locks may be held by threads that do
// not exist and structures may be half changed, and file descriptors that are the parent's. So in a
// child only the handle's own first bytes are touched: calls are refused, and free leaves the
// memory, which is the parent's until one of both writes to it, to the end of the process.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

#include "capi/error.h"
#include "core/base/status.h"
#include "core/os/fork_guard.h"
#include "core/sync/gate.h"

namespace stave::capi {

// Written at the start of a handle's memory; unlikely as text, pointers and sizes.
enum class HandleKind : uint32_t {
  freed = 0x9D5AF4EE,
  store = 0x9D5A5704,
  batch = 0x9D5ABA7C,
  cursor = 0x9D5AC025,
  pin = 0x9D5A0914,
  cow_map = 0x9D5AC03A,
  cow_map_cursor = 0x9D5AC0C5,
  cow_map_diff = 0x9D5AC0D1,
  index = 0x9D5A14DE,
  index_cursor = 0x9D5A1DC0,
  disk_index = 0x9D5AD151,
  disk_index_cursor = 0x9D5AD15C,
  memtable = 0x9D5A3E3B,
  memtable_transaction = 0x9D5A37A4,
  memtable_snapshot = 0x9D5A3540,
  memtable_cursor = 0x9D5A3C25,
};

class Handle {
 public:
  explicit Handle(HandleKind kind) noexcept;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  bool is(HandleKind kind) const noexcept {
    // Relaxed, here and in mark_freed(): a freed handle that is used is a bug of the caller, which
    // is detected when it can be; nothing is ordered by it.
    return kind_.load(std::memory_order_relaxed) == kind;
  }
  bool in_forked_child() const noexcept { return fork_guard_.in_child(); }
  bool surely_in_own_process() const noexcept { return fork_guard_.surely_not_in_child(); }

  // For calls whose nanoseconds count: from set_simple() on, until set_not_simple() or the end of
  // the handle, is_simple() says at one glance that the handle is_usable() in this process, and
  // whatever else `salt` stands for. A salt belongs to one kind and is not 0.
  void set_simple(uint32_t salt) noexcept {
    simple_.store(fork_guard_.mark(salt), std::memory_order_relaxed);
  }
  void set_not_simple() noexcept { simple_.store(0, std::memory_order_relaxed); }
  bool is_simple(uint32_t salt) const noexcept {
    // Relaxed: as is(). A call that comes beside set_not_simple() is one that came before.
    return os::ForkGuard::is_marked(simple_.load(std::memory_order_relaxed), salt);
  }

  // The handle is no more, though its memory may be.
  void mark_freed() noexcept;

  // Handles made, and neither destroyed nor marked.
  static uint64_t live_count() noexcept;

 protected:
  ~Handle() { mark_freed(); }

 private:
  // Atomic so that the store before the memory is given back is not optimised away.
  std::atomic<HandleKind> kind_;
  std::atomic<uint32_t> simple_{0};
  os::ForkGuard fork_guard_;
};

// invalid_argument: what was passed as `name` is something else.
[[gnu::cold]] Status not_this_handle(std::string_view name);

// Whether check() passes: for functions whose nanoseconds count, which ask check() only when this
// says no, also where check() then passes.
template <typename HandleType>
bool is_usable(const HandleType* handle) noexcept {
  return handle != nullptr && handle->is(HandleType::kind) && handle->surely_in_own_process();
}

// `HandleType` has the constants kind and name.
template <typename HandleType>
Status check(const HandleType* handle) {
  if (handle == nullptr) [[unlikely]]
    return null_argument(HandleType::name);
  if (!handle->is(HandleType::kind)) [[unlikely]]
    return not_this_handle(HandleType::name);
  if (handle->in_forked_child()) [[unlikely]]
    return Code::forked;
  return {};
}

// Whether free() has something to close and delete. Not when `handle` is NULL or not such a handle,
// and not in a forked child, where it is marked freed.
template <typename HandleType>
bool begin_free(HandleType* handle) noexcept {
  if (handle == nullptr || !handle->is(HandleType::kind)) return false;
  if (!handle->in_forked_child()) return true;
  handle->mark_freed();
  return false;
}

// One call inside a gate, from enter() until the end of the scope.
class Inside {
 public:
  Status enter(sync::Gate& gate) noexcept {
    if (gate.entered_by_this_thread()) [[unlikely]]
      return Code::busy;
    entry_.emplace(gate);
    if (!*entry_) [[unlikely]]
      return Code::closed;
    return {};
  }
  // The same for a call that a callback of the handle may make. When the handle is closed
  // meanwhile, that waits for the call which runs the callback, and so for this one too.
  Status enter_nested(sync::Gate& gate) noexcept {
    entry_.emplace(gate);
    if (!*entry_ && !gate.entered_by_this_thread()) [[unlikely]]
      return Code::closed;
    return {};
  }

 private:
  std::optional<sync::Gate::Entry> entry_;
};

}  // namespace stave::capi

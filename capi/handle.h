// What every object that C sees through an opaque pointer is, how a call gets in, and how it ends.
//
// A handle owns an object of the core. It is checked in this order: NULL, of another kind or freed
// (as far as that can be seen: invalid_argument), made by a parent process (forked), running a
// callback in this thread (busy), closed. The last two are the business of its gate
// (core/sync/gate.h), which a call stays inside of until it returns, so that close can wait for it.
//
// Children. A cursor, a transaction or a snapshot names its parent. A call on a child is inside the
// parent's gate too, so that closing the parent waits for it and refuses it from then on. The child
// keeps the parent's core and memory, whatever becomes of the parent's handle, until the child is
// closed and has no children of its own.
//
//   close   shuts the gate, waits for the calls inside, and ends what the core has to end; then the
//           core's object is destroyed, unless children are open: then by the last of them
//   free    closes, and gives the memory back when nobody needs it any more
//
// A forked child has a copy of the parent's memory in which locks may be held by threads that do
// not exist and structures may be half changed, and file descriptors that are the parent's. So in a
// child only the handle's own first bytes are touched: calls are refused, and free leaves the
// memory, which is the parent's until one of both writes to it, to the end of the process.
//
// Thread safety: close from any thread, repeatedly, beside calls; free once, with no call inside.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "capi/error.h"
#include "core/base/status.h"
#include "core/os/fork_guard.h"
#include "core/sync/gate.h"

namespace stave::capi {

// Written near the start of a handle's memory; unlikely as text, pointers and sizes.
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
  // Keeps a handle's core and memory until it is reset, whatever becomes of the handle. Made inside
  // a call on the handle.
  class Hold {
   public:
    explicit Hold(Handle* handle) noexcept;
    ~Hold() { reset(); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

    Handle* get() const noexcept { return handle_; }
    Handle* operator->() const noexcept { return handle_; }
    void reset() noexcept;

   private:
    Handle* handle_;
  };

  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  bool is(HandleKind kind) const noexcept {
    // Relaxed, here and in mark_freed(): a freed handle that is used is a bug of the caller, which
    // is detected when it can be; nothing is ordered by it.
    return kind_.load(std::memory_order_relaxed) == kind;
  }
  bool in_forked_child() const noexcept { return fork_guard_.in_child(); }
  sync::Gate& gate() noexcept { return gate_; }

  // A call at the same time or later waits for the first and is ok. busy inside a callback of this
  // handle, and of its parent's unless that is allowed.
  Status close(sync::Reentry in_callback_of_parent) noexcept;
  // Closes it and gives the memory back. Inside a callback of this very handle, where neither can
  // be done, it is left as it is.
  void free() noexcept;
  // The same in a forked child: the handle is no more, though its memory is.
  void mark_freed() noexcept;

  // Handles made, and neither destroyed nor marked.
  static uint64_t live_count() noexcept;

  // What families may say otherwise: may a callback of a call make another one?
  static constexpr sync::Reentry reentry = sync::Reentry::refused;

 protected:
  // Inside a call on `parent`, if there is one.
  explicit Handle(HandleKind kind, Handle* parent = nullptr) noexcept;
  virtual ~Handle();

 private:
  // Called by the first close, with no call inside, and not while the parent closes (but for one
  // whose own parent is closed).
  virtual Status close_core() { return {}; }
  // Called once, when this is closed and no child is open.
  virtual void destroy_core() noexcept = 0;
  // Called by the first close at its very end. Runs code of the caller.
  virtual void after_close() noexcept {}

  Status shut() noexcept;
  // False when the core has been destroyed. Pairs with release_hold().
  bool try_hold() noexcept;
  void release_hold() noexcept;
  void release_memory() noexcept;

  // Atomic so that the store before the memory is given back is not optimised away.
  std::atomic<HandleKind> kind_;
  os::ForkGuard fork_guard_;
  sync::Gate gate_;
  Hold parent_;  // until the core has been destroyed
  // One for this handle until it is closed, one for each child, and one for each thread that
  // closes. At 0 the core is destroyed.
  std::atomic<uint32_t> holds_{1};
  // One until free(), and one until `holds_` is 0. At 0 the memory is given back.
  std::atomic<uint32_t> memory_holds_{2};
};

// A handle whose core is behind a std::unique_ptr, a std::optional, or what else has reset().
template <typename Pointer>
class CoreHandle : public Handle {
 public:
  // Changes only before the first call, and when no call is inside.
  Pointer core{};

 protected:
  using Handle::Handle;

 private:
  void destroy_core() noexcept override { core.reset(); }
};

// invalid_argument: what was passed as `name` is something else.
[[gnu::cold]] Status not_this_handle(std::string_view name);

// `HandleType` has the constants kind and name.
template <typename HandleType>
[[gnu::always_inline]] inline Status check(const HandleType* handle) {
  if (handle == nullptr) [[unlikely]]
    return null_argument(HandleType::name);
  if (!handle->is(HandleType::kind)) [[unlikely]]
    return not_this_handle(HandleType::name);
  if (handle->in_forked_child()) [[unlikely]]
    return Code::forked;
  return {};
}

// How a call uses the handle.
enum class Access : uint8_t {
  any,     // may wait, and may run code of the caller
  nested,  // likewise, and may come from a callback of the handle
  brief,   // does neither
  read,    // does neither, and may come from a callback of the handle
};

// One call of a function of the C interface, from enter() until the end of the scope.
template <typename HandleType>
class Call {
 public:
  // Inline in every call, as is what it calls: this is what all of them pay.
  [[gnu::always_inline]] Status enter(HandleType* handle, Access access = Access::any) {
    STAVE_TRY(check(handle));
    handle_ = handle;
    const bool may_nest = access == Access::nested || access == Access::read;
    const bool is_brief = access == Access::brief || access == Access::read;
    return entry_.enter(handle->gate(), may_nest ? sync::Reentry::allowed : HandleType::reentry,
                        is_brief ? sync::Pinned::yes : sync::Pinned::no);
  }
  HandleType& handle() noexcept { return *handle_; }
  auto& core() noexcept { return *handle_->core; }

 private:
  HandleType* handle_ = nullptr;
  sync::Gate::Entry entry_;
};

// The functions stave_x_close and stave_x_free.
template <typename HandleType>
Status close_handle(HandleType* handle) {
  if (handle == nullptr) return {};
  STAVE_TRY(check(handle));
  return handle->close(HandleType::reentry);
}
template <typename HandleType>
void free_handle(HandleType* handle) noexcept {
  if (handle == nullptr || !handle->is(HandleType::kind)) return;
  if (handle->in_forked_child())
    handle->mark_freed();
  else
    handle->free();
}

}  // namespace stave::capi

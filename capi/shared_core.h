// What stands behind the handle of a store or a disk index, both of which have cursors: a part that
// outlives close and one that does not.
//
// The handle -> SharedCore (the gate, shared with cursors) -> the core's object.
// Closing ends the core's object and lets go of it; cursors hold on to it, dead as it is, until
// they are closed, because the bytes that a cursor stands on may be its. The SharedCore lives until
// the handle and all cursors are freed, since a refused call touches the gate.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "core/base/status.h"
#include "core/sync/gate.h"

namespace stave::capi {

template <typename Core>
class SharedCore {
 public:
  // Once, before the first call.
  void adopt(std::unique_ptr<Core> core) noexcept {
    Core* const address = core.get();
    *owner_ = std::move(core);
    core_ = std::shared_ptr<Core>(std::move(owner_), address);
  }

  sync::Gate& gate() noexcept { return gate_; }
  // Only inside the gate.
  Core& core() noexcept { return *core_; }
  const std::shared_ptr<Core>& shared() const noexcept { return core_; }

  // Busy inside a callback. A call at the same time or later waits and is ok.
  Status close() {
    if (gate_.entered_by_this_thread()) return Code::busy;
    gate_.close_and_wait();
    const std::lock_guard lock(close_mutex_);
    if (!core_) return {};
    // Let go of it first: closed it is, whatever happens.
    const std::shared_ptr<Core> core = std::move(core_);
    return core->close();
  }
  // Ends a cursor, and the object behind it when that is closed and this was its last cursor. Not
  // while the object closes: that runs alone.
  template <typename Cursor>
  void destroy(std::unique_ptr<Cursor>& cursor, std::shared_ptr<Core>& core) noexcept {
    const std::lock_guard lock(close_mutex_);
    cursor.reset();
    core.reset();
  }

 private:
  sync::Gate gate_;
  std::mutex close_mutex_;  // held while the core's object closes
  // Allocated ahead, so that adopt() cannot fail.
  std::shared_ptr<std::unique_ptr<Core>> owner_ = std::make_shared<std::unique_ptr<Core>>();
  std::shared_ptr<Core> core_;  // null once closed; changes only behind the shut gate
};

}  // namespace stave::capi

// What stands behind stave_store: a part that outlives close and one that does not.
//
// stave_store (the handle) -> StoreState (gate, shared with cursors) -> store::Store (the core's).
// Closing ends the core's store and lets go of it; cursors hold on to the object, dead as it is,
// until they are closed, because the bytes that a cursor stands on may be its. The state lives
// until the handle and all cursors are freed, since a refused call touches the gate.
#pragma once

#include <stave/store.h>

#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "capi/handle.h"
#include "core/base/status.h"
#include "core/store/store.h"
#include "core/sync/gate.h"

namespace stave::capi {

class StoreState {
 public:
  // Once, before the first call.
  void adopt(std::unique_ptr<store::Store> store) noexcept {
    store::Store* const address = store.get();
    *owner_ = std::move(store);
    store_ = std::shared_ptr<store::Store>(std::move(owner_), address);
  }

  sync::Gate& gate() noexcept { return gate_; }
  // Only inside the gate.
  store::Store& store() noexcept { return *store_; }
  const std::shared_ptr<store::Store>& shared_store() const noexcept { return store_; }

  // See stave_store_close. A call at the same time or later waits and is ok.
  Status close();
  // Ends a cursor, and the store behind it when that is closed and this was its last cursor. Not
  // while the store closes: that runs alone.
  void destroy(std::unique_ptr<store::Cursor>& cursor,
               std::shared_ptr<store::Store>& store) noexcept;

 private:
  sync::Gate gate_;
  std::mutex close_mutex_;  // held while the core's store closes
  // Allocated ahead, so that adopt() cannot fail.
  std::shared_ptr<std::unique_ptr<store::Store>> owner_ =
      std::make_shared<std::unique_ptr<store::Store>>();
  std::shared_ptr<store::Store> store_;  // null once closed; changes only behind the shut gate
};

}  // namespace stave::capi

struct stave_store final : stave::capi::Handle {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::store;
  static constexpr std::string_view name = "store";

  stave_store() noexcept : Handle(kind) {}

  std::shared_ptr<stave::capi::StoreState> state;
};

namespace stave::capi {

// One call of a function that takes a store.
class StoreCall {
 public:
  Status enter(stave_store* handle) {
    STAVE_TRY(check(handle));
    STAVE_TRY(inside_.enter(handle->state->gate()));
    state_ = handle->state.get();
    return {};
  }
  store::Store& store() noexcept { return state_->store(); }
  StoreState& state() noexcept { return *state_; }

 private:
  Inside inside_;
  StoreState* state_ = nullptr;
};

}  // namespace stave::capi

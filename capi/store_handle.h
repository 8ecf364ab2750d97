// stave_store, a SharedCore of the core's store, and how a call gets in.
#pragma once

#include <stave/store.h>

#include <memory>
#include <string_view>

#include "capi/handle.h"
#include "capi/shared_core.h"
#include "core/base/status.h"
#include "core/store/store.h"

namespace stave::capi {

using SharedStore = SharedCore<store::Store>;

}  // namespace stave::capi

struct stave_store final : stave::capi::Handle {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::store;
  static constexpr std::string_view name = "store";

  stave_store() noexcept : Handle(kind) {}

  // For the calls whose nanoseconds count, while is_simple() with this: the store has mapped reads
  // and has not been closed.
  static constexpr auto simple_reads = static_cast<uint32_t>(kind) ^ 0x08000000;
  // What `state` has, without the way through it; used only inside the gate.
  stave::sync::Gate* gate = nullptr;
  const stave::store::MappedReads* mapped_reads = nullptr;

  std::shared_ptr<stave::capi::SharedStore> state;
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
  store::Store& store() noexcept { return state_->core(); }
  SharedStore& state() noexcept { return *state_; }

 private:
  Inside inside_;
  SharedStore* state_ = nullptr;
};

}  // namespace stave::capi

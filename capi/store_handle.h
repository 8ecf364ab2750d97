// stave_store, and how a call gets in.
#pragma once

#include <stave/store.h>

#include <memory>
#include <string_view>

#include "capi/handle.h"
#include "core/base/status.h"
#include "core/store/store.h"

struct stave_store final : stave::capi::CoreHandle<std::unique_ptr<stave::store::Store>> {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::store;
  static constexpr std::string_view name = "store";

  stave_store() noexcept : CoreHandle(kind) {}

 private:
  stave::Status close_core() override { return core->close(); }
};

namespace stave::capi {

// One call of a function that takes a store.
class StoreCall : public Call<stave_store> {
 public:
  store::Store& store() noexcept { return core(); }
};

}  // namespace stave::capi

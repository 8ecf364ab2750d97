// What stands behind stave_batch.
#pragma once

#include <stave/store.h>

#include <memory>
#include <string_view>

#include "capi/handle.h"
#include "core/base/status.h"
#include "core/store/batch.h"

struct stave_batch final : stave::capi::Handle {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::batch;
  static constexpr std::string_view name = "batch";

  stave_batch() noexcept : Handle(kind) {}

  stave::store::Batch entries;

 private:
  // A garbage collector may be late to free a closed batch: only a shell is left until then.
  void destroy_core() noexcept override { entries = stave::store::Batch(); }
};

namespace stave::capi {

using BatchCall = Call<stave_batch>;

}  // namespace stave::capi

// What stands behind stave_batch.
#pragma once

#include <stave/store.h>

#include <memory>
#include <string_view>

#include "capi/handle.h"
#include "core/base/status.h"
#include "core/store/batch.h"
#include "core/sync/gate.h"

struct stave_batch final : stave::capi::Handle {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::batch;
  static constexpr std::string_view name = "batch";

  stave_batch() noexcept : Handle(kind) {}

  stave::sync::Gate gate;
  stave::store::Batch entries;
};

namespace stave::capi {

// One call of a function that takes a batch.
class BatchCall {
 public:
  Status enter(stave_batch* batch) {
    STAVE_TRY(check(batch));
    return inside_.enter(batch->gate);
  }

 private:
  Inside inside_;
};

}  // namespace stave::capi

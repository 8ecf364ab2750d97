// stave_cow_map, and what its options mean to the core.
#pragma once

#include <stave/cow_map.h>

#include <optional>
#include <string_view>

#include "capi/handle.h"
#include "core/base/status.h"
#include "core/cow_map/map.h"

// The core's map lies in the handle, so that a clone is one allocation. Callbacks of changes may
// make calls: the core refuses those that change the map. Calls that do not take the map's lock,
// whose holder may be in a callback, are brief.
struct stave_cow_map final : stave::capi::CoreHandle<std::optional<stave::cow_map::Map>> {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::cow_map;
  static constexpr std::string_view name = "map";
  static constexpr stave::sync::Reentry reentry = stave::sync::Reentry::allowed;

  stave_cow_map() noexcept : CoreHandle(kind) { core.emplace(); }

 private:
  stave::Status close_core() override { return core->close(); }
};

namespace stave::capi {

// `options` may be null: the defaults.
Result<cow_map::Options> cow_map_options(const stave_cow_map_options* options);
Status write_cow_map_options(const cow_map::Options& options, stave_cow_map_options* to);

}  // namespace stave::capi

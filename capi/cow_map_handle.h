// stave_cow_map, and how a call gets in. The core's map lies in the handle, so that a clone is one
// allocation.
#pragma once

#include <stave/cow_map.h>

#include <cstring>
#include <string_view>

#include "capi/handle.h"
#include "core/base/bytes.h"
#include "core/cow_map/map.h"

struct stave_cow_map final : stave::capi::Handle {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::cow_map;
  static constexpr std::string_view name = "map";
  static constexpr stave::sync::Reentry reentry = stave::sync::Reentry::allowed;

  stave_cow_map() noexcept : Handle(kind) {}

  stave::cow_map::Map map;

 private:
  stave::Status close_core() override { return map.close(); }
  void destroy_core() noexcept override {}
};

namespace stave::capi {

// One call of a function that takes a map. Callbacks of changes may make calls: the core refuses
// those that change the map.
class CowMapCall : public Call<stave_cow_map> {
 public:
  // For calls that do not take the map's lock: its holder may be in a callback.
  Status enter_to_read(stave_cow_map* handle) { return enter(handle, sync::Pinned::yes); }
};

// Most values that lie in their slots have eight bytes: a move instead of a call.
inline void copy_value(std::byte* destination, Bytes value) noexcept {
  if (value.size() == sizeof(uint64_t)) {
    std::memcpy(destination, value.data(), sizeof(uint64_t));
  } else {
    copy(destination, value);
  }
}

// `options` may be null: the defaults.
Result<cow_map::Options> cow_map_options(const stave_cow_map_options* options);
Status write_cow_map_options(const cow_map::Options& options, stave_cow_map_options* to);

}  // namespace stave::capi

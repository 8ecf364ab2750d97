// What stands behind stave_cow_map.
//
// The handle holds the core's map itself, so that a clone is one allocation. It needs no gate:
// reads are inside the map's epoch pin and find it open or closed, writes are inside its mutex, and
// neither leaves anything behind that close would have to wait for.
#pragma once

#include <stave/cow_map.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <string_view>

#include "capi/handle.h"
#include "core/base/bytes.h"
#include "core/cow_map/map.h"

namespace stave::capi {

// Whether a map is closed, for its cursors and diffs, which may outlive it.
using ClosedFlag = std::atomic<bool>;

}  // namespace stave::capi

struct stave_cow_map final : stave::capi::Handle {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::cow_map;
  static constexpr std::string_view name = "map";

  stave_cow_map() noexcept : Handle(kind) {}

  // Of this map, made when it is first asked for. May throw bad_alloc.
  std::shared_ptr<const stave::capi::ClosedFlag> closed_flag() {
    const std::lock_guard lock(flag_mutex_);
    if (!flag_) flag_ = std::make_shared<stave::capi::ClosedFlag>(false);
    return flag_;
  }
  stave::Status close() {
    STAVE_TRY(map.close());
    const std::lock_guard lock(flag_mutex_);
    // Relaxed: the cursor's call learns nothing else from it.
    if (flag_) flag_->store(true, std::memory_order_relaxed);
    return {};
  }

  stave::cow_map::Map map;

 private:
  std::mutex flag_mutex_;
  std::shared_ptr<stave::capi::ClosedFlag> flag_;
};

namespace stave::capi {

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

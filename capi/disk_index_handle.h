// stave_disk_index, a SharedCore of the core's index, and how a call gets in.
#pragma once

#include <stave/disk_index.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "capi/error.h"
#include "capi/handle.h"
#include "capi/shared_core.h"
#include "core/base/status.h"
#include "core/disk_index/disk_index.h"

namespace stave::capi {

class SharedDiskIndex final : public SharedCore<disk_index::DiskIndex> {
 public:
  // Once, before the first call.
  void adopt(std::unique_ptr<disk_index::DiskIndex> index,
             const stave_disk_index_options& options) noexcept {
    SharedCore::adopt(std::move(index));
    options_ = options;
    options_.record_size = core().record_size();
  }
  // In force; the record size is the file's.
  const stave_disk_index_options& options() const noexcept { return options_; }

 private:
  stave_disk_index_options options_{};
};

}  // namespace stave::capi

struct stave_disk_index final : stave::capi::Handle {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::disk_index;
  static constexpr std::string_view name = "index";

  stave_disk_index() noexcept : Handle(kind) {}

  std::shared_ptr<stave::capi::SharedDiskIndex> state;
};

namespace stave::capi {

// One call of a function that takes an index.
class DiskIndexCall {
 public:
  Status enter(stave_disk_index* handle) {
    STAVE_TRY(check(handle));
    STAVE_TRY(inside_.enter(handle->state->gate()));
    state_ = handle->state.get();
    return {};
  }
  disk_index::DiskIndex& index() noexcept { return state_->core(); }
  SharedDiskIndex& state() noexcept { return *state_; }

 private:
  Inside inside_;
  SharedDiskIndex* state_ = nullptr;
};

inline Status require_disk_index_key(const void* key, size_t size) {
  if (key != nullptr && size == disk_index::key_size) [[likely]]
    return {};
  if (key == nullptr) return invalid_argument("key is NULL");
  return invalid_argument("key_size is " + std::to_string(size) + "; keys have 16 bytes");
}

inline Status require_record(const disk_index::DiskIndex& index, const void* record, size_t size) {
  if (record != nullptr && size == index.record_size()) [[likely]]
    return {};
  if (record == nullptr) return invalid_argument("record is NULL");
  return invalid_argument("record_size is " + std::to_string(size) +
                          "; records of this index have " + std::to_string(index.record_size()) +
                          " bytes");
}

inline disk_index::Key disk_index_key(const void* key) noexcept {
  return disk_index::load_key(static_cast<const std::byte*>(key));
}

// `options` may be null; the answer is a whole, valid struct of this version.
Result<stave_disk_index_options> disk_index_options(const stave_disk_index_options* options);
disk_index::Options core_options(const stave_disk_index_options& options) noexcept;
Status write_disk_index_options(const stave_disk_index_options& options,
                                stave_disk_index_options* to);

}  // namespace stave::capi

// stave_disk_index, and what its arguments mean to the core.
#pragma once

#include <stave/disk_index.h>

#include <memory>
#include <string>
#include <string_view>

#include "capi/calls.h"
#include "capi/error.h"
#include "capi/handle.h"
#include "core/base/status.h"
#include "core/disk_index/disk_index.h"

struct stave_disk_index final
    : stave::capi::CoreHandle<std::unique_ptr<stave::disk_index::DiskIndex>> {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::disk_index;
  static constexpr std::string_view name = "index";

  stave_disk_index() noexcept : CoreHandle(kind) {}

  stave_disk_index_options options{};  // in force; the record size is the file's

 private:
  stave::Status close_core() override { return core->close(); }
};

namespace stave::capi {

inline Status read_key(const void* key, size_t size, disk_index::Key* read) {
  if (key != nullptr && size == disk_index::key_size) [[likely]] {
    *read = disk_index::load_key(static_cast<const std::byte*>(key));
    return {};
  }
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

// `options` may be null; the answer is a whole, valid struct of this version.
Result<stave_disk_index_options> disk_index_options(const stave_disk_index_options* options);
disk_index::Options core_options(const stave_disk_index_options& options) noexcept;

}  // namespace stave::capi

// stave_index and its cursor. The resolver may call what only reads (Access::read). Writes of one
// key are brief; what concerns all of an index may wait (Access::any).
#pragma once

#include <stave/index.h>

#include <memory>
#include <string_view>

#include "capi/cursor_frame.h"
#include "capi/handle.h"
#include "capi/index_resolver.h"
#include "core/base/status.h"
#include "core/index/index.h"

struct stave_index final : stave::capi::CoreHandle<std::unique_ptr<stave::index::Index>> {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::index;
  static constexpr std::string_view name = "index";

  // The context of `functions` stays the caller's until own_context().
  stave_index(const stave_index_resolver& functions, const stave_index_options& wanted) noexcept
      : CoreHandle(kind), resolver(functions), options(wanted) {}

  // Makes the core's index.
  stave::Status create();
  bool is_resolved() const noexcept { return options.key_mode == STAVE_KEYS_RESOLVED; }

  stave::capi::CallerResolver resolver;
  stave_index_options options;  // as they were asked for, but the seed as it was chosen

 private:
  // At once, though cursors may be open: their calls are refused, and their end needs no index.
  stave::Status close_core() override {
    core.reset();
    return {};
  }
  void after_close() noexcept override { resolver.destroy(); }
};

struct stave_index_cursor final
    : stave::capi::CursorHandle<std::unique_ptr<stave::index::Index::Cursor>> {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::index_cursor;

  explicit stave_index_cursor(stave_index& index) noexcept
      : CursorHandle(kind, &index), has_keys(!index.is_resolved()) {}

  stave::Status advance() { return core->next(&item); }

  const bool has_keys;
  // The entry that it stands on, or that a call could not deliver and the next one begins with.
  stave::index::Index::Item item;
};

namespace stave::capi {

// `options` may be null; the answer is a whole, valid struct of this version.
Result<stave_index_options> index_options(const stave_index_options* options);

}  // namespace stave::capi

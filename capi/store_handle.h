// stave_store, and what its options structs mean to the core.
#pragma once

#include <stave/store.h>

#include <memory>
#include <string_view>

#include "capi/calls.h"
#include "capi/handle.h"
#include "core/base/status.h"
#include "core/store/store.h"

struct stave_store final : stave::capi::CoreHandle<std::unique_ptr<stave::store::Store>> {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::store;
  static constexpr std::string_view name = "store";

  stave_store() noexcept : CoreHandle(kind) {}

  stave_store_options options{};  // as they were asked for

 private:
  stave::Status close_core() override { return core->close(); }
};

namespace stave::capi {

// `options` may be null; the answer is a whole, valid struct of this version.
Result<stave_store_options> store_options(const stave_store_options* options);
Result<stave_store_cursor_options> cursor_options(const stave_store_cursor_options* options);
store::Options core_options(const stave_store_options& options) noexcept;

// `options` may be null.
Result<store::WriteOptions> write_options(const stave_write_options* options,
                                          store::Durability default_durability);

// A function that writes with `options`, which may be null: body(core, options).
template <typename Body>
stave_status guarded_write(stave_error* error, stave_store* store,
                           const stave_write_options* options, Body&& body) noexcept {
  return guarded_call(error, store, [&](store::Store& core) -> Status {
    STAVE_TRY_ASSIGN(const store::WriteOptions checked,
                     write_options(options, core.options().durability));
    return body(core, checked);
  });
}

}  // namespace stave::capi

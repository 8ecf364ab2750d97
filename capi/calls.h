// The frames that functions of the C interface share. What `body` does runs inside a call on the
// handle, with its core.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "capi/barrier.h"
#include "capi/error.h"
#include "capi/handle.h"
#include "core/base/status.h"

namespace stave::capi {

// A function that is one call on a handle: returns what `body(core)` returns.
template <typename HandleType, typename Body>
stave_status guarded_call(stave_error* error, HandleType* handle, Access access,
                          Body&& body) noexcept {
  return guarded(error, [&]() -> Status {
    Call<HandleType> call;
    STAVE_TRY(call.enter(handle, access));
    return body(call.core());
  });
}
template <typename HandleType, typename Body>
stave_status guarded_call(stave_error* error, HandleType* handle, Body&& body) noexcept {
  return guarded_call(error, handle, Access::any, body);
}

// A function that gets a number, its argument `name`: what get(core) returns, and 0 on failure.
template <typename HandleType, typename Number, typename Get>
stave_status get_number(stave_error* error, HandleType* handle, Access access, Number* number,
                        std::string_view name, Get&& get) noexcept {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(number, name));
    *number = 0;
    Call<HandleType> call;
    STAVE_TRY(call.enter(handle, access));
    *number = static_cast<Number>(std::invoke(get, call.core()));
    return {};
  });
}

// A function that makes a handle from `arguments`, which `fill(handle)` completes: *to, its
// argument `name`, is null unless it succeeds.
template <typename HandleType, typename Fill, typename... Arguments>
Status make_handle(HandleType** to, std::string_view name, Fill&& fill, Arguments&... arguments) {
  STAVE_TRY(require(to, name));
  *to = nullptr;
  auto made = std::make_unique<HandleType>(arguments...);
  STAVE_TRY(fill(*made));
  *to = made.release();
  return {};
}

// A function that makes a child of a handle, which `fill(child, core)` completes.
template <typename Child, typename Parent, typename Fill>
stave_status open_child(stave_error* error, Parent* parent, Child** to, Fill&& fill) noexcept {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(to, Child::name));
    *to = nullptr;
    Call<Parent> call;
    STAVE_TRY(call.enter(parent));
    return make_handle(
        to, Child::name, [&](Child& child) { return fill(child, call.core()); }, *parent);
  });
}

// stave_x_verify. `progress` may be null.
template <typename HandleType>
stave_status guarded_verify(stave_error* error, HandleType* handle,
                            stave_status (*progress)(void*, uint64_t, uint64_t),
                            void* context) noexcept {
  return guarded_call(error, handle, [&](auto& core) -> Status {
    stave_status answer = STAVE_OK;
    const Status status = core.verify([&](uint64_t done, uint64_t total) -> Status {
      if (progress == nullptr) return {};
      answer = progress(context, done, total);
      return static_cast<Code>(answer);
    });
    if (answer == STAVE_OK) return status;
    return Status::error(static_cast<Code>(answer), "the progress callback stopped the operation");
  });
}

}  // namespace stave::capi

// The one place where exceptions stop and where a Status becomes what C sees.
#pragma once

#include <stave/errors.h>

#include <exception>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include "capi/error.h"
#include "core/base/status.h"

namespace stave::capi {

// The outcome of `body`, exceptions included.
template <typename Body>
Status caught(Body&& body) noexcept {
  try {
    return std::forward<Body>(body)();
  } catch (const std::bad_alloc&) {
    return Code::no_memory;
  } catch (const std::exception& exception) {
    return Status::error(Code::internal, exception.what());
  } catch (...) {
    return Code::internal;
  }
}

// Runs the body of one function of the C interface, or a part of it. Nothing gets past it but a
// number. A body that answers with a Code throws nothing: where nanoseconds count.
template <typename Body>
stave_status guarded(stave_error* error, Body&& body) noexcept {
  if constexpr (std::is_same_v<decltype(body()), Code>) {
    return report(std::forward<Body>(body)(), error);
  } else {
    return report(caught(std::forward<Body>(body)), error);
  }
}

}  // namespace stave::capi

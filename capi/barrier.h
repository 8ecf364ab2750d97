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

// What the exception that is being handled means.
[[gnu::cold]] inline Status status_of_exception() noexcept {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return Code::no_memory;
  } catch (const std::exception& exception) {
    return Status::error(Code::internal, exception.what());
  } catch (...) {
    return Code::internal;
  }
}

// The outcome of `body`, exceptions included.
template <typename Body>
Status caught(Body&& body) noexcept {
  try {
    return std::forward<Body>(body)();
  } catch (...) {
    return status_of_exception();
  }
}

// Runs the body of one function of the C interface. Nothing gets past it but a number.
template <typename Body>
stave_status guarded(stave_error* error, Body&& body) noexcept {
  return report(caught(std::forward<Body>(body)), error);
}

}  // namespace stave::capi

// The one place where exceptions stop and where a Status becomes what C sees.
#pragma once

#include <stave/errors.h>

#include <exception>
#include <new>
#include <string>
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

// Runs the body of one function of the C interface. Nothing gets past it but a number.
template <typename Body>
stave_status guarded(stave_error* error, Body&& body) noexcept {
  return report(caught(std::forward<Body>(body)), error);
}

}  // namespace stave::capi

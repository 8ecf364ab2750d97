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

// Runs the body of one function of the C interface. Nothing gets past it but a number.
template <typename Body>
stave_status guarded(stave_error* error, Body&& body) noexcept {
  try {
    const Status status = std::forward<Body>(body)();
    return report(status, error);
  } catch (const std::bad_alloc&) {
    return report(Code::no_memory, error);
  } catch (const std::exception& exception) {
    return report(Status::error(Code::internal, exception.what()), error);
  } catch (...) {
    return report(Code::internal, error);
  }
}

}  // namespace stave::capi

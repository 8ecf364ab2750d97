// stave_pin: a value of any family that is read in place.
#pragma once

#include <stave/stave.h>

#include <memory>

#include "capi/handle.h"
#include "core/base/bytes.h"

// `owner` keeps `bytes` alive. Immutable once it is handed out, so that any thread may read it.
struct stave_pin final : stave::capi::Handle {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::pin;
  static constexpr std::string_view name = "pin";

  stave_pin() noexcept : Handle(kind) {}

  std::shared_ptr<const void> owner;
  stave::Bytes bytes;

 private:
  void destroy_core() noexcept override { owner.reset(); }
};

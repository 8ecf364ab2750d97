// A value that is read in place.
#pragma once

#include <memory>

#include "core/base/bytes.h"

namespace stave::store {

// Bytes of a value and what keeps them alive: a mapped segment, or memory of their own. May outlive
// the store.
struct PinnedValue {
  std::shared_ptr<const void> owner;
  Bytes bytes;
};

}  // namespace stave::store

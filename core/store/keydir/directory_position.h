// A position of a walk over a key directory, which outlives the walk.
#pragma once

#include <cstdint>

namespace stave::store {

// A walk visits the directory's parts by number, and each part in an order of its own, which does
// not change while the directory grows or is opened again. Everything before a position was
// visited.
struct DirectoryPosition {
  uint32_t part = 0;
  uint64_t at = 0;
  friend bool operator==(const DirectoryPosition&, const DirectoryPosition&) = default;
};

}  // namespace stave::store

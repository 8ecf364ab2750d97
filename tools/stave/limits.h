// The limits of the store that this program must know before it calls the library (store.h).
#pragma once

#include <cstddef>

namespace stave::tool {

// Longer files are refused before they are read into memory.
constexpr size_t value_size_max = size_t{1} << 30;

}  // namespace stave::tool

// What an adapter of the store family is told when it opens its store.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stave::bench::store {

enum class Durability {
  os,      // a put survives the end of the process, however it comes, once it has returned
  device,  // and power loss
};

struct Setup {
  uint64_t records;
  size_t value_size;
  Durability durability;
};

}  // namespace stave::bench::store

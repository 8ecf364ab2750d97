// What a store is opened with and what a write may ask for.
#pragma once

#include <cstdint>

namespace stave::store {

// How much a write must survive before it is acknowledged; ordered from weak to strong.
enum class Durability : uint32_t {
  memory = 1,  // the process
  os = 2,      // kill -9
  device = 3,  // power loss
};

enum class ReadIo : uint32_t {
  buffered = 1,  // pread: a failing device is an error value
  mmap = 2,      // mapped: no copy, a failing device is SIGBUS
};

struct Options {
  Durability durability = Durability::device;
  ReadIo io = ReadIo::buffered;
  uint32_t shards = 0;  // 0: what the store was created with, or shards_default
  uint64_t segment_size = uint64_t{256} << 20;
  bool read_only = false;
  bool create_if_missing = true;
  bool error_if_exists = false;
};

inline constexpr uint32_t shards_default = 16;
inline constexpr uint32_t shards_max = 65536;
inline constexpr uint64_t segment_size_min = 4096;
inline constexpr uint64_t segment_size_max = uint64_t{64} << 30;

}  // namespace stave::store

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

// Where the key directory is: which record is a key's newest.
enum class KeyDirectoryKind : uint32_t {
  stored = 0,  // as the store was made; a new one in memory
  memory = 1,
  disk = 2,
};

struct Options {
  Durability durability = Durability::device;
  ReadIo io = ReadIo::buffered;
  uint32_t shards = 0;  // 0: what the store was created with, or shards_default
  uint64_t segment_size = uint64_t{256} << 20;
  bool read_only = false;
  bool create_if_missing = true;
  bool error_if_exists = false;

  KeyDirectoryKind keydir = KeyDirectoryKind::stored;
  // Of a directory on disk. Bytes of log that an open after a crash may have to read: as often the
  // directory is saved beside the traffic. 0: only when it has gathered much.
  uint64_t checkpoint_interval = uint64_t{256} << 20;
  bool background = true;  // in a thread of its own, rather than in slices of writers' calls

  // For tests: the part of the 128-bit hash of a key that counts, if not all, and the changes that
  // a directory on disk gathers (0: as many as its memory allows).
  uint64_t test_hash_mask = UINT64_MAX;
  uint32_t test_delta_entries = 0;
};

inline constexpr uint32_t shards_default = 16;
inline constexpr uint32_t shards_max = 65536;
inline constexpr uint64_t checkpoint_interval_max = uint64_t{1} << 48;
inline constexpr uint64_t segment_size_min = 4096;
inline constexpr uint64_t segment_size_max = uint64_t{64} << 30;

}  // namespace stave::store

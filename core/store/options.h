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

// How records are read.
enum class ReadIo : uint32_t {
  buffered = 1,  // with pread: a failing device is an error
  mmap = 2,      // from mappings: a failing device is SIGBUS
};

// Where the key directory is.
enum class KeyDirectoryKind : uint32_t {
  stored = 0,  // as the store was created; a new store has it in memory
  memory = 1,
  disk = 2,
};

// The C interface checks the ranges.
struct Options {
  Durability durability = Durability::device;
  ReadIo io = ReadIo::mmap;
  uint32_t shards = 0;  // 0: what the store was created with, or shards_default
  uint64_t segment_size = uint64_t{256} << 20;
  bool read_only = false;
  bool create_if_missing = true;
  bool error_if_exists = false;

  KeyDirectoryKind keydir = KeyDirectoryKind::stored;
  // With keydir=disk: bytes of log after which the directory is saved, and which an open after a
  // crash may have to read. 0: only after many changes.
  uint64_t checkpoint_interval = uint64_t{256} << 20;
  // With keydir=disk merges in a thread of its own, rather than in slices of writers' calls;
  // removes what has expired.
  bool background = true;
  uint64_t default_ttl = 0;        // milliseconds until what is written expires; 0: never
  uint32_t shard_prefix_bits = 0;  // 0: what the store was created with, or all bits

  // For tests of keydir=disk: the bits of the 128-bit hash of a key that count, if not all, and the
  // changes that are merged together (0: as many as its memory allows).
  uint64_t test_hash_mask = UINT64_MAX;
  uint32_t test_delta_entries = 0;
};

// No expiry, whatever the default.
inline constexpr uint64_t never_expires = UINT64_MAX;

// What a write may ask for.
struct WriteOptions {
  WriteOptions(Durability of_this_write, uint64_t expiry = 0) noexcept
      : durability(of_this_write), expires_at(expiry) {}

  Durability durability;
  // Unix time in milliseconds, or never_expires; 0: by the default, or as the record has it.
  uint64_t expires_at;
};

inline constexpr uint32_t shards_default = 16;
inline constexpr uint32_t shards_max = 65536;
inline constexpr uint32_t shard_prefix_bits_max = 8 * 65535;
inline constexpr uint64_t checkpoint_interval_max = uint64_t{1} << 48;
inline constexpr uint64_t segment_size_min = 4096;
inline constexpr uint64_t segment_size_max = uint64_t{64} << 30;

}  // namespace stave::store

// The manifest: what a store is, and up to which position its log is known to be complete.
// docs/formats/manifest.md describes the bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/status.h"
#include "core/os/file_system.h"
#include "core/store/format/segment_format.h"

namespace stave::store {

inline constexpr const char* manifest_name = "MANIFEST";
inline constexpr const char* lock_name = "LOCK";
// Of a key directory on disk.
inline constexpr const char* keys_name = "KEYS";
inline constexpr const char* collisions_name = "COLLISIONS";

// A position in the log between two frames, and the LSN of the frame before it.
struct LogEnd {
  uint64_t generation = 0;  // 0: no segment yet
  uint64_t offset = 0;
  uint64_t lsn = 0;
  friend bool operator==(const LogEnd&, const LogEnd&) = default;
};

struct Manifest {
  StoreId store_id{};
  uint64_t hash_seed = 0;
  uint32_t shards = 0;
  bool clean = false;         // the log ends exactly at durable_end
  bool sealed = false;        // nothing may be appended to the last segment
  bool keys_on_disk = false;  // the key directory is on disk
  bool has_expiry = false;    // there may be records that expire
  uint32_t shard_prefix_bits = 0;
  LogEnd durable_end;  // everything before it was on the device
  uint64_t next_generation = 1;
  uint64_t sequence = 0;  // of this state; put_manifest() adds one
  uint64_t timeline = 0;  // a log that was continued elsewhere has another one
};

// The newest state with a right checksum. When the other state is damaged or torn, it is not clean.
// `not_found`, `corruption`, `unsupported_version`, `wrong_family`.
Result<Manifest> read_manifest(os::FileSystem& files, const std::string& directory);

// A new manifest file, atomic and durable.
Status create_manifest(os::FileSystem& files, const std::string& directory,
                       const Manifest& manifest);

// Replaces the older of the two states in the file, which needs no space on the device. Returns the
// file, which is not synced: until a sync has succeeded, a crash may show the state before.
Result<std::unique_ptr<os::File>> put_manifest(os::FileSystem& files, const std::string& directory,
                                               Manifest& manifest);
// Like put_manifest(), and syncs.
Status write_manifest(os::FileSystem& files, const std::string& directory, Manifest& manifest);

}  // namespace stave::store

// The manifest: what a store is and up to where its log is known to be whole.
// docs/formats/manifest.md describes the bytes.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/status.h"
#include "core/os/file_system.h"
#include "core/store/segment_format.h"

namespace stave::store {

inline constexpr const char* manifest_name = "MANIFEST";
inline constexpr const char* lock_name = "LOCK";

// A place in the log between two frames, and the LSN of the frame before it.
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
  bool clean = false;   // the log ends exactly at durable_end
  bool sealed = false;  // nothing may be appended to the last segment
  LogEnd durable_end;   // everything before it was on the device
  uint64_t next_generation = 1;
};

// `not_found`, `corruption`, `unsupported_version`, `wrong_family`.
Result<Manifest> read_manifest(os::FileSystem& files, const std::string& directory);
// Atomic and durable.
Status write_manifest(os::FileSystem& files, const std::string& directory,
                      const Manifest& manifest);

}  // namespace stave::store

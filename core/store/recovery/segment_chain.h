// Which segment files of a directory are the log, and which are left over.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/os/file_system.h"
#include "core/store/format/manifest.h"
#include "core/store/log/segment.h"

namespace stave::store {

struct SegmentChain {
  std::vector<std::shared_ptr<Segment>> segments;  // of the log, oldest first
  std::vector<std::string> leftovers;  // files of unfinished creations and undone removals
  uint64_t newest_generation = 0;      // of all segment files, 0: there is none
};

// Reads the header of every segment file. `corruption` for a wrong header, a missing segment, and
// for segments that are newer than a clean manifest.
Result<SegmentChain> open_chain(os::FileSystem& files, const std::string& directory,
                                const Manifest& manifest, bool read_only);

// `corruption`: the log goes on after the end that a clean manifest says.
Status newer_than_manifest(const std::string& directory, const Manifest& manifest);

}  // namespace stave::store

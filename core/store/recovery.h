// Opens a log: finds where it ends, tells an unfinished end from damage, and makes the cut durable.
// docs/internals/recovery.md argues each step.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/function_ref.h"
#include "core/base/status.h"
#include "core/os/file_system.h"
#include "core/store/log_reader.h"
#include "core/store/manifest.h"
#include "core/store/options.h"
#include "core/store/segment_directory.h"

namespace stave::store {

struct Recovered {
  Manifest manifest;  // clean, and on the device unless opened for reading only
  uint64_t commits = 0;
  uint64_t cut_bytes = 0;
  bool was_clean = false;
};

// Called for every record of every commit in log order.
using Replay = FunctionRef<Status(const Segment&, const LogReader::Record&)>;

// Fills `segments`. On failure nothing on the device has been changed but by a cut that was decided
// upon, which a later call completes.
Result<Recovered> recover(os::FileSystem& files, const std::string& directory,
                          const Options& options, const Manifest& manifest,
                          SegmentDirectory& segments, Replay replay);

}  // namespace stave::store

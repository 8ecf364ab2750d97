// Opens a log: finds where it ends, decides whether that is a torn tail or damage, and makes the
// cut durable. docs/internals/recovery.md argues each step.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/function_ref.h"
#include "core/base/status.h"
#include "core/os/file_system.h"
#include "core/store/format/manifest.h"
#include "core/store/log/log_reader.h"
#include "core/store/log/segment_directory.h"
#include "core/store/options.h"

namespace stave::store {

struct Recovered {
  Manifest manifest;  // clean, and on the device unless opened for reading only
  uint64_t commits = 0;
  uint64_t cut_bytes = 0;
  bool was_clean = false;
};

// The part of the log that need not be read, and the newest LSN that was on the device when that
// was written down: an end before it is damage.
struct KnownLog {
  LogEnd position;  // where that part ends; generation 0: nowhere, all is read
  uint64_t durable_lsn = 0;
};

// Called for every record of the commits that are read, in log order.
using Replay = FunctionRef<Status(const Segment&, const LogReader::Record&)>;

// Whether the store creates files of this name, and renames them when they are complete.
bool is_unfinished(std::string_view name) noexcept;

// Fills `segments`. A failure has changed nothing on the device, unless the cut had begun, which a
// later call completes.
Result<Recovered> recover(os::FileSystem& files, const std::string& directory,
                          const Options& options, const Manifest& manifest, const KnownLog& known,
                          SegmentDirectory& segments, Replay replay);

// The records of the log from `from` to `to`, the end that recover() has found.
Status replay_log(const SegmentDirectory& segments, const LogEnd& from, const LogEnd& to,
                  Replay replay);

}  // namespace stave::store

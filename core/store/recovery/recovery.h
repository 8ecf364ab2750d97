// Opens a log: finds where it ends, tells an unfinished end from damage, and makes the cut durable.
// docs/internals/recovery.md argues each step.
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

// A position from which what is known of the log is enough, and the newest LSN that was on the
// device then: an end before it is damage.
struct KnownLog {
  LogEnd position;  // generation 0: the log's beginning
  uint64_t durable_lsn = 0;
};

// Called for every record of every commit behind the known log, in log order.
using Replay = FunctionRef<Status(const Segment&, const LogReader::Record&)>;

// Fills `segments`. On failure nothing on the device has been changed but by a cut that was decided
// upon, which a later call completes.
Result<Recovered> recover(os::FileSystem& files, const std::string& directory,
                          const Options& options, const Manifest& manifest, const KnownLog& known,
                          SegmentDirectory& segments, Replay replay);

// The records of the log from `from` to `to`, which recover() has found to be whole. `frame` is
// where the record's frame begins, and its LSN.
using ReplayFrames =
    FunctionRef<Status(const Segment&, const LogEnd& frame, const LogReader::Record&)>;
Status replay_log(const SegmentDirectory& segments, const LogEnd& from, const LogEnd& to,
                  ReplayFrames replay);

}  // namespace stave::store

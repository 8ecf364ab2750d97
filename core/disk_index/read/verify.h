// Verification: everything that the newest superblock reaches, and what has been merged since.
#pragma once

#include "core/base/function_ref.h"
#include "core/disk_index/state.h"

namespace stave::disk_index {

// Reads everything. `progress(done, total)` counts segments and stops it with any status but ok.
// `durable` is the newest superblock, which may change meanwhile. With no lock held.
Status verify(const State& state, const Superblock& durable,
              FunctionRef<Status(uint64_t, uint64_t)> progress);

}  // namespace stave::disk_index

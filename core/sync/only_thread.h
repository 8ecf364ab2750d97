// Whether the process has no other thread, so that a locked instruction, which costs as much as
// twenty others and keeps those around it from overlapping, need not be one.
#pragma once

#include <sys/single_threaded.h>

namespace stave::sync {

// What is done while this is true needs no order: the C library says so from the start of the
// process until the calling thread creates another one, which then sees it all. It may say no where
// yes would be right, never the other way round.
inline bool is_only_thread() noexcept {
  return __libc_single_threaded != 0;
}

}  // namespace stave::sync

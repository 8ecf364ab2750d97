// The moment by which one call judges what has expired.
#pragma once

#include <cstdint>

#include "core/base/planted_bug.h"
#include "core/os/file_system.h"

namespace stave::store {

// All that one call looks at is judged by one moment during the call. The clock is read when the
// first record with an expiry is met: most calls meet none.
//
// Thread safety: one thread at a time.
class CallTime {
 public:
  explicit CallTime(os::FileSystem& clock) noexcept : clock_(clock) {}

  // Unix time in milliseconds.
  uint64_t now_ms() noexcept {
    if (now_ms_ == 0 || STAVE_PLANTED_BUG(expiry_judged_twice)) now_ms_ = clock_.unix_time_ms();
    return now_ms_;
  }
  // `expires_at` is 0 for a record that never does.
  bool has_expired(uint64_t expires_at) noexcept {
    return expires_at != 0 && expires_at <= now_ms();
  }

 private:
  os::FileSystem& clock_;
  uint64_t now_ms_ = 0;
};

}  // namespace stave::store

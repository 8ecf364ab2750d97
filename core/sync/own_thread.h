// For as long as it lives, the calling thread is one that the library has made and will end.
//
// Other threads give back what they have here (an epoch's slot, a number) when a thread_local
// object is destroyed. To register such a destructor takes memory, and where there is none the C
// library ends the process. This thread gives it back itself, at the end of its OwnThread, and so
// lacks nothing when it lacks memory.
#pragma once

#include "core/sync/epoch.h"
#include "core/sync/thread_number.h"

namespace stave::sync {

// At the beginning of the thread, around all that it does.
class OwnThread {
 public:
  OwnThread() noexcept {
    internal::epoch_thread.is_own = true;
    internal::thread_number_is_own = true;
  }
  ~OwnThread() {
    // The other way round, as what is reclaimed may ask for the number.
    internal::leave_epochs(internal::epoch_thread);
    internal::leave_thread_number();
  }
  OwnThread(const OwnThread&) = delete;
  OwnThread& operator=(const OwnThread&) = delete;
};

}  // namespace stave::sync

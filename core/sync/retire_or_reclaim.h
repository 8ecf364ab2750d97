// The end of objects that nothing hangs on, without a grace period where there is nobody to wait
// for.
#pragma once

#include "core/sync/epoch.h"

namespace stave::sync {

// As EpochRegistry::retire(), but `reclaim(object)` is called at once where nobody can see the
// object any more: while the process has one thread, and that one is not pinned. It only frees
// memory.
void retire_or_reclaim(Retired* object, Retired::Reclaim reclaim) noexcept;

}  // namespace stave::sync

#include "core/os/fork_handlers.h"

#include <pthread.h>

namespace stave::os {

bool add_fork_handlers(void (*prepare)(), void (*in_parent)(), void (*in_child)()) noexcept {
  return pthread_atfork(prepare, in_parent, in_child) == 0;
}

}  // namespace stave::os
